//! `git ap show`: a plan, one of its objectives, or its graph.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::project::{PlanFile, Project};
use super::session::{Purpose, Workshop};
use super::{Ctx, Exit};
use crate::domain::config::Config;
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::{self, Objective, Plan, Proof, SCHEMA};
use crate::domain::prompt;
use crate::domain::session::{Request, Session};
use crate::domain::wave;
use crate::execute::session::{Agreed, look};
use crate::report::graph;
use crate::store::layout;
use crate::ui::{Format, count_of, text};

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
  git ap show jwt T1                one objective; `jwt/T1` and `T1` mean the same
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

/// What is shown: a plan with what is known of its waves.
struct View<'a> {
    plan: &'a Plan,
    proof: &'a Proof,
    session: Option<&'a Session>,
}

/// The plan that a name means, with an objective: `jwt`, `jwt/T1`, or `T1` of the plan that is
/// meant where none is named.
fn meant(
    workshop: &Workshop,
    name: Option<&str>,
    inner: Option<&str>,
) -> Result<(PlanId, Option<String>)> {
    let named = workshop.plan_named(name, Purpose::Look);
    let inner = inner.map(str::to_owned);
    match (named, name) {
        (Err(error), Some(name)) if inner.is_none() && ObjectiveId::parse(name).is_ok() => {
            let own = workshop.plan_named(None, Purpose::Look);
            own.map(|id| (id, Some(name.to_owned()))).map_err(|_| error)
        }
        (named, _) => Ok((named?, inner)),
    }
}

/// The plan and the policy of a session as they are agreed now.
fn agreed(project: &Project, session: &Session) -> Result<(PlanFile, Config)> {
    let (path, commit) = (layout::plan(session.plan()), session.agreed());
    let agreed = Agreed::of(&project.repository, session)?;
    let bytes = project.repository.file_at(commit, &path)?;
    let text = bytes.map(String::from_utf8).transpose();
    let text = text.with_context(|| format!("{path} of {commit} is not UTF-8"))?;
    let reading = plan::read(&text.unwrap_or_default());
    let shown = format!("{commit}:{path}");
    Ok((PlanFile { shown, path: None, reading }, agreed.config))
}

/// Prints a plan or a part of it.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    ctx.require_format("show", &[Format::Human, Format::Json])?;
    let workshop = Workshop::open(ctx)?;
    let project = &workshop.project;
    let (name, inner) = match args.plan.as_deref().and_then(|p| p.split_once('/')) {
        Some((plan, objective)) => (Some(plan), Some(objective)),
        None => (args.plan.as_deref(), None),
    };
    let (id, inner) = meant(&workshop, name, inner)?;
    let session = look(&project.repository, &id)?.filter(|s| !s.was_taken_back());
    // What is agreed counts once it is, not a copy that somebody may have changed.
    let (file, config) = match &session {
        Some(session) => agreed(project, session)?,
        None => (project.plan(&id)?, project.config()?.clone()),
    };
    let plan = file.require()?;
    let tree = project.tree()?;
    let mut proof = Project::prove_under(&config, &file.reading, plan, &tree)?;
    if let Some(session) = &session {
        let wave = |o: &Objective| session.objective(&o.id).map_or(1, |standing| standing.wave);
        proof.waves = plan.objectives.iter().map(wave).collect();
    }
    let view = View { plan, proof: &proof, session: session.as_ref() };
    let objective = match args.objective.as_deref().or(inner.as_deref()) {
        Some(id) => Some(view.position(id)?),
        None => None,
    };
    if args.prompt {
        let index = match (objective, plan.objectives.as_slice()) {
            (Some(index), _) => index,
            (None, [_]) => 0,
            (None, _) => {
                let failure =
                    Failure::new(Kind::Usage, "whose prompt? the plan has several objectives");
                return Err(failure
                    .hint(format!(
                        "git ap show {} {} --prompt",
                        plan.id.slug(),
                        plan.objectives[0].id
                    ))
                    .into());
            }
        };
        ctx.ui.answer(&view.prompt(index, &config))?;
    } else if let Some(language) = args.graph {
        ctx.ui.answer(&match language {
            Graph::Mermaid => graph(view.plan, &view.proof.waves),
            Graph::Dot => view.dot(),
        })?;
    } else if ctx.ui.format == Format::Json {
        match objective {
            Some(index) => ctx.ui.json(&view.objective_document(index))?,
            None => ctx.ui.json(plan)?,
        }
    } else {
        ctx.ui.answer(&match objective {
            Some(index) => view.objective(index),
            None => view.summary(),
        })?;
    }
    Ok(Exit::DONE)
}

impl View<'_> {
    fn position(&self, id: &str) -> Result<usize> {
        let parsed = ObjectiveId::parse(id).ok();
        let found = self.plan.objectives.iter().position(|o| Some(&o.id) == parsed.as_ref());
        found.ok_or_else(|| {
            let ids: Vec<&str> = self.plan.objectives.iter().map(|o| o.id.as_str()).collect();
            let message = format!("{} has no objective `{id}`", self.plan.id);
            Failure::new(Kind::User, message).hint(format!("name one of {}", ids.join(", "))).into()
        })
    }

    /// The objectives in the order of waves, then of the plan, by position.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.plan.objectives.len()).collect();
        order.sort_by_key(|i| (self.proof.waves[*i], *i));
        order
    }

    /// What an objective has asked for, and what became of it.
    fn requests(&self, index: usize) -> Vec<String> {
        let id = &self.plan.objectives[index].id;
        let requests = self.session.iter().flat_map(|s| &s.requests).filter(|r| r.objective == *id);
        requests.map(Request::describe).collect()
    }

    fn prompt(&self, index: usize, config: &crate::domain::config::Config) -> String {
        let forbid = &config.global_forbid;
        prompt::prompt_in(self.plan, &self.proof.waves, index, forbid, &self.requests(index))
    }

    fn summary(&self) -> String {
        let plan = self.plan;
        let mut out = format!(
            "{}\n{} ({})\n",
            plan.id,
            text::one_line(&plan.request),
            plan.task_type.as_str()
        );
        if !plan.strategy.is_empty() {
            writeln!(out, "{}", text::one_line(&plan.strategy)).expect(INFALLIBLE);
        }
        let mut wave = 0;
        for index in self.order() {
            if self.proof.waves[index] != wave {
                wave = self.proof.waves[index];
                writeln!(out, "\nWave {wave}").expect(INFALLIBLE);
            }
            let objective = &plan.objectives[index];
            writeln!(out, "  {}  {}", objective.id, text::one_line(&objective.title))
                .expect(INFALLIBLE);
            writeln!(out, "      {}", scope_line(objective)).expect(INFALLIBLE);
            if !objective.depends_on.is_empty() {
                let needs: Vec<&str> =
                    objective.depends_on.iter().map(ObjectiveId::as_str).collect();
                writeln!(out, "      after {}", needs.join(", ")).expect(INFALLIBLE);
            }
        }
        let errors = self.proof.findings.len();
        if errors > 0 && self.session.is_none() {
            writeln!(out, "\n{}: `git ap check {}`", count_of(errors, "finding"), plan.id.slug())
                .expect(INFALLIBLE);
        }
        out
    }

    fn objective(&self, index: usize) -> String {
        let objective = &self.plan.objectives[index];
        let mut out = format!(
            "{}/{}  {}\n",
            self.plan.id.slug(),
            objective.id,
            text::one_line(&objective.title)
        );
        let mut row = |name: &str, value: String| {
            if !value.is_empty() {
                writeln!(out, "{name:<12}{}", text::one_line(&value)).expect(INFALLIBLE);
            }
        };
        row("wave", self.proof.waves[index].to_string());
        row(
            "after",
            objective.depends_on.iter().map(ObjectiveId::as_str).collect::<Vec<_>>().join(", "),
        );
        row("touch", scope_line(objective));
        row("read", objective.read.join(", "));
        row("worker", objective.agent_type.clone());
        row("complexity", objective.complexity.as_str().to_owned());
        row("estimate", format!("{} min", objective.estimate_minutes));
        for (name, list) in [
            ("context", &objective.context),
            ("meets", &objective.integration_points),
            ("constraint", &objective.constraints),
            ("accepted", &objective.acceptance),
            ("gate", &objective.gates),
            ("hands over", &objective.deliverables),
            ("note", &objective.notes),
        ] {
            for item in list {
                row(name, item.clone());
            }
        }
        out
    }

    fn objective_document(&self, index: usize) -> serde_json::Value {
        let objective = &self.plan.objectives[index];
        let mut value = serde_json::to_value(objective).unwrap_or_default();
        value["wave"] = json!(self.proof.waves[index]);
        json!({ "schema": SCHEMA, "plan": self.plan.id, "objective": value })
    }

    /// The edges that a graph shows: dependencies that no chain of others implies.
    fn edges(&self) -> Vec<(usize, usize)> {
        wave::essential(&self.proof.constraints.depends_on)
    }

    fn dot(&self) -> String {
        let mut out = "digraph plan {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for index in self.order() {
            let objective = &self.plan.objectives[index];
            let title = text::one_line(&objective.title).replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(
                out,
                "  o{index} [label=\"{}: {title}\\nwave {}\"];",
                objective.id, self.proof.waves[index]
            )
            .expect(INFALLIBLE);
        }
        for (from, to) in self.edges() {
            writeln!(out, "  o{from} -> o{to};").expect(INFALLIBLE);
        }
        out.push_str("}\n");
        out
    }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// A scope as it is said in words: `src/ except src/auth/`.
pub(super) fn scope_line(objective: &Objective) -> String {
    let touch: Vec<_> = objective.touch.iter().map(|p| text::one_line(p)).collect();
    let mut line = touch.join("  ");
    if !objective.forbid.is_empty() {
        let forbid: Vec<_> = objective.forbid.iter().map(|p| text::one_line(p)).collect();
        line.push_str(" except ");
        line.push_str(&forbid.join("  "));
    }
    line
}
