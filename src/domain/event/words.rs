//! The words of a closed list that events use.

use serde::Serialize;

use crate::domain::team::stream;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $type:ident {
        $($(#[doc = $word_doc:literal])+ $variant:ident $word:literal,)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum $type {
            $($(#[doc = $word_doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $type {
            /// Every one of them.
            pub const ALL: &'static [$type] = &[$(Self::$variant),+];
        }
    };
}

words! {
    /// A stage of a command's work.
    Phase {
        /// Nothing to do.
        Idle "idle",
        /// Reading the codebase.
        Analytic "analytic",
        /// Making a plan.
        Planning "planning",
        /// Proving it.
        Validation "validation",
        /// Workers at work.
        Execution "execution",
        /// Merging a wave.
        Integration "integration",
        /// After the last wave.
        PostExecution "post_execution",
        /// Writing reports.
        AutoDocumentation "auto_documentation",
        /// Done.
        Completed "completed",
        /// Given up.
        Failed "failed",
    }
}

words! {
    /// What kind of thing a worker does.
    ActivityType {
        /// It thinks aloud.
        Reasoning "reasoning",
        /// It uses a tool.
        ToolUse "tool_use",
        /// It changes a file.
        Coding "coding",
        /// It runs tests.
        Testing "testing",
        /// It says how far it is.
        Progress "progress",
        /// Anything else that it, or a command of the owner, prints.
        Log "log",
    }
}

impl From<stream::Kind> for ActivityType {
    fn from(kind: stream::Kind) -> Self {
        match kind {
            stream::Kind::Reasoning => Self::Reasoning,
            stream::Kind::ToolUse => Self::ToolUse,
            stream::Kind::Coding => Self::Coding,
            stream::Kind::Progress => Self::Progress,
            stream::Kind::Log => Self::Log,
        }
    }
}

impl Phase {
    /// What goes on in it, as an activity.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Analytic => "reading the codebase",
            Self::Planning => "planning",
            Self::Validation => "proving scopes",
            Self::Execution => "workers at work",
            Self::Integration => "merging",
            Self::PostExecution => "finishing",
            Self::AutoDocumentation => "writing reports",
            Self::Completed => "done",
            Self::Failed => "failed",
        }
    }
}
