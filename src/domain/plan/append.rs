//! Adding objectives to a plan: they get names of their own, and the text that is there stays.

use std::collections::BTreeMap;

use toml_edit::{ArrayOfTables, DocumentMut, Item};

use super::repair::edited;
use super::{Objective, Plan, to_toml};
use crate::domain::id::ObjectiveId;

/// Gives the objectives of `more` names that `plan` does not have, `T` and the next free number;
/// those that `keep` says keep theirs. Dependencies and contracts among them follow.
pub fn renamed(plan: &Plan, more: &Plan, keep: impl Fn(&ObjectiveId) -> bool) -> Plan {
    let taken = |id: &ObjectiveId| {
        let same = |o: &Objective| o.id.as_str().eq_ignore_ascii_case(id.as_str());
        plan.objectives.iter().any(same)
    };
    let mut names: BTreeMap<ObjectiveId, ObjectiveId> = BTreeMap::new();
    let mut next = 1;
    for objective in &more.objectives {
        if keep(&objective.id) && !taken(&objective.id) {
            names.insert(objective.id.clone(), objective.id.clone());
            continue;
        }
        let name = loop {
            let name = ObjectiveId::parse(&format!("T{next}")).expect("a letter and a number");
            next += 1;
            let kept = more.objectives.iter().any(|o| o.id == name && keep(&o.id) && !taken(&o.id));
            if !taken(&name) && !kept {
                break name;
            }
        };
        names.insert(objective.id.clone(), name);
    }
    let name = |id: &ObjectiveId| names.get(id).unwrap_or(id).clone();
    let mut out = more.clone();
    for objective in &mut out.objectives {
        objective.id = name(&objective.id);
        objective.depends_on = objective.depends_on.iter().map(name).collect();
    }
    for contract in &mut out.contracts {
        contract.provider = name(&contract.provider);
        contract.consumers = contract.consumers.iter().map(name).collect();
    }
    out
}

/// The text of a TOML plan with the objectives and contracts of `more` behind its own. `None` if
/// the text is not such a plan.
pub fn with_objectives(text: &str, more: &Plan) -> Option<String> {
    let rendered: DocumentMut = to_toml(more).parse().ok()?;
    edited(text, |document| {
        for key in ["objective", "contract"] {
            let Some(Item::ArrayOfTables(new)) = rendered.get(key) else { continue };
            let entry = document.entry(key).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
            let Item::ArrayOfTables(own) = entry else { return None };
            for table in new {
                let mut table = table.clone();
                // Where it stood in its own text says nothing about this one.
                table.set_position(None);
                table.decor_mut().set_prefix("\n");
                own.push(table);
            }
        }
        Some(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::read;

    const PLAN: &str = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n\n# the first\n[[objective]]\nid = \"T1\"\ntitle = \"a\"\ntouch = [\"a/\"]\n\n[[shared]]\npaths = [\"s\"] # all\n";

    fn more() -> Plan {
        let text = "schema = 1\nid = \"20251008-104131-y\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"T1\"\ntitle = \"b\"\ntouch = [\"b/\"]\n[[objective]]\nid = \"Own\"\ntitle = \"c\"\ntouch = [\"c/\"]\ndepends_on = [\"T1\"]\n[[contract]]\nprovider = \"T1\"\nconsumers = [\"Own\"]\ndescription = \"d\"\n";
        read(text).plan.expect("valid")
    }

    #[test]
    fn names_are_free_and_followed() {
        let plan = read(PLAN).plan.expect("valid");
        let ids = |plan: &Plan| -> Vec<String> {
            plan.objectives.iter().map(|o| o.id.to_string()).collect()
        };
        let all = renamed(&plan, &more(), |_| false);
        assert_eq!(ids(&all), ["T2", "T3"]);
        assert_eq!(all.objectives[1].depends_on[0].as_str(), "T2");
        assert_eq!(all.contracts[0].provider.as_str(), "T2");
        assert_eq!(ids(&renamed(&plan, &more(), |_| true)), ["T2", "Own"]);
    }

    #[test]
    fn the_text_that_is_there_stays() {
        let plan = read(PLAN).plan.expect("valid");
        let text = with_objectives(PLAN, &renamed(&plan, &more(), |_| true)).expect("a plan");
        assert!(text.contains("# the first\n[[objective]]\nid = \"T1\"\n"), "{text}");
        assert!(text.contains("paths = [\"s\"] # all\n"), "{text}");
        let read = read(&text).plan.expect("valid");
        assert_eq!(read.objectives.len(), 3);
        assert_eq!(read.objectives[2].depends_on[0].as_str(), "T2");
        assert_eq!(read.contracts.len(), 1);
    }
}
