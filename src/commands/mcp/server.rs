//! The handler of what an agent asks: which tools and resources there are, and who answers.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
    CustomResult, ErrorCode, ErrorData, Implementation, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};

use super::{resources, schema, tools};
use crate::commands::Ctx;
use crate::ui::failure_of;

/// What an agent should know before it asks anything.
const INSTRUCTIONS: &str = "\
You work on one objective of a plan, in a worktree of its own, beside others. Change only what its \
scope allows. Call `objective` first: it has the task and the scope. `scope_check` says which paths \
you may change, `scope_request` asks for more. Say how far you are with `progress`; end with \
`submit`, or with `blocked` where you cannot go on. Do not run git.";

/// Answers an agent.
#[derive(Clone, Debug)]
pub(super) struct Server {
    ctx: Arc<Ctx>,
}

/// What a tool answers: in words, and as a document.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) document: serde_json::Value,
}

impl Server {
    pub(super) fn new(ctx: Arc<Ctx>) -> Self {
        Self { ctx }
    }

    /// Does something that reads files, runs git or waits, beside what else is asked.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ctx) -> T + Send + 'static,
    ) -> Result<T, ErrorData> {
        let ctx = Arc::clone(&self.ctx);
        let done = tokio::task::spawn_blocking(move || work(&ctx)).await;
        done.map_err(|_| {
            ErrorData::internal_error("git ap has a bug; stderr has the details", None)
        })
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let own = Implementation::new("git-ap", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(own).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(schema::tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        schema::tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = tools::find(&request.name) else {
            let text = format!(
                "there is no tool `{}`",
                crate::domain::path::quote(request.name.as_bytes())
            );
            return Err(ErrorData::invalid_params(text, None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let answered = self.beside(move |ctx| tool(ctx, arguments)).await?;
        Ok(CallToolResponse::from(match answered {
            Ok(Answer { text, document }) => {
                let mut result = CallToolResult::structured(document);
                result.content = vec![ContentBlock::text(text)];
                result
            }
            Err(error) => {
                let failure = failure_of(&error);
                let hint = failure.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                let text = format!("{}{hint}", failure.message);
                CallToolResult::error(vec![ContentBlock::text(text)])
            }
        }))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let found = self.beside(resources::list).await?;
        // Where there is no plan, there is nothing to read.
        Ok(ListResourcesResult::with_all_items(found.unwrap_or_default()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri.clone();
        let read = self.beside(move |ctx| resources::read(ctx, &uri)).await?;
        let shown = crate::domain::path::quote(request.uri.as_bytes()).into_owned();
        let text = || format!("there is no resource `{shown}`");
        match read {
            Ok(Some(result)) => Ok(result.into()),
            Ok(None) => Err(ErrorData::resource_not_found(text(), None)),
            Err(error) => Err(ErrorData::internal_error(failure_of(&error).message, None)),
        }
    }

    /// A known method with wrong parameters arrives here too.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let shown = crate::domain::path::quote(request.method.as_bytes()).into_owned();
        let known = [
            "initialize",
            "server/discover",
            "tools/call",
            "resources/read",
            "tools/list",
            "resources/list",
        ];
        if known.contains(&request.method.as_str()) {
            return Err(ErrorData::invalid_params(
                format!("those are no parameters of `{shown}`"),
                None,
            ));
        }
        Err(ErrorData::new(
            ErrorCode::METHOD_NOT_FOUND,
            format!("there is no method `{shown}`"),
            None,
        ))
    }
}
