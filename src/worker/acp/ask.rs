//! What an agent is told when it asks for permission. An answer is chosen by its kind: the ids
//! of the answers differ from agent to agent.

use std::path::PathBuf;

use agent_client_protocol::v1::schema::{
    PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, SelectedPermissionOutcome, ToolCallContent, ToolCallUpdateFields,
    ToolKind,
};
use serde_json::Value;

use crate::worker::notes::Notes;
use crate::worker::policy::{Policy, Wish};
use crate::worker::wire::shown;

/// The keys of a tool's input that name a file.
const PATHS: [&str; 7] =
    ["path", "file_path", "filePath", "filepath", "absolute_path", "old_path", "new_path"];

/// The answer to a request for permission.
pub(super) fn answer(
    policy: &Policy,
    notes: &Notes,
    request: &RequestPermissionRequest,
) -> RequestPermissionResponse {
    use PermissionOptionKind::{AllowAlways, AllowOnce, RejectAlways, RejectOnce};
    let fields = &request.tool_call.fields;
    let allowed = policy.allows(&wish(fields));
    if let Err(why) = &allowed {
        notes.denied(&what(fields), why);
    }
    // What is allowed for good is not asked for again, and is then out of the scope's hands.
    let kinds = if allowed.is_ok() { [AllowOnce, AllowAlways] } else { [RejectOnce, RejectAlways] };
    let of_kind =
        |kind: &PermissionOptionKind| request.options.iter().find(|option| option.kind == *kind);
    let chosen = kinds.iter().find_map(of_kind);
    if chosen.is_none() && allowed.is_ok() {
        notes.denied(&what(fields), "the agent offers no way to allow it");
    }
    let outcome = chosen.map_or(RequestPermissionOutcome::Cancelled, |option| {
        let chosen = SelectedPermissionOutcome::new(option.option_id.clone());
        RequestPermissionOutcome::Selected(chosen)
    });
    RequestPermissionResponse::new(outcome)
}

/// What a tool is about to do.
fn wish(fields: &ToolCallUpdateFields) -> Wish {
    let paths = paths(fields);
    match fields.kind.unwrap_or_default() {
        ToolKind::Read | ToolKind::Search | ToolKind::Think | ToolKind::Fetch => Wish::Look,
        ToolKind::Edit | ToolKind::Delete | ToolKind::Move => Wish::Change(paths),
        ToolKind::Execute | ToolKind::SwitchMode => Wish::Act,
        _ if paths.is_empty() => Wish::Act,
        _ => Wish::Change(paths),
    }
}

/// The paths that a tool is about to change, wherever they stand.
fn paths(fields: &ToolCallUpdateFields) -> Vec<PathBuf> {
    let located = fields.locations.iter().flatten().map(|location| location.path.clone());
    let diffs = fields.content.iter().flatten().filter_map(|content| match content {
        ToolCallContent::Diff(diff) => Some(diff.path.clone()),
        _ => None,
    });
    let input = fields.raw_input.as_ref();
    let named = PATHS.iter().filter_map(|key| input?.get(key)?.as_str().map(PathBuf::from));
    // A patch names its files as keys.
    let changes = input.and_then(|input| input.get("changes")).and_then(Value::as_object);
    let patched = changes.into_iter().flat_map(|changes| changes.keys()).map(PathBuf::from);
    let mut paths: Vec<PathBuf> = located.chain(diffs).chain(named).chain(patched).collect();
    paths.sort();
    paths.dedup();
    paths
}

fn what(fields: &ToolCallUpdateFields) -> String {
    let title = fields.title.as_deref().or(fields.name.as_deref()).unwrap_or("a tool");
    shown(title.lines().next().unwrap_or_default())
}
