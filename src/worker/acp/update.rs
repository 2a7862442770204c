//! What an agent reports while it works, taken down.

use agent_client_protocol::v1::schema::{
    ContentBlock, ContentChunk, Plan, PlanEntryStatus, SessionUpdate, ToolCallLocation,
    ToolCallStatus, ToolKind,
};

use crate::domain::team::stream::Kind;
use crate::worker::notes::Notes;

/// Takes down one report.
pub(super) fn take_down(notes: &Notes, update: SessionUpdate) {
    match update {
        SessionUpdate::AgentMessageChunk(chunk) => {
            let id = chunk.message_id.as_ref().map(ToString::to_string);
            notes.says(text(&chunk), id.as_deref());
        }
        SessionUpdate::ToolCall(call) => {
            notes.uses(kind(call.kind), &with_place(&call.title, &call.locations));
        }
        SessionUpdate::UsageUpdate(update) => {
            let dollars = update.cost.filter(|cost| cost.currency.eq_ignore_ascii_case("USD"));
            if let Some(cost) = dollars {
                notes.cost(cost.amount);
            }
        }
        SessionUpdate::ToolCallUpdate(update) => {
            let fields = update.fields;
            if fields.status == Some(ToolCallStatus::Failed) {
                let what = fields.title.unwrap_or_else(|| "a tool".to_owned());
                notes.does(Kind::Log, &format!("failed: {what}"));
            } else if let Some(title) = fields.title {
                let locations = fields.locations.unwrap_or_default();
                notes.does(kind(fields.kind.unwrap_or_default()), &with_place(&title, &locations));
            }
        }
        SessionUpdate::Plan(plan) => notes.does(Kind::Progress, &progress(&plan)),
        _ => {}
    }
}

fn text(chunk: &ContentChunk) -> &str {
    match &chunk.content {
        ContentBlock::Text(text) => &text.text,
        _ => "",
    }
}

fn kind(kind: ToolKind) -> Kind {
    match kind {
        ToolKind::Edit | ToolKind::Delete | ToolKind::Move => Kind::Coding,
        ToolKind::Think => Kind::Reasoning,
        _ => Kind::ToolUse,
    }
}

fn with_place(title: &str, locations: &[ToolCallLocation]) -> String {
    match locations.first() {
        Some(location) if !title.contains(&*location.path.to_string_lossy()) => {
            format!("{title}: {}", location.path.display())
        }
        Some(_) | None => title.to_owned(),
    }
}

/// How much of a plan is done, and what of it is next.
fn progress(plan: &Plan) -> String {
    let done = plan.entries.iter().filter(|e| e.status == PlanEntryStatus::Completed).count();
    let open = plan.entries.iter().find(|e| e.status != PlanEntryStatus::Completed);
    let next = open.map_or_else(String::new, |entry| format!(" - {}", entry.content));
    format!("{done} of {}{next}", plan.entries.len())
}
