//! The planner that needs no model: chooses files by the shape of their scores, divides them
//! along directories and imports, and gives each part the tightest scope that it can work in.

mod affinity;
mod brought;
mod choose;
mod companions;
mod describe;
mod groups;
mod newcomer;
mod order;
mod restart;
mod room;
mod special;
mod territory;
mod tests_of;

use crate::analysis::Analysis;
use crate::analysis::lexicon::Lexicon;
use crate::domain::config::Breadth;
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::{Plan, SCHEMA, TaskType};

use choose::Choice;
use groups::Group;

/// What a plan needs beside the facts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The plan's id.
    pub id: PlanId,
    /// The commit that was analysed, as a full object id.
    pub base: String,
    /// The branch to land on.
    pub target: Option<String>,
    /// Patterns that no objective may touch; what cannot be read is left to the check.
    pub global_forbid: Vec<String>,
    /// The most objectives wanted, at least one.
    pub max_objectives: usize,
    /// How many files a plan is about.
    pub breadth: Breadth,
}

/// A plan and what its reader should know of how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The plan.
    pub plan: Plan,
    /// What was assumed, left out or decided against, in plain words.
    pub notes: Vec<String>,
    /// The existing files that the plan is about, by their index in the analysis.
    pub files: Vec<usize>,
}

/// Makes a plan. The same facts, request and options give the same plan, byte for byte.
pub fn plan(analysis: &Analysis, options: &Options) -> Draft {
    let ground = Ground::new(analysis, &options.global_forbid);
    let mut notes = analysis.notes.clone();
    let mut told = Vec::new();
    let (mut groups, strategy) = divide(&ground, options, &mut told, &mut notes);
    let dependencies = order::arrange(&ground, &mut groups, &mut notes);
    let waves = order::waves(&dependencies);
    let (groups, dependencies, waves) = order::sorted(groups, &dependencies, &waves);
    let mut territories = territory::settle(&ground, &groups);
    room::add(&ground, &groups, &mut territories);
    let ids: Vec<ObjectiveId> = (1..=groups.len())
        .map(|n| ObjectiveId::parse(&format!("T{n}")).expect("a letter and a number are an id"))
        .collect();
    let written = describe::Writer {
        ground: &ground,
        groups: &groups,
        ids: &ids,
        dependencies: &dependencies,
        waves: &waves,
    };
    let objectives = written.objectives(&territories);
    let contracts = written.contracts();
    let strategy = format!("{strategy}{}", describe::waves_in_words(&waves, !contracts.is_empty()));
    let plan = Plan {
        schema: SCHEMA,
        id: options.id.clone(),
        request: analysis.request.text.clone(),
        task_type: analysis.task_type,
        target: options.target.clone(),
        base: Some(options.base.clone()),
        strategy,
        derived: special::derived(&ground, &objectives, &mut notes),
        shared: special::shared(&ground, &groups, &territories, &told, &mut notes),
        objectives,
        contracts,
    };
    let files = groups.iter().flat_map(|group| group.all().collect::<Vec<_>>()).collect();
    Draft { plan, notes, files }
}

/// Divides the work and says how; what every part may add a line to goes to `shared`.
fn divide(
    ground: &Ground<'_>,
    options: &Options,
    shared: &mut Vec<usize>,
    notes: &mut Vec<String>,
) -> (Vec<Group>, String) {
    let most = options.max_objectives.max(1);
    if ground.analysis.task_type == TaskType::Reset
        && let Some(groups) = restart::groups(ground, most)
    {
        return (groups, "one objective a module, each rewritten as a whole".to_owned());
    }
    match choose::choose(ground, options.breadth) {
        Choice::New { topic, aware, told } => {
            let mut group = newcomer::group(ground, &topic, notes);
            let alone = format!("one objective with new files below {}", group.place);
            let aware: Vec<usize> =
                aware.into_iter().filter(|file| !group.files.contains(file)).collect();
            let (mut groups, strategy) = if aware.is_empty() || most == 1 {
                group.files.extend(aware);
                (Vec::new(), alone)
            } else {
                let mut groups = groups::divide(ground, &aware, most - 1);
                for group in &mut groups {
                    group.rank += 1;
                }
                let strategy = "what is new has a place of its own; what has to know of it follows";
                (groups, strategy.to_owned())
            };
            groups.insert(0, group);
            tell(ground, &mut groups, told, shared);
            (groups, strategy)
        }
        Choice::Files { files, told, whole } => {
            if whole {
                notes.push(
                    "what the request names is used in several places that have to change \
                     together, so the work is not divided"
                        .to_owned(),
                );
            }
            let most = if whole { 1 } else { most };
            let mut groups = groups::divide(ground, &files, most);
            tell(ground, &mut groups, told, shared);
            let strategy = describe::division_in_words(ground, &groups);
            (groups, strategy)
        }
    }
}

/// Files in which changes are told go to the only part that there is, or are everybody's: those
/// that were chosen and those that the history of the parts asks for.
fn tell(ground: &Ground<'_>, groups: &mut [Group], told: Vec<usize>, shared: &mut Vec<usize>) {
    let mut all = told;
    for file in special::told_with(ground, groups) {
        if !all.contains(&file) {
            all.push(file);
        }
    }
    match groups {
        [only] => only.files.extend(all),
        _ => shared.extend(all),
    }
}

/// The facts, and where objectives may not go.
struct Ground<'a> {
    analysis: &'a Analysis,
    lexicon: Lexicon,
    forbidden: Vec<Pattern>,
}

impl<'a> Ground<'a> {
    fn new(analysis: &'a Analysis, global_forbid: &[String]) -> Self {
        let forbidden = global_forbid.iter().filter_map(|p| Pattern::parse(p).ok()).collect();
        Self { analysis, lexicon: Lexicon::new(&analysis.request), forbidden }
    }

    /// Whether a name holds a word of what the request is about.
    fn is_asked(&self, name: &str) -> bool {
        let request = &self.analysis.request;
        self.lexicon.terms_in(name).into_iter().any(|term| request.is_subject(term))
    }

    /// Whether an objective may be given a path.
    fn is_free(&self, path: &RepoPath) -> bool {
        !self.forbidden.iter().any(|pattern| pattern.matches(path))
    }

    fn path(&self, file: usize) -> &'a RepoPath {
        &self.analysis.files[file].path
    }

    fn text(&self, file: usize) -> String {
        self.path(file).to_lossy().into_owned()
    }

    /// The directory of the innermost module that holds a file, empty for the root.
    fn module(&self, file: usize) -> &str {
        let module = self.analysis.inventory.module_of(&self.text(file));
        module.map_or("", |module| module.directory.as_str())
    }

    /// Whether a tracked file has this path.
    fn exists(&self, path: &RepoPath) -> bool {
        self.analysis.files.binary_search_by(|file| file.path.cmp(path)).is_ok()
    }

    /// Indices of the tracked files below a directory, or of all for `None`.
    fn below<'s>(&'s self, directory: Option<&'s RepoPath>) -> impl Iterator<Item = usize> + 's {
        // Files are sorted bytewise, so those below a directory stand together.
        let files = &self.analysis.files;
        let start = directory.map_or(0, |directory| {
            let first = [directory.as_bytes(), b"/"].concat();
            files.partition_point(|file| file.path.as_bytes() < first.as_slice())
        });
        (start..files.len())
            .take_while(move |index| directory.is_none_or(|d| files[*index].path.is_below(d)))
    }
}

#[cfg(test)]
mod tests;
