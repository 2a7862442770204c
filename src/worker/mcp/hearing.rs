//! What a server says while its tool works, taken down, and what it is told when it asks.

#![expect(deprecated, reason = "the protocol gives up log messages, and servers still send them")]

use std::sync::Arc;

use rmcp::model::{
    ClientCapabilities, ClientConfig, CustomNotification, ElicitRequestParams, ElicitResult,
    ElicitationCapability, FormElicitationCapability, Implementation,
    LoggingMessageNotificationParam, ProgressNotificationParam,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, ErrorData, RoleClient};
use serde_json::Value;

use super::approval;
use crate::domain::team::stream::Kind;
use crate::worker::notes::Notes;
use crate::worker::policy::Policy;

/// Who listens to a server.
pub(super) struct Hearing {
    notes: Arc<Notes>,
    policy: Policy,
}

impl Hearing {
    pub(super) fn new(notes: Arc<Notes>, policy: Policy) -> Self {
        Self { notes, policy }
    }
}

impl ClientHandler for Hearing {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        let form = FormElicitationCapability::default();
        capabilities.elicitation = Some(ElicitationCapability::new().with_form(form));
        ClientConfig::new(capabilities, Implementation::new("git-ap", env!("CARGO_PKG_VERSION")))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(approval::answer(&request, &self.policy, &self.notes))
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let done = match progress.total {
            Some(total) if total > 0.0 => {
                format!("{:.0}%", (progress.progress / total * 100.0).clamp(0.0, 100.0))
            }
            Some(_) | None => format!("{}", progress.progress),
        };
        let note = progress.message.map(|note| format!(" - {note}")).unwrap_or_default();
        self.notes.does(Kind::Progress, &format!("{done}{note}"));
    }

    async fn on_logging_message(
        &self,
        message: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text = message.data.as_str().map_or_else(|| message.data.to_string(), str::to_owned);
        self.notes.does(Kind::Log, &text);
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        _: NotificationContext<RoleClient>,
    ) {
        if notification.method == "codex/event" {
            codex(&self.notes, &notification.params.unwrap_or_default()["msg"]);
        }
    }
}

/// An event of `codex mcp-server`.
fn codex(notes: &Notes, event: &Value) {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    match text("type") {
        "agent_message" => notes.message(text("message")),
        "agent_reasoning" => notes.does(Kind::Reasoning, text("text")),
        "exec_command_begin" => {
            let words = event["command"].as_array().into_iter().flatten();
            let words: Vec<&str> = words.filter_map(Value::as_str).collect();
            notes.uses(Kind::ToolUse, &words.join(" "));
        }
        "patch_apply_begin" => {
            let mut paths = event["changes"].as_object().into_iter().flat_map(|c| c.keys());
            let first = paths.next().map_or_else(String::new, |path| format!("changed {path}"));
            notes.uses(Kind::Coding, &first);
            for path in paths.take(20) {
                notes.does(Kind::Coding, &format!("changed {path}"));
            }
        }
        "mcp_tool_call_begin" => {
            let tool = event["invocation"]["tool"].as_str().unwrap_or("a tool");
            notes.uses(Kind::ToolUse, tool);
        }
        "error" => notes.model(text("message")),
        "warning" | "stream_error" => notes.does(Kind::Log, text("message")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::run::Doing;
    use serde_json::json;

    #[test]
    fn events_of_codex_are_what_it_does() {
        let (does, mut told) = tokio::sync::mpsc::channel(16);
        let notes = Notes::new(does);
        for event in [
            json!({ "type": "exec_command_begin", "command": ["bash", "-lc", "ls"] }),
            json!({ "type": "patch_apply_begin", "changes": { "/w/a.rs": {} } }),
            json!({ "type": "agent_message", "message": "All done." }),
            json!({ "type": "error", "message": "no model" }),
            json!({ "type": "token_count" }),
            json!("what"),
        ] {
            codex(&notes, &event);
        }
        assert_eq!(notes.model_failed().as_deref(), Some("no model"));
        assert_eq!(notes.said().message, "All done.");
        let mut all = Vec::new();
        while let Ok(doing) = told.try_recv() {
            if let Doing::Does(activity) = doing {
                all.push(format!("{} {}", activity.kind.as_str(), activity.text));
            }
        }
        assert_eq!(notes.said().usage.turns, Some(2));
        let expected = [
            "tool_use bash -lc ls",
            "coding changed /w/a.rs",
            "reasoning All done.",
            "log no model",
        ];
        assert_eq!(all, expected);
    }
}
