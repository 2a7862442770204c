//! The shape of one line of the stream as JSON Schema (draft 07, as for the files of git ap).

use serde_json::{Map, Value, json};

use super::Phase;
use super::kind::{KindShape, shapes};
use crate::domain::plan::SCHEMA;

/// The schema of one line of `--format json` of a long command: every type of event with its own
/// fields, made from the table of the types.
pub fn json_schema(title: &str) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": "One line of the stream of events of a command that takes time",
        "type": "object",
        "oneOf": shapes().iter().map(one).collect::<Vec<_>>(),
        "definitions": { "status": status() },
    })
}

/// An event of one type: what all have, and its own fields.
fn one(kind: &KindShape) -> Value {
    let mut properties = Map::new();
    properties.insert("schema".into(), json!({"const": SCHEMA}));
    let seq = "From 1, without gaps";
    properties.insert("seq".into(), json!({"type": "integer", "minimum": 1, "description": seq}));
    properties.insert("time".into(), json!({"type": "string", "description": "RFC 3339, UTC"}));
    let session = "The plan's id, once there is one";
    properties
        .insert("session".into(), json!({"type": ["string", "null"], "description": session}));
    properties.insert("type".into(), json!({"const": kind.name}));
    for field in &kind.fields {
        let mut schema = field.schema.clone();
        schema["description"] = json!(field.doc);
        properties.insert(field.name.into(), schema);
    }
    properties.insert("status".into(), json!({"$ref": "#/definitions/status"}));
    let mut object = object(&properties);
    object["description"] = json!(kind.doc);
    object
}

fn status() -> Value {
    let mut properties = Map::new();
    let mut put = |name: &str, doc: &str, mut schema: Value| {
        schema["description"] = json!(doc);
        properties.insert(name.to_owned(), schema);
    };
    put("phase", "The phase that the command is in", json!({"enum": Phase::ALL}));
    let percent = "Of the whole command; it never goes back";
    put("progress_percent", percent, json!({"type": "integer", "minimum": 0, "maximum": 100}));
    put("current_activity", "In plain words", json!({"type": "string"}));
    let elapsed = "Seconds since the command began";
    put("elapsed_seconds", elapsed, json!({"type": "number", "minimum": 0}));
    let left = "Seconds that are probably left; null where nothing is known";
    put("estimated_remaining_seconds", left, json!({"type": ["number", "null"], "minimum": 0}));
    object(&properties)
}

/// An object that has all of these and nothing else.
fn object(properties: &Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::kind::samples;
    use super::super::{ActivityType, Stream};
    use super::*;

    fn keys(value: &Value) -> Vec<&String> {
        value.as_object().expect("an object").keys().collect()
    }

    /// The word for a value in a schema, where there is one.
    fn type_of(value: &Value) -> &'static str {
        match value {
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Object(_) => "object",
            Value::Null => "null",
        }
    }

    #[test]
    fn each_event_as_it_is_written_is_as_its_schema_says() {
        let schema = json_schema("x");
        let kinds = schema["oneOf"].as_array().expect("a list");
        let samples = samples();
        assert_eq!(kinds.len(), samples.len());
        for (kind, sample) in kinds.iter().zip(samples) {
            let mut stream = Stream::default();
            let event = stream.event(sample, 1, "t".into(), Duration::ZERO);
            let event = serde_json::to_value(event).expect("plain data");
            let properties = &kind["properties"];
            assert_eq!(keys(&event), keys(properties), "{kind}");
            assert_eq!(kind["required"].as_array().map(Vec::len), Some(keys(&event).len()));
            assert_eq!(event["type"], properties["type"]["const"]);
            for (name, value) in event.as_object().expect("an object") {
                let expected = &properties[name.as_str()];
                let fits = match (&expected["type"], &expected["enum"], &expected["const"]) {
                    (Value::String(word), ..) => word == type_of(value),
                    (Value::Array(words), ..) => words.iter().any(|word| word == type_of(value)),
                    (_, Value::Array(words), _) => words.contains(value),
                    (_, _, Value::Null) => name == "status",
                    (_, _, constant) => constant == value,
                };
                assert!(fits, "{name}: {value} is not {expected}");
            }
            let status = &schema["definitions"]["status"];
            assert_eq!(keys(&event["status"]), keys(&status["properties"]));
        }
    }

    #[test]
    fn the_types_are_those_of_the_design() {
        let names: Vec<&str> = shapes().iter().map(|kind| kind.name).collect();
        let expected = "phase_start activity codebase_analyzed task_type_determined \
            coordination_points scope_strategy objectives_created waves_created scope_validated \
            conflict_resolved phase_complete plan_approved wave_start objective_start \
            worker_activity worker_metrics scope_request scope_granted scope_denied \
            scope_violation objective_complete objective_failed objective_waiting gate_start \
            gate_complete contract_checked wave_complete wave_rolled_back integration_complete \
            worker_error session_landed cycle_complete";
        let mut expected: Vec<&str> = expected.split_whitespace().collect();
        let mut found = names.clone();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
        let words = serde_json::to_value(ActivityType::ALL).expect("words");
        let design = ["reasoning", "tool_use", "coding", "testing", "progress", "log"];
        assert_eq!(words, json!(design));
    }
}
