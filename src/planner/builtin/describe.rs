//! Says what each objective is, from what was counted: titles, context, how one sees that it
//! is done, and what it owes to the others.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::groups::{Group, Part};
use super::order::Dependencies;
use super::territory::Territory;
use super::{Ground, brought};
use crate::analysis::gates::best;
use crate::analysis::language::Role;
use crate::domain::id::ObjectiveId;
use crate::domain::path::quote;
use crate::domain::plan::{Complexity, Contract, Objective, Priority, TaskType};
use crate::planner::scopes::literal;

/// Characters of the request in a title.
const TITLE: usize = 72;
/// Files explained to a worker.
const CONTEXT: usize = 6;
/// Names listed in one line.
const NAMES: usize = 6;
/// Importers from which on a file is one that many rely on.
const RELIED_ON: usize = 5;

/// Writes the objectives of parts that are divided and ordered.
pub(super) struct Writer<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) groups: &'a [Group],
    pub(super) ids: &'a [ObjectiveId],
    pub(super) dependencies: &'a Dependencies,
    pub(super) waves: &'a [u32],
}

/// The names that one part uses of a file of another.
struct Use {
    from: usize,
    to: usize,
    file: usize,
    symbols: BTreeSet<String>,
}

impl Writer<'_> {
    pub(super) fn objectives(&self, territories: &[Territory]) -> Vec<Objective> {
        let uses = self.uses();
        (0..self.groups.len()).map(|i| self.objective(i, &territories[i], &uses)).collect()
    }

    fn objective(&self, index: usize, territory: &Territory, uses: &[Use]) -> Objective {
        let group = &self.groups[index];
        let mut objective =
            Objective::new(self.ids[index].clone(), self.title(group), territory.touch.clone());
        objective.forbid.clone_from(&territory.forbid);
        objective.creates = territory.creates;
        objective.wave = Some(self.waves[index]);
        objective.depends_on =
            self.dependencies[index].iter().map(|d| self.ids[*d].clone()).collect();
        objective.read = self.read(index, uses);
        objective.context = self.context(group);
        objective.integration_points = self.integration_points(index, uses);
        objective.constraints = self.constraints(group);
        objective.acceptance = self.acceptance(group);
        objective.gates = self.gates(group);
        let (complexity, minutes) = self.effort(group);
        objective.complexity = complexity;
        objective.estimate_minutes = minutes;
        objective.timeout_minutes = (2 * minutes).max(60);
        let consumers = uses.iter().filter(|u| u.to == index).map(|u| u.from);
        if consumers.collect::<BTreeSet<_>>().len() > 1 {
            objective.priority = Priority::High;
        }
        objective
    }

    fn title(&self, group: &Group) -> String {
        let headline = self.ground.analysis.request.headline(TITLE);
        let headline =
            if headline.is_empty() { "Carry out the request".to_owned() } else { headline };
        match group.part {
            _ if self.groups.len() == 1 => headline,
            Part::Docs => format!("docs: {headline}"),
            Part::Code | Part::New | Part::Module => format!("{}: {headline}", self.label(group)),
        }
    }

    /// What a part is called beside the others: the name of its directory, else of its best file;
    /// where another is called the same, that file's path.
    fn label(&self, group: &Group) -> String {
        let short = |group: &Group| {
            let directory = group.place.strip_suffix('/').and_then(|place| {
                let named = |part: &&str| !matches!(*part, "src" | "lib" | "packages" | "crates");
                place.rsplit('/').find(named).map(str::to_owned)
            });
            let file = || {
                let name = self.ground.text(self.face(group)?);
                let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                Some(name.split_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned()))
            };
            directory.or_else(file).unwrap_or_else(|| group.place.clone())
        };
        let label = short(group);
        let alike = self.groups.iter().filter(|other| short(other) == label).count();
        if alike == 1 {
            return quote(label.as_bytes()).to_string();
        }
        let best = self.face(group).map(|file| self.ground.path(file).to_string());
        best.unwrap_or_else(|| group.place.clone())
    }

    /// The best source file of a part, else its best file.
    pub(super) fn face(&self, group: &Group) -> Option<usize> {
        let facts = &self.ground.analysis.facts;
        let source = group.files.iter().find(|file| facts[**file].role == Role::Source);
        source.or(group.files.first()).copied()
    }

    /// Imports between parts, by user, provider and file.
    fn uses(&self) -> Vec<Use> {
        let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, group) in self.groups.iter().enumerate() {
            owner.extend(group.files.iter().map(|file| (*file, index)));
        }
        let mut uses: BTreeMap<(usize, usize, usize), BTreeSet<String>> = BTreeMap::new();
        for edge in &self.ground.analysis.graph.edges {
            let (Some(from), Some(to)) = (owner.get(&edge.from), owner.get(&edge.to)) else {
                continue;
            };
            if from != to {
                uses.entry((*from, *to, edge.to)).or_default().extend(edge.symbols.iter().cloned());
            }
        }
        uses.into_iter()
            .map(|((from, to, file), symbols)| Use { from, to, file, symbols })
            .collect()
    }

    fn read(&self, index: usize, uses: &[Use]) -> Vec<String> {
        // In one wave a contract says what stays as it is.
        let apart = |u: &&Use| u.from == index && self.waves[u.from] != self.waves[u.to];
        let mut files: BTreeSet<usize> = uses.iter().filter(apart).map(|u| u.file).collect();
        files.extend(brought::faces(self, index));
        files.into_iter().map(|file| literal(self.ground.path(file))).collect()
    }

    fn integration_points(&self, index: usize, uses: &[Use]) -> Vec<String> {
        let mut points = Vec::new();
        for used in uses.iter().filter(|u| u.from == index || u.to == index) {
            let path = self.ground.path(used.file);
            let names = names(&used.symbols);
            let what =
                if names.is_empty() { format!("{path}") } else { format!("{names} ({path})") };
            let (consumer, provider) = (&self.ids[used.from], &self.ids[used.to]);
            // In a cycle one side goes first: it builds on what is there already.
            let order = self.waves[used.from].cmp(&self.waves[used.to]);
            points.push(match (used.to == index, order) {
                (true, Ordering::Greater) => format!("provides {what} for {consumer}"),
                (false, Ordering::Greater) => format!("uses {what} of {provider}"),
                (true, Ordering::Equal) => format!("keeps {what} as it is for {consumer}"),
                (false, Ordering::Equal) => format!("uses {what}, which {provider} keeps as it is"),
                (true, Ordering::Less) => {
                    format!("{consumer} builds on {what} as it was before: keep that")
                }
                (false, Ordering::Less) => {
                    format!("uses {what} as it is now, before {provider} changes it")
                }
            });
        }
        points.extend(brought::points(self, index));
        if self.groups[index].part == Part::Docs {
            let described = &self.dependencies[index];
            points.extend(
                described.iter().map(|d| format!("describes what {} changes", self.ids[*d])),
            );
        }
        points
    }

    pub(super) fn contracts(&self) -> Vec<Contract> {
        /// Who uses a file, and what of it.
        type Users = (BTreeSet<usize>, BTreeSet<String>);
        let mut shared: BTreeMap<(usize, usize, bool), Users> = BTreeMap::new();
        for used in self.uses() {
            // What comes later cannot be promised to what came before.
            let order = self.waves[used.from].cmp(&self.waves[used.to]);
            if order != Ordering::Less && !used.symbols.is_empty() {
                let at_once = order == Ordering::Equal;
                let (users, symbols) = shared.entry((used.to, used.file, at_once)).or_default();
                users.insert(used.from);
                symbols.extend(used.symbols);
            }
        }
        let known =
            shared.into_iter().map(|((provider, file, at_once), (users, symbols))| Contract {
                provider: self.ids[provider].clone(),
                consumers: users.into_iter().map(|user| self.ids[user].clone()).collect(),
                description: format!("{} of {}", names(&symbols), self.ground.path(file)),
                check: if at_once { self.whole_gate() } else { None },
            });
        brought::contracts(self).into_iter().chain(known).collect()
    }

    /// Why these files, for somebody who starts here.
    fn context(&self, group: &Group) -> Vec<String> {
        let analysis = self.ground.analysis;
        let chosen: BTreeSet<usize> = group.all().collect();
        let near = |r: &&crate::analysis::search::Ranked| match group.part {
            // The files beside a new place are what shows how things are done here.
            Part::New => analysis.facts[r.file].role == Role::Source,
            Part::Code | Part::Docs | Part::Module => chosen.contains(&r.file),
        };
        let line = |r: &crate::analysis::search::Ranked| {
            format!("{}: {}", self.ground.path(r.file), r.why.join("; "))
        };
        analysis.ranked.iter().filter(near).take(CONTEXT).map(line).collect()
    }

    fn constraints(&self, group: &Group) -> Vec<String> {
        let graph = &self.ground.analysis.graph;
        let chosen: BTreeSet<usize> = group.all().collect();
        let mut lines = Vec::new();
        for file in &group.files {
            let outside = graph.into(*file).filter(|edge| !chosen.contains(&edge.from));
            let mut symbols = BTreeSet::new();
            let mut importers = 0;
            for edge in outside {
                importers += 1;
                symbols.extend(edge.symbols.iter().cloned());
            }
            if importers >= RELIED_ON {
                let names = names(&symbols);
                let what = if names.is_empty() { String::new() } else { format!(" ({names})") };
                lines.push(format!(
                    "{importers} files outside this objective import {}: keep what they use{what}",
                    self.ground.path(*file)
                ));
            }
        }
        lines.truncate(3);
        lines
    }

    fn acceptance(&self, group: &Group) -> Vec<String> {
        let tests: Vec<String> =
            group.tests.iter().take(3).map(|t| self.ground.path(*t).to_string()).collect();
        let known =
            if tests.is_empty() { String::new() } else { format!(" ({})", tests.join(", ")) };
        let mut lines = Vec::new();
        match (group.part, self.ground.analysis.task_type) {
            (Part::Docs, _) => lines.push("the texts say what the code now does".to_owned()),
            (_, TaskType::Bug) => {
                lines.push(format!("a test fails before the change and passes after it{known}"));
            }
            (_, TaskType::Refactor) => {
                lines.push(format!(
                    "behaviour is unchanged: existing tests pass as they are{known}"
                ));
            }
            (_, TaskType::Feature | TaskType::Enhancement | TaskType::Reset) => {
                lines.push(format!("tests cover what was added or changed{known}"));
            }
        }
        for gate in self.gates(group) {
            lines.push(format!("`{gate}` passes"));
        }
        lines
    }

    /// What would show that parts which worked at once do not fit.
    fn whole_gate(&self) -> Option<String> {
        best(&self.ground.analysis.inventory.gates, "").map(|gate| gate.command.clone())
    }

    /// The project's own command for the module, else for the whole.
    fn gates(&self, group: &Group) -> Vec<String> {
        if group.part == Part::Docs {
            return Vec::new();
        }
        let gates = &self.ground.analysis.inventory.gates;
        let file = group.files.first();
        let module = file.map_or("", |file| self.ground.module(*file));
        best(gates, module).map(|gate| gate.command.clone()).into_iter().collect()
    }

    /// From what was counted: files, their lines, and who else relies on them.
    fn effort(&self, group: &Group) -> (Complexity, u32) {
        let analysis = self.ground.analysis;
        let files = u32::try_from(group.all().count()).unwrap_or(u32::MAX);
        let lines: u32 =
            group.files.iter().map(|f| analysis.facts[*f].lines).fold(0, u32::saturating_add);
        let users = group.files.iter().map(|f| analysis.graph.fan_in(*f)).max().unwrap_or(0);
        let complexity =
            if group.part == Part::Docs || (files <= 2 && lines <= 500 && users < RELIED_ON) {
                Complexity::Low
            } else if files > 8 || lines > 6000 || users >= 25 || group.part == Part::Module {
                Complexity::High
            } else {
                Complexity::Medium
            };
        let new = if group.part == Part::New { 30 } else { 0 };
        let minutes = 10 + new + 4_u32.saturating_mul(files.min(40)) + lines.min(8000) / 200;
        (complexity, minutes.div_ceil(5).saturating_mul(5).clamp(10, 240))
    }
}

/// Names in one line.
pub(super) fn names(symbols: &BTreeSet<String>) -> String {
    let mut list: Vec<&str> = symbols.iter().take(NAMES).map(String::as_str).collect();
    if symbols.len() > NAMES {
        list.push("…");
    }
    list.join(", ")
}

/// How the work was divided.
pub(super) fn division_in_words(ground: &Ground<'_>, groups: &[Group]) -> String {
    match groups {
        [one] => format!("one objective: {}", one.place),
        groups => {
            let modules: BTreeSet<&str> = groups
                .iter()
                .filter_map(|group| group.files.first())
                .map(|file| ground.module(*file))
                .collect();
            let by = if modules.len() > 1 { "modules and directories" } else { "directories" };
            format!("{} objectives, divided by {by}", groups.len())
        }
    }
}

/// How many waves, and why.
pub(super) fn waves_in_words(waves: &[u32], promised: bool) -> String {
    let last = waves.iter().copied().max().unwrap_or(1);
    match (waves.len(), last) {
        (0 | 1, _) => String::new(),
        (_, 1) if promised => {
            "; what one uses of another stays as it is, so all run together".to_owned()
        }
        (_, 1) => "; none imports another, so all run together".to_owned(),
        (_, last) => {
            format!("; {last} waves, because later ones build on what earlier ones change")
        }
    }
}
