//! `git ap show`: a plan, one of its objectives, or its graph.

/// A language for graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Graph {
    /// Mermaid, which code hosts draw in Markdown.
    Mermaid,
    /// DOT, for Graphviz.
    Dot,
}

/// Show a plan, or one objective of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap show                       the plan that is not finished
  git ap show jwt T1                one objective
  git ap show jwt T1 --prompt       what its worker is told
  git ap show --graph dot | dot -Tsvg > plan.svg")]
pub struct Args {
    /// A part of a plan's id, also with an objective: `jwt`, `jwt/T1`
    #[arg(value_name = "PLAN")]
    pub plan: Option<String>,
    /// An objective's id
    #[arg(value_name = "OBJECTIVE")]
    pub objective: Option<String>,
    /// Print what the worker of the objective is told
    #[arg(long, conflicts_with = "graph")]
    pub prompt: bool,
    /// Print what depends on what
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub graph: Option<Graph>,
}
