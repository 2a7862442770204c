//! A plan that a chat or an agent answered with. It may be wrapped in anything; and of a plan
//! whose head is settled already, it can bring the rest alone.

use super::read::{Reading, of, unreadable};
use super::{Plan, SCHEMA};
use crate::domain::document::{Entry, Node, Value, parse_answer};
use crate::domain::finding::{Code, Finding, Place};

/// Reads the plan in an answer: TOML or JSON, bare, fenced, quoted, with prose around it. Places
/// are in [`Reading::text`], which is the answer, or the answer without its signs of quoting.
pub fn read_answer(text: &str) -> Reading {
    let answer = parse_answer(text);
    let (root, syntax) = match answer.found {
        Ok(found) => found,
        Err(error) => return unreadable(&answer.text, error),
    };
    let lacks = |key: &str| root.get(key).is_none();
    if !lacks("objective") && ["schema", "id", "request", "type"].into_iter().all(lacks) {
        let objective = root.get("objective").map_or(0..0, |node| node.span.clone());
        let place = Place::of(&answer.text, objective.start..objective.start);
        let message = "these are objectives alone: what they belong to is missing";
        let finding = Finding::error(Code::BadField, message)
            .help(
                "write `schema = 1`, `id`, `request` and `type` before them, or add them to a \
                 plan with `git ap plan --add --from FILE`",
            )
            .at(Some(place));
        let mut reading = of(&answer.text, root, syntax);
        reading.findings = vec![finding];
        return reading;
    }
    of(&answer.text, root, syntax)
}

/// What an answer brings to a plan whose head is settled, and the settled keys that it tried to
/// change: they stay as they are. A missing `schema` or `type` is that of `head`.
pub fn read_answer_under(text: &str, head: &Plan) -> (Reading, Vec<&'static str>) {
    let answer = parse_answer(text);
    let (mut root, syntax) = match answer.found {
        Ok(found) => found,
        Err(error) => return (unreadable(&answer.text, error), Vec::new()),
    };
    let mut tried = Vec::new();
    if let Value::Table(entries) = &mut root.value {
        let text = |value: &str| Value::String(value.to_owned());
        if !entries.iter().any(|entry| entry.key == "schema") {
            entries.push(entry("schema", Value::Integer(i64::from(SCHEMA))));
        }
        let settled = [
            ("id", Some(text(head.id.as_str()))),
            ("request", Some(text(&head.request))),
            ("target", head.target.as_deref().map(text)),
            ("base", head.base.as_deref().map(text)),
        ];
        for (key, value) in settled {
            let given = entries.iter().find(|entry| entry.key == key);
            if given.is_some_and(|entry| Some(&entry.node.value) != value.as_ref()) {
                tried.push(key);
            }
            entries.retain(|entry| entry.key != key);
            entries.extend(value.map(|value| entry(key, value)));
        }
        if !entries.iter().any(|entry| entry.key == "type") {
            entries.push(entry("type", text(head.task_type.as_str())));
        }
    }
    (of(&answer.text, root, syntax), tried)
}

/// A value that stands nowhere in the text.
fn entry(key: &str, value: Value) -> Entry {
    Entry { key: key.to_owned(), key_span: 0..0, node: Node { value, span: 0..0 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::read;

    const OBJECTIVE: &str = "[[objective]]\nid = \"T1\"\ntitle = \"t\"\ntouch = [\"src/\"]\n";

    fn head() -> Plan {
        let text = format!(
            "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\nbase = \"abc\"\n{OBJECTIVE}"
        );
        read(&text).plan.expect("a plan")
    }

    #[test]
    fn objectives_alone_are_told_apart_from_a_broken_plan() {
        for text in [OBJECTIVE.to_owned(), format!("Here:\n```toml\n{OBJECTIVE}```\n")] {
            let reading = read_answer(&text);
            assert!(reading.plan.is_none());
            let [finding] = reading.findings.as_slice() else { panic!("{:?}", reading.findings) };
            assert!(finding.message.starts_with("these are objectives alone"));
            assert!(finding.place.is_some());
        }
        let half = read_answer(&format!("schema = 1\n{OBJECTIVE}"));
        assert_eq!(half.findings.len(), 3, "{:?}", half.findings);
    }

    #[test]
    fn what_is_settled_stays() {
        let (reading, tried) = read_answer_under(OBJECTIVE, &head());
        assert_eq!(tried, [""; 0]);
        assert_eq!(reading.plan, Some(head()));
        let greedy = format!(
            "schema = 1\nid = \"20990101-000000-y\"\nrequest = \"other\"\ntype = \"feature\"\n\
             target = \"prod\"\nbase = \"abc\"\nstrategy = \"s\"\n{OBJECTIVE}"
        );
        let (reading, tried) = read_answer_under(&greedy, &head());
        assert_eq!(tried, ["id", "request", "target"]);
        let plan = reading.plan.expect("a plan");
        assert_eq!((plan.id, plan.request, plan.target), (head().id, "r".into(), None));
        assert_eq!((plan.task_type.as_str(), plan.strategy.as_str()), ("feature", "s"));
        assert_eq!(plan.base.as_deref(), Some("abc"));
    }

    #[test]
    fn mistakes_of_the_rest_are_found_where_they_are() {
        let text = OBJECTIVE.replace("T1", "../T1");
        let (reading, _) = read_answer_under(&text, &head());
        let lines: Vec<_> =
            reading.findings.iter().filter_map(|f| f.place.as_ref().map(|p| p.line)).collect();
        assert_eq!(lines, [2], "{:?}", reading.findings);
        for text in ["schema = 1\n", "id = 7\n", "[]", "{}", "objective = 3\n", "objective = []\n"]
        {
            let (reading, _) = read_answer_under(text, &head());
            assert!(reading.plan.is_none() && !reading.findings.is_empty(), "{text}");
        }
    }
}
