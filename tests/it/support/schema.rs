//! JSON Schema as far as git ap's own schemas go. A word of the language that is not known here
//! fails, so that nothing is taken for checked that is not.

use serde_json::Value;

/// What speaks against a value, as `place: what`; nothing: it is as the schema says.
pub fn against(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (word, wanted) in schema.as_object().expect("a schema is an object") {
        let number = value.as_f64();
        let fits = match word.as_str() {
            "$schema" | "title" | "description" | "definitions" | "required" => true,
            "$ref" => {
                let name = wanted.as_str().expect("a word").trim_start_matches('#');
                let there = root.pointer(name).expect("it is defined");
                check(root, there, value, at, found);
                true
            }
            "oneOf" => {
                let all = wanted.as_array().expect("a list");
                let of = |one: &&Value| {
                    let mut against = Vec::new();
                    check(root, one, value, at, &mut against);
                    against.is_empty()
                };
                all.iter().filter(of).count() == 1
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_a(value, one)),
                one => is_a(value, one),
            },
            "const" => wanted == value,
            "enum" => wanted.as_array().expect("a list").contains(value),
            "minimum" => number.is_none_or(|number| Some(number) >= wanted.as_f64()),
            "maximum" => number.is_none_or(|number| Some(number) <= wanted.as_f64()),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}[{n}]"), found);
                }
                true
            }
            "properties" => {
                for (name, inner) in wanted.as_object().expect("an object") {
                    if let Some(value) = value.get(name) {
                        check(root, inner, value, &format!("{at}.{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" if *wanted == Value::Bool(false) => {
                let known = schema["properties"].as_object().expect("an object");
                let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
                names.all(|name| known.contains_key(name))
            }
            other => panic!("`{other}` at {at} is not known"),
        };
        if !fits {
            found.push(format!("{at}: {value} against {word}"));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().expect("a name")).is_none() {
            found.push(format!("{at}: {name} is missing"));
        }
    }
}

fn is_a(value: &Value, word: &Value) -> bool {
    match word.as_str().expect("a word") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("no type {other}"),
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let schema = serde_json::json!({"type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer", "minimum": 1}}, "additionalProperties": false});
    let table = [
        (r#"{"a":1}"#, 0),
        (r#"{"a":0}"#, 1),
        (r#"{"a":"x"}"#, 1),
        (r#"{"a":1,"b":2}"#, 1),
        ("{}", 1),
        ("[]", 2),
    ];
    for (text, count) in table {
        let value = serde_json::from_str(text).expect("JSON");
        assert_eq!(against(&schema, &value).len(), count, "{text}");
    }
}
