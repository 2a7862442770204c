//! `.ap/config.toml`: the owner's policy. Every key has a default, so that no file is needed;
//! here it is read, listed and scaffolded.

mod shape;
mod typed;

use std::fmt::Write as _;

pub use shape::{CONFIG, GLOBAL_FORBID};
pub use typed::{
    Breadth, Commits, Gates, Grant, LandVia, MergeStyle, OnReserved, Sandbox, Sign, Worktrees,
};

use super::document::{self, Field, FieldKind, Node};
use super::finding::{Code, Finding, Place};
use super::pattern::Pattern;
use super::team::stream::Limits;

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the file")]
pub struct Config {
    /// What no objective may touch.
    pub global_forbid: Vec<Pattern>,
    /// First component of the branches that git ap makes.
    pub branch_prefix: String,
    /// Whether only a plan that the target holds can be approved.
    pub review_on_target: bool,
    /// Id of the worker that plans; empty: built-in.
    pub planner: String,
    /// How much room a plan gives.
    pub breadth: Breadth,
    /// Whether a read hazard is an error.
    pub read_hazards_are_errors: bool,
    /// Whether scopes that meet only in folded case are an error.
    pub case_is_error: bool,
    /// Commands that must pass.
    pub gates: Gates,
    /// How a wave's commit is made.
    pub merge_style: MergeStyle,
    /// What commits say.
    pub commits: Commits,
    /// How worktrees are made.
    pub worktrees: Worktrees,
    /// The most workers at once; 0: as many as the team allows.
    pub jobs: usize,
    /// What one run of a worker may use.
    pub limits: Limits,
    /// Whether workers are held to their scope by the operating system.
    pub sandbox: Sandbox,
    /// What a commit elsewhere to a reserved path is met with.
    pub on_reserved: OnReserved,
    /// Who may widen the scope of a running objective.
    pub grant: Grant,
    /// How the target gets the work.
    pub land_via: LandVia,
    /// Whether the record is committed when a session lands.
    pub record: bool,
    /// Whether the sections of `AGENTS.md` are kept up to date.
    pub agents_md: bool,
    /// For how many days backups are kept.
    pub backup_days: u32,
}

/// A configuration as far as it could be read, with what is wrong.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The policy: defaults where the text is silent or wrong.
    pub config: Config,
    /// What is wrong with the text.
    pub findings: Vec<Finding>,
    /// Each key of the text with the place of its value.
    pub set: Vec<(String, Place)>,
}

impl Default for Config {
    fn default() -> Self {
        read(&format!("schema = 1\nglobal_forbid = {GLOBAL_FORBID}\n")).config
    }
}

/// Reads the text of `config.toml`.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading { config: typed(None), findings: Vec::new(), set: Vec::new() };
    let root = match document::parse(text) {
        Ok((root, _)) => root,
        Err(error) => {
            let place = Place::of(text, error.span);
            let finding = Finding::error(Code::BadField, error.message)
                .help("write TOML as `git ap schema config` describes it")
                .at(Some(place));
            reading.findings.push(finding);
            reading.config = Config::default();
            return reading;
        }
    };
    reading.findings = document::check(text, &root, &CONFIG);
    reading.config = typed(Some(&root));
    reading.set = set_keys(text, &root);
    match root.get("global_forbid") {
        Some(list) => {
            let (patterns, findings) = patterns(text, list, "global_forbid");
            reading.config.global_forbid = patterns;
            reading.findings.extend(findings);
        }
        None => reading.config.global_forbid = Config::default().global_forbid,
    }
    if let Some(prefix) = root.get("branch_prefix").and_then(Node::as_str) {
        prefix.clone_into(&mut reading.config.branch_prefix);
        if super::plan::branch_name(prefix).is_err() {
            let span = root.get("branch_prefix").map_or(0..0, |n| n.span.clone());
            let finding =
                Finding::error(Code::BadField, "`branch_prefix` cannot begin a branch's name")
                    .help("write a plain word, such as `ap`")
                    .at(Some(Place::of(text, span)));
            reading.findings.push(finding);
        }
    }
    reading
}

/// The tables of a text; patterns and the prefix of branches are read by [`read`].
fn typed(root: Option<&Node>) -> Config {
    let reader = typed::Reader::new(root);
    Config {
        global_forbid: Vec::new(),
        branch_prefix: "ap".to_owned(),
        review_on_target: reader.review_on_target(),
        planner: reader.planner(),
        breadth: reader.breadth(),
        read_hazards_are_errors: reader.is_error("read_hazards"),
        case_is_error: reader.is_error("case"),
        gates: reader.gates(),
        merge_style: reader.merge_style(),
        commits: reader.commits(),
        worktrees: reader.worktrees(),
        jobs: reader.jobs(),
        limits: reader.limits(),
        sandbox: reader.sandbox(),
        on_reserved: reader.on_reserved(),
        grant: reader.grant(),
        land_via: reader.land_via(),
        record: reader.record(),
        agents_md: reader.agents_md(),
        backup_days: reader.backup_days(),
    }
}

/// Parses the items of a list of patterns; what cannot be read is a finding.
fn patterns(text: &str, list: &Node, key: &str) -> (Vec<Pattern>, Vec<Finding>) {
    let (mut good, mut findings) = (Vec::new(), Vec::new());
    for item in list.items() {
        let Some(source) = item.as_str() else { continue };
        match Pattern::parse(source) {
            Ok(pattern) => good.push(pattern),
            Err(error) => {
                let code = if error.too_complex { Code::TooComplex } else { Code::BadPattern };
                let place = Place::of(text, item.inside(text, &error.span));
                let finding = Finding::error(code, format!("`{key}`: {}", error.message))
                    .help(error.help)
                    .patterns([source.to_owned()])
                    .at(Some(place));
                findings.push(finding);
            }
        }
    }
    (good, findings)
}

/// The places of the patterns of `global_forbid`, in their order; none where a text does not set
/// it, or cannot be read.
pub fn global_forbid_places(text: &str) -> Option<Vec<Place>> {
    let (root, _) = document::parse(text).ok()?;
    let items = root.get("global_forbid")?.items().iter();
    Some(items.map(|item| Place::of(text, item.span.clone())).collect())
}

/// The dotted keys that a text sets, with the places of their values.
fn set_keys(text: &str, root: &Node) -> Vec<(String, Place)> {
    let mut keys = Vec::new();
    for entry in root.entries() {
        let inner = CONFIG.fields.iter().find(|f| f.name == entry.key).map(|f| f.kind);
        if let Some(FieldKind::Table(_)) = inner {
            keys.extend(entry.node.entries().iter().map(|e| {
                (format!("{}.{}", entry.key, e.key), Place::of(text, e.node.span.clone()))
            }));
        } else {
            keys.push((entry.key.clone(), Place::of(text, entry.node.span.clone())));
        }
    }
    keys
}

/// Every dotted key with its row, in the documented order; `schema` aside.
pub fn keys() -> Vec<(String, &'static Field)> {
    let mut keys = Vec::new();
    for field in CONFIG.fields.iter().filter(|f| f.name != "schema") {
        match field.kind {
            FieldKind::Table(shape) => {
                keys.extend(shape.fields.iter().map(|f| (format!("{}.{}", field.name, f.name), f)));
            }
            _ => keys.push((field.name.to_owned(), field)),
        }
    }
    keys
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// The text of a new `config.toml`: every key with its meaning and default, commented out.
pub fn scaffold() -> String {
    let mut out = String::from(
        "# Policy of git ap for this repository. Every key is optional; what is commented out\n# shows its default. `git ap config` prints what counts.\n\nschema = 1\n",
    );
    let row = |out: &mut String, field: &Field| {
        let value = if field.default.is_empty() { "…" } else { field.default };
        writeln!(out, "\n# {}\n# {} = {value}", field.doc, field.name).expect(INFALLIBLE);
    };
    for field in CONFIG.fields.iter().filter(|f| f.name != "schema") {
        if let FieldKind::Table(shape) = field.kind {
            writeln!(out, "\n# {}\n[{}]", field.doc, field.name).expect(INFALLIBLE);
            shape.fields.iter().for_each(|f| row(&mut out, f));
        } else {
            row(&mut out, field);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scaffold_is_valid_and_changes_nothing() {
        let text = scaffold();
        let reading = read(&text);
        assert_eq!(reading.findings, [], "{text}");
        assert_eq!(reading.config, Config::default());
        assert_eq!(reading.set.len(), 1, "only `schema` is set: {:?}", reading.set);
    }

    #[test]
    fn the_scaffold_without_its_comment_signs_is_the_defaults() {
        let uncommented: String = scaffold()
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                Some(row) if row.contains(" = …") => None,
                Some(row) if row.split_once(" = ").is_some_and(|(k, _)| !k.contains(' ')) => {
                    Some(format!("{row}\n"))
                }
                Some(_) => None,
                None => Some(format!("{line}\n")),
            })
            .collect();
        let reading = read(&uncommented);
        assert_eq!(reading.findings, [], "{uncommented}");
        assert_eq!(reading.config, Config::default());
        let silent = keys().iter().filter(|(_, f)| f.default.is_empty()).count();
        assert_eq!(reading.set.len(), keys().len() + 1 - silent);
    }

    #[test]
    fn a_wrong_pattern_points_into_the_list() {
        let text = "schema = 1\nglobal_forbid = [\"a\", \"b/**c\"]\n";
        let reading = read(text);
        let place = reading.findings[0].place.as_ref().expect("it has a place");
        assert_eq!((place.line, place.column, &text[place.span.clone()]), (2, 26, "**"));
        assert_eq!(reading.config.global_forbid.len(), 1);
        let places = global_forbid_places(text).expect("it is set");
        assert_eq!(places.iter().map(|p| p.column).collect::<Vec<_>>(), [18, 23]);
        assert_eq!(global_forbid_places("schema = 1\n"), None);
    }
}
