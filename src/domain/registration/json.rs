//! Entries in a file of JSON with comments, which stay where they are.

use jsonc_parser::cst::{
    CstArray, CstContainerNode, CstInputValue, CstNode, CstObject, CstRootNode,
};
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::Value;

use super::{Edited, GUARD, What};

/// A file with these entries in it, or without them.
pub(super) fn edited(text: Option<&str>, entries: &[What], remove: bool) -> Result<Edited, String> {
    let blank = text.is_none_or(|text| text.trim().is_empty());
    if blank && remove {
        return Ok(Edited { text: text.map(str::to_owned), changed_by_owner: false });
    }
    let source = if blank { "{}\n" } else { text.unwrap_or_default() };
    // The tree is made without a limit of depth of its own.
    jsonc_parser::parse_to_ast(source, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|error| error.to_string())?;
    let root = CstRootNode::parse(source, &ParseOptions::default()).map_err(|e| e.to_string())?;
    let object = root.object_value().ok_or("it is no object")?;
    let (mut theirs, mut did) = (false, false);
    // What the agent needs besides goes last.
    let mut order: Vec<&What> = entries.iter().collect();
    if remove {
        order.reverse();
    }
    for entry in order {
        let done = if remove { taken_out(&object, *entry) } else { put_in(&object, *entry)? };
        theirs |= done == Done::Theirs;
        did |= done == Done::Changed;
    }
    if !did {
        return Ok(Edited { text: text.map(str::to_owned), changed_by_owner: theirs });
    }
    let left = root.to_string();
    let nothing =
        remove && object.properties().is_empty() && !left.contains("//") && !left.contains("/*");
    Ok(Edited { text: (!nothing).then_some(left), changed_by_owner: theirs })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Changed,
    Nothing,
    /// Something else stands there.
    Theirs,
}

fn put_in(root: &CstObject, entry: What) -> Result<Done, String> {
    match entry {
        What::Member(path, value) => {
            let Some((name, above)) = path.split_last() else { return Ok(Done::Nothing) };
            let object = object_at(root, above)?;
            match object.get(name) {
                Some(there)
                    if there.value().and_then(|v| v.to_serde_value()) == Some(parsed(value)) =>
                {
                    Ok(Done::Nothing)
                }
                Some(_) => Ok(Done::Theirs),
                None => {
                    object.append(name, input(&parsed(value)));
                    Ok(Done::Changed)
                }
            }
        }
        What::Element(path, value) => {
            let Some((name, above)) = path.split_last() else { return Ok(Done::Nothing) };
            let object = object_at(root, above)?;
            let array = object.array_value_or_create(name);
            let array = array.ok_or_else(|| format!("`{name}` is no list"))?;
            if let Some(there) = ours(&array) {
                let same = there.to_serde_value() == Some(parsed(value));
                return Ok(if same { Done::Nothing } else { Done::Theirs });
            }
            array.ensure_multiline();
            array.append(input(&parsed(value)));
            Ok(Done::Changed)
        }
        What::Needed(name, value) if root.get(name).is_none() => {
            root.insert(0, name, input(&parsed(value)));
            Ok(Done::Changed)
        }
        What::Needed(..) | What::Table(..) => Ok(Done::Nothing),
    }
}

fn object_at(root: &CstObject, path: &[&str]) -> Result<CstObject, String> {
    path.iter().try_fold(root.clone(), |object, name| {
        object.object_value_or_create(name).ok_or_else(|| format!("`{name}` is no object"))
    })
}

/// The element that calls the guard.
fn ours(array: &CstArray) -> Option<CstNode> {
    let calls = |node: &CstNode| {
        node.to_serde_value().is_some_and(|value| value.to_string().contains(GUARD))
    };
    array.elements().into_iter().find(calls)
}

fn taken_out(root: &CstObject, entry: What) -> Done {
    let at = |path: &[&str]| {
        path.iter().try_fold(root.clone(), |object, name| object.object_value(name))
    };
    match entry {
        What::Member(path, value) => {
            let Some((name, above)) = path.split_last() else { return Done::Nothing };
            let Some(there) = at(above).and_then(|object| object.get(name)) else {
                return Done::Nothing;
            };
            if there.value().and_then(|v| v.to_serde_value()) != Some(parsed(value)) {
                return Done::Theirs;
            }
            there.remove();
            prune(root, above);
        }
        What::Element(path, value) => {
            let Some((name, above)) = path.split_last() else { return Done::Nothing };
            let array = at(above).and_then(|object| object.array_value(name));
            let Some(there) = array.and_then(|array| ours(&array)) else {
                return Done::Nothing;
            };
            if there.to_serde_value() != Some(parsed(value)) {
                return Done::Theirs;
            }
            there.remove();
            prune(root, path);
        }
        What::Needed(name, value) => {
            let [only] = &root.properties()[..] else { return Done::Nothing };
            let same = only.value().and_then(|v| v.to_serde_value()) == Some(parsed(value));
            if only.decoded_name().as_deref() != Some(name) || !same {
                return Done::Nothing;
            }
            only.clone().remove();
        }
        What::Table(..) => return Done::Nothing,
    }
    Done::Changed
}

/// Takes away what is empty at the end of a path, and above it.
fn prune(root: &CstObject, path: &[&str]) {
    for length in (1..=path.len()).rev() {
        let (above, name) = (&path[..length - 1], path[length - 1]);
        let above = above.iter().try_fold(root.clone(), |object, name| object.object_value(name));
        let Some(there) = above.and_then(|object| object.get(name)) else { return };
        let empty = match there.value() {
            Some(CstNode::Container(CstContainerNode::Object(object))) => {
                object.properties().is_empty()
            }
            Some(CstNode::Container(CstContainerNode::Array(array))) => array.elements().is_empty(),
            _ => false,
        };
        if !empty {
            return;
        }
        there.remove();
    }
}

/// A value of the table.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the table of agents holds JSON")
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(members) => CstInputValue::Object(
            members.iter().map(|(name, value)| (name.clone(), input(value))).collect(),
        ),
    }
}
