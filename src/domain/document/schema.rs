//! Shapes as JSON Schema (draft 07, which editors understand), so that what is offered there and
//! what is read here cannot differ.

use serde_json::{Map, Value as Json, json};

use super::{Field, FieldKind, Shape};

impl Shape {
    /// The JSON schema of the table.
    pub fn json_schema(&self, title: &str) -> Json {
        let mut schema = self.object();
        schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
        schema.insert("title".into(), json!(title));
        Json::Object(schema)
    }

    fn object(&self) -> Map<String, Json> {
        let properties: Map<String, Json> =
            self.fields.iter().map(|f| (f.name.to_owned(), f.json_schema())).collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
        let mut object = Map::new();
        object.insert("type".into(), json!("object"));
        object.insert("additionalProperties".into(), json!(false));
        object.insert("properties".into(), Json::Object(properties));
        if !required.is_empty() {
            object.insert("required".into(), json!(required));
        }
        object
    }
}

impl Field {
    fn json_schema(&self) -> Json {
        let mut schema = match self.kind {
            FieldKind::Text => json!({"type": "string"}),
            FieldKind::NonEmptyText => json!({"type": "string", "minLength": 1}),
            FieldKind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            FieldKind::NonEmptyTexts => {
                json!({"type": "array", "items": {"type": "string"}, "minItems": 1})
            }
            FieldKind::Integer(low, high) => {
                json!({"type": "integer", "minimum": low, "maximum": high})
            }
            FieldKind::Number => json!({"type": "number", "minimum": 0}),
            FieldKind::Boolean => json!({"type": "boolean"}),
            FieldKind::Choice(words) => json!({"enum": words}),
            FieldKind::Table(shape) => Json::Object(shape.object()),
            FieldKind::Tables(shape) => json!({"type": "array", "items": shape.object()}),
            FieldKind::NonEmptyTables(shape) => {
                json!({"type": "array", "items": shape.object(), "minItems": 1})
            }
            FieldKind::TextMap => {
                json!({"type": "object", "additionalProperties": {"type": "string"}})
            }
            FieldKind::Anything => json!({"type": "object"}),
        };
        schema["description"] = json!(self.doc);
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_schema_has_every_key() {
        let schema = crate::domain::plan::shape::PLAN.json_schema("x");
        let inner = &schema["properties"]["objective"]["items"];
        assert_eq!(inner["required"], json!(["id", "title", "touch"]));
        assert_eq!(inner["properties"]["complexity"]["enum"], json!(["low", "medium", "high"]));
        let keys = inner["properties"].as_object().map(Map::len);
        assert_eq!(keys, Some(crate::domain::plan::shape::OBJECTIVE.fields.len()));
    }
}
