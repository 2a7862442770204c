//! A plan as its template sees it: the fields of plan.toml, and what a reviewer wants beside
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::id::ObjectiveId;
use crate::domain::plan::{Contract, Derived, Objective, Plan, Shared};

/// Characters of the request's first line in the title.
const TITLE: usize = 120;

#[derive(Serialize)]
pub(super) struct View<'a> {
    plan: Head<'a>,
    waves: Vec<Wave<'a>>,
    arrows: Vec<Arrow>,
    objectives: Vec<Row<'a>>,
    contracts: Vec<ContractRow<'a>>,
    derived: &'a [Derived],
    shared: &'a [Shared],
    commands: Vec<Command<'a>>,
}

#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    request_line: String,
    request_more: bool,
    request_lines: Vec<&'a str>,
    task_type: &'static str,
    target: Option<&'a str>,
    base: Option<&'a str>,
    strategy: &'a str,
    objective_count: usize,
    wave_count: usize,
    wave_word: &'static str,
}

#[derive(Serialize)]
struct Wave<'a> {
    number: u32,
    objectives: Vec<Row<'a>>,
}

#[derive(Clone, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    objective: &'a Objective,
    index: usize,
    label: String,
    lists: Vec<List<'a>>,
    retry_word: &'static str,
}

#[derive(Clone, Serialize)]
struct List<'a> {
    label: &'static str,
    patterns: bool,
    items: &'a [String],
}

#[derive(Serialize)]
struct Arrow {
    from: usize,
    to: usize,
}

#[derive(Serialize)]
struct ContractRow<'a> {
    provider: &'a str,
    consumers: Vec<&'a str>,
    description: &'a str,
    check: Option<&'a str>,
}

#[derive(Serialize)]
struct Command<'a> {
    command: &'a str,
    why: String,
}

impl<'a> View<'a> {
    pub(super) fn new(plan: &'a Plan, waves: &[u32]) -> Self {
        let rows: Vec<Row<'_>> = plan.objectives.iter().enumerate().map(row).collect();
        let mut grouped: BTreeMap<u32, Vec<Row<'_>>> = BTreeMap::new();
        for row in &rows {
            let number = waves.get(row.index).copied().filter(|wave| *wave > 0);
            let number = number.or(row.objective.wave).unwrap_or(1);
            grouped.entry(number).or_default().push(row.clone());
        }
        let head = head(plan, grouped.len());
        let waves =
            grouped.into_iter().map(|(number, objectives)| Wave { number, objectives }).collect();
        Self {
            plan: head,
            waves,
            arrows: arrows(plan),
            objectives: rows,
            contracts: plan.contracts.iter().map(contract).collect(),
            derived: &plan.derived,
            shared: &plan.shared,
            commands: commands(plan),
        }
    }
}

/// The first line of a request as a title, and whether that is not all of it.
pub(super) fn title(request: &str) -> (String, bool) {
    let line = request.lines().find(|line| !line.trim().is_empty()).unwrap_or("(no request)");
    let cut = line.chars().count() > TITLE;
    let mut title: String = line.chars().take(TITLE).collect();
    if cut {
        title.push('…');
    }
    (title, cut || request.trim().lines().count() > 1)
}

fn head(plan: &Plan, wave_count: usize) -> Head<'_> {
    let (request_line, request_more) = title(&plan.request);
    Head {
        id: plan.id.as_str(),
        request_line,
        request_more,
        request_lines: plan.request.lines().filter(|line| !line.trim().is_empty()).collect(),
        task_type: plan.task_type.as_str(),
        target: plan.target.as_deref(),
        base: plan.base.as_deref(),
        strategy: &plan.strategy,
        objective_count: plan.objectives.len(),
        wave_count,
        wave_word: if wave_count == 1 { "wave" } else { "waves" },
    }
}

fn row((index, objective): (usize, &Objective)) -> Row<'_> {
    let lists = [
        ("May change", true, &objective.touch),
        ("Relies on", true, &objective.read),
        ("May not change", true, &objective.forbid),
        ("Gates", true, &objective.gates),
        ("Context", false, &objective.context),
        ("Integration points", false, &objective.integration_points),
        ("Constraints", false, &objective.constraints),
        ("Done when", false, &objective.acceptance),
        ("Hands over", false, &objective.deliverables),
        ("Notes", false, &objective.notes),
    ];
    Row {
        objective,
        index,
        label: format!("{}: {}", objective.id, objective.title),
        lists: lists
            .into_iter()
            .filter(|(.., items)| !items.is_empty())
            .map(|(label, patterns, items)| List { label, patterns, items })
            .collect(),
        retry_word: if objective.retries == 1 { "try" } else { "tries" },
    }
}

fn arrows(plan: &Plan) -> Vec<Arrow> {
    let place = |id: &ObjectiveId| plan.objectives.iter().position(|objective| objective.id == *id);
    let mut arrows: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (to, objective) in plan.objectives.iter().enumerate() {
        arrows.extend(objective.depends_on.iter().filter_map(place).map(|from| (from, to)));
    }
    arrows.into_iter().map(|(from, to)| Arrow { from, to }).collect()
}

fn contract(contract: &Contract) -> ContractRow<'_> {
    ContractRow {
        provider: contract.provider.as_str(),
        consumers: contract.consumers.iter().map(ObjectiveId::as_str).collect(),
        description: &contract.description,
        check: contract.check.as_deref(),
    }
}

/// Everything that the plan would execute, each command once.
fn commands(plan: &Plan) -> Vec<Command<'_>> {
    let mut found: Vec<(&str, Vec<String>)> = Vec::new();
    let mut add = |command, why: String| match found.iter_mut().find(|(c, _)| *c == command) {
        Some((_, whys)) => whys.push(why),
        None => found.push((command, vec![why])),
    };
    for objective in &plan.objectives {
        for gate in &objective.gates {
            add(gate.as_str(), format!("gate of {}", objective.id));
        }
    }
    for contract in &plan.contracts {
        if let Some(check) = &contract.check {
            add(check.as_str(), format!("contract of {}", contract.provider));
        }
    }
    for derived in &plan.derived {
        add(derived.command.as_str(), format!("makes {}", derived.paths.join(", ")));
    }
    found.into_iter().map(|(command, whys)| Command { command, why: whys.join(", ") }).collect()
}
