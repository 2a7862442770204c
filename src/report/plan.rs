//! A plan as its template sees it: the fields of plan.toml, and what a reviewer wants beside
//! them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::UP;
use super::graph::{arrows, graph};
use super::today::{Owner, Place, Today};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::{Contract, Derived, Objective, Plan, Shared};

/// Characters of the request's first line in the title.
const TITLE: usize = 120;

#[derive(Serialize)]
pub(super) struct View<'a> {
    plan: Head<'a>,
    /// What a path's link begins with.
    up: &'static str,
    graph: String,
    /// Whether somebody owns something.
    owned: bool,
    owners_file: Option<String>,
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
    /// Of all objectives together.
    minutes: u64,
    /// If the objectives of a wave run at the same time; none where that is no difference.
    minutes_parallel: Option<u64>,
    /// Whether there is more than one objective.
    several: bool,
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
    wave: u32,
    places: Vec<Place<'a>>,
    owners: Vec<Owner>,
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
    pub(super) fn new(plan: &'a Plan, waves: &[u32], today: Option<&Today>) -> Self {
        let unknown = Today::default();
        let known = today.unwrap_or(&unknown);
        let row = |(index, objective): (usize, &'a Objective)| {
            let number = waves.get(index).copied().filter(|wave| *wave > 0);
            let wave = number.or(objective.wave).unwrap_or(1);
            let places = match today {
                Some(today) => today.places(objective),
                None => objective.touch.iter().map(|pattern| Place::unknown(pattern)).collect(),
            };
            Row { wave, places, owners: known.owners(objective), ..row(index, objective) }
        };
        let rows: Vec<Row<'a>> = plan.objectives.iter().enumerate().map(row).collect();
        let mut grouped: BTreeMap<u32, Vec<Row<'a>>> = BTreeMap::new();
        for row in &rows {
            grouped.entry(row.wave).or_default().push(row.clone());
        }
        let waves_made: Vec<Wave<'a>> =
            grouped.into_iter().map(|(number, objectives)| Wave { number, objectives }).collect();
        Self {
            plan: head(plan, &waves_made),
            up: UP,
            graph: graph(plan, waves).trim_end().to_owned(),
            owned: rows.iter().any(|row| !row.owners.is_empty()),
            owners_file: known.owners_file(),
            waves: waves_made,
            arrows: arrows(plan).into_iter().map(|(from, to)| Arrow { from, to }).collect(),
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

fn head<'a>(plan: &'a Plan, waves: &[Wave<'a>]) -> Head<'a> {
    let (request_line, request_more) = title(&plan.request);
    let wave_count = waves.len();
    let minutes = |row: &Row<'_>| u64::from(row.objective.estimate_minutes);
    let longest = |wave: &Wave<'_>| wave.objectives.iter().map(minutes).max().unwrap_or(0);
    let all: u64 = waves.iter().flat_map(|wave| &wave.objectives).map(minutes).sum();
    let parallel: u64 = waves.iter().map(longest).sum();
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
        minutes: all,
        minutes_parallel: Some(parallel).filter(|parallel| *parallel < all),
        several: plan.objectives.len() > 1,
    }
}

fn row(index: usize, objective: &Objective) -> Row<'_> {
    let lists = [
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
        wave: 1,
        places: Vec::new(),
        owners: Vec::new(),
        lists: lists
            .into_iter()
            .filter(|(.., items)| !items.is_empty())
            .map(|(label, patterns, items)| List { label, patterns, items })
            .collect(),
        retry_word: if objective.retries == 1 { "try" } else { "tries" },
    }
}

fn contract(contract: &Contract) -> ContractRow<'_> {
    ContractRow {
        provider: contract.provider.as_str(),
        consumers: contract.consumers.iter().map(ObjectiveId::as_str).collect(),
        description: &contract.description,
        check: contract.check.as_deref(),
    }
}

/// Everything that the plan would execute, each command once, with what it is for.
fn commands(plan: &Plan) -> Vec<Command<'_>> {
    let mut found: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    let mut add = |command, role, whose: String| {
        let why = (role, whose);
        match found.iter_mut().find(|(known, _)| *known == command) {
            Some((_, whys)) => whys.push(why),
            None => found.push((command, vec![why])),
        }
    };
    for objective in &plan.objectives {
        for gate in &objective.gates {
            add(gate.as_str(), "gate of", objective.id.to_string());
        }
    }
    for contract in &plan.contracts {
        if let Some(check) = &contract.check {
            add(check.as_str(), "contract of", contract.provider.to_string());
        }
    }
    for derived in &plan.derived {
        add(derived.command.as_str(), "makes", derived.paths.join(", "));
    }
    found.into_iter().map(|(command, whys)| Command { command, why: joined(&whys) }).collect()
}

/// `gate of T1, T2, contract of T1`: what is said in a row is said once.
fn joined(whys: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut before = "";
    for (role, whose) in whys {
        if !out.is_empty() {
            out.push_str(", ");
        }
        if *role != before {
            out.push_str(role);
            out.push(' ');
        }
        out.push_str(whose);
        before = role;
    }
    out
}
