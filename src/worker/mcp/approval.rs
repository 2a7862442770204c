//! What a server is told that asks for leave.

use std::path::PathBuf;

use rmcp::model::{ElicitRequestParams, ElicitResult, ElicitationAction};
use serde_json::{Map, Value, json};

use crate::worker::notes::Notes;
use crate::worker::policy::{Policy, Wish};
use crate::worker::wire::shown;

/// The answer to a question as the protocol has it: yes, where a yes is all that is wanted and
/// leave is given. What a person would have to write is not written.
pub(super) fn answer(
    request: &ElicitRequestParams,
    policy: &Policy,
    notes: &Notes,
) -> ElicitResult {
    let (message, consent) = match request {
        ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
            (message.as_str(), serde_json::to_value(requested_schema).ok().and_then(|s| yes(&s)))
        }
        ElicitRequestParams::UrlElicitationParams { message, .. } => (message.as_str(), None),
        _ => ("a question of an unknown kind", None),
    };
    let what = shown(message.lines().next().unwrap_or_default());
    let allowed = match &consent {
        Some(_) => policy.allows(&Wish::Act),
        None => Err("only a person could answer it".to_owned()),
    };
    match (allowed, consent) {
        (Ok(()), Some(consent)) => {
            ElicitResult::new(ElicitationAction::Accept).with_content(consent)
        }
        (refused, _) => {
            notes.denied(&what, &refused.err().unwrap_or_default());
            ElicitResult::new(ElicitationAction::Decline)
        }
    }
}

/// What a form holds that says yes; none: it asks for more than that.
fn yes(schema: &Value) -> Option<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut out = Map::new();
    for (name, field) in schema["properties"].as_object()? {
        if field["type"] == "boolean" {
            out.insert(name.clone(), true.into());
        } else if required.iter().any(|required| required == name) {
            return None;
        }
    }
    Some(Value::Object(out))
}

/// The answer to a message where it is codex that asks, in its own way, whether it may run a
/// command or apply a patch: the answer is a decision and no form (`codex mcp-server`).
pub(super) fn of_codex(message: &Value, policy: &Policy, notes: &Notes) -> Option<Value> {
    let (id, params) = (message.get("id")?, message.get("params")?);
    if message["method"] != "elicitation/create" {
        return None;
    }
    let wish = match params["codex_elicitation"].as_str()? {
        "patch-approval" => {
            let changes = params["codex_changes"].as_object().into_iter().flatten();
            Wish::Change(changes.map(|(path, _)| PathBuf::from(path)).collect())
        }
        _ => Wish::Act,
    };
    let (decision, action) = match policy.allows(&wish) {
        Ok(()) => (json!("approved"), "accept"),
        Err(why) => {
            let asked = params["message"].as_str().unwrap_or("a change");
            notes.denied(&shown(asked.lines().next().unwrap_or_default()), &why);
            (json!({ "denied": { "rejection": why } }), "decline")
        }
    };
    let result = json!({ "decision": decision, "action": action, "content": {} });
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_yes_answers_is_answered() {
        let field = |kind: &str| json!({ "type": kind });
        for (properties, required, expected) in [
            (json!({}), json!([]), Some(json!({}))),
            (json!({ "ok": field("boolean") }), json!(["ok"]), Some(json!({ "ok": true }))),
            (json!({ "name": field("string") }), json!(["name"]), None),
            (json!({ "name": field("string") }), json!([]), Some(json!({}))),
        ] {
            let schema = json!({ "properties": properties, "required": required });
            assert_eq!(yes(&schema), expected, "{schema}");
        }
        assert_eq!(yes(&json!("no schema")), None);
    }

    #[test]
    fn codex_is_told_its_decision() {
        let (does, _told) = tokio::sync::mpsc::channel(8);
        let (notes, policy) = (Notes::new(does), Policy::of_question());
        let ask = |method: &str, kind: Value| {
            json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": {
                "message": "Allow Codex to apply proposed code changes?", "codex_elicitation": kind,
                "codex_changes": { "/etc/passwd": {} } } })
        };
        let asked = ask("elicitation/create", "patch-approval".into());
        let answer = of_codex(&asked, &policy, &notes).expect("it is codex");
        assert_eq!(
            (&answer["id"], &answer["result"]["decision"]),
            (&7.into(), &json!({ "denied": { "rejection": "it was only asked a question" } }))
        );
        assert_eq!(notes.said().denied.len(), 1);
        assert_eq!(of_codex(&ask("elicitation/create", Value::Null), &policy, &notes), None);
        assert_eq!(of_codex(&ask("roots/list", "x".into()), &policy, &notes), None);
    }
}
