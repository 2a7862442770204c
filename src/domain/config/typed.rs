//! The tables of the policy as values. Each is read with the default that its row in the shape
//! has, so that a default is written down once.

use std::fmt::Write as _;

use super::{CONFIG, INFALLIBLE};
use crate::domain::document::{self, FieldKind, Node};
use crate::domain::team::stream::{Cost, Limits};

/// `[gates]`: commands that must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gates {
    /// On a wave's merged commit.
    pub wave: Vec<String>,
    /// In each objective's worktree.
    pub objective: Vec<String>,
    /// Whether the wave's gates run on the base first.
    pub baseline: bool,
    /// After how many minutes one is stopped.
    pub timeout_minutes: u64,
    /// How often a red one is tried again.
    pub retries: u32,
    /// Whether the objective that turns one red is looked for.
    pub blame: bool,
}

/// `[commit]`: what commits say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commits {
    /// Added to the co-authors of every wave, as `Name <mail>`.
    pub co_authors: Vec<String>,
    /// Whether commits are signed.
    pub sign: Sign,
}

/// Whether the commits that git ap makes are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// As git's own configuration says.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `[worktree]`: how worktrees are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktrees {
    /// Where, with `{{repo}}`, `{{slug}}` and `{{objective}}` to be filled in.
    pub path: String,
    /// Untracked files to copy into each.
    pub copy: Vec<String>,
    /// Untracked files to link into each.
    pub link: Vec<String>,
    /// Commands to run in each.
    pub setup: Vec<String>,
    /// Variables for set-up, gates and workers.
    pub env: Vec<(String, String)>,
    /// Whether submodules are checked out.
    pub submodules: bool,
}

/// How a wave's commit is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeStyle {
    /// With the objectives' tips as parents.
    Octopus,
    /// With the old integration tip alone.
    Squash,
}

/// What a commit elsewhere to a reserved path is met with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReserved {
    /// One line of warning.
    Warn,
    /// A refusal.
    Block,
    /// Nothing.
    Off,
}

/// Who may widen the scope of a running objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The owner of the plan.
    Owner,
    /// Whoever asks, where nobody holds it.
    Free,
    /// Nobody.
    Never,
}

/// Whether workers are held to their scope by the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// As far as it can.
    Auto,
    /// They are, or they do not run.
    Scope,
    /// They are not.
    Off,
}

impl Sandbox {
    /// Every policy with the word for it.
    pub const NAMES: [(&'static str, Sandbox); 3] =
        [("auto", Sandbox::Auto), ("scope", Sandbox::Scope), ("off", Sandbox::Off)];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, sandbox)| *sandbox == self);
        named.map_or("", |(name, _)| *name)
    }
}

/// How the target gets the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandVia {
    /// The integration branch as it is.
    Merge,
    /// One commit.
    Squash,
    /// A pull request.
    PullRequest,
}

/// How much room a plan gives: more of what the work will need against less of what others have
/// to stay away from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breadth {
    /// The files that the request most likely changes.
    Narrow,
    /// Those, and what mostly changes with them.
    #[default]
    Normal,
    /// Everything that the work might need.
    Wide,
}

impl Breadth {
    /// Every breadth with its name in the configuration and on the command line.
    pub const NAMES: [(&str, Breadth); 3] =
        [("narrow", Breadth::Narrow), ("normal", Breadth::Normal), ("wide", Breadth::Wide)];
}

/// Reads typed values by dotted key. Values of a wrong kind are findings already; here they
/// are as if they were not there.
pub(super) struct Reader<'a> {
    root: Option<&'a Node>,
    defaults: Node,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: Option<&'a Node>) -> Self {
        Self { root, defaults: defaults() }
    }

    fn value<T>(&self, table: &str, key: &str, read: impl Fn(&Node) -> Option<T>) -> T {
        let given = self.root.and_then(|r| r.get(table)).and_then(|t| t.get(key));
        let default = || self.defaults.get(table).and_then(|t| t.get(key)).and_then(&read);
        given.and_then(&read).or_else(default).expect("every key that is read has a default")
    }

    fn text(&self, table: &str, key: &str) -> String {
        self.value(table, key, |n| n.as_str().map(str::to_owned))
    }

    fn texts(&self, table: &str, key: &str) -> Vec<String> {
        let item = |n: &Node| n.as_str().map(str::to_owned);
        self.value(table, key, |n| n.items().iter().map(item).collect())
    }

    fn boolean(&self, table: &str, key: &str) -> bool {
        self.value(table, key, Node::as_bool)
    }

    /// The bounds of the key's row keep the number within the type.
    fn number<T: TryFrom<i64>>(&self, table: &str, key: &str) -> T {
        self.value(table, key, |n| T::try_from(n.as_integer()?).ok())
    }

    pub(super) fn jobs(&self) -> usize {
        self.number("run", "jobs")
    }

    /// What a run of a worker may use; these keys have no default.
    pub(super) fn limits(&self) -> Limits {
        let of = |key: &str| self.root.and_then(|r| r.get("run")).and_then(|t| t.get(key));
        Limits {
            turns: of("max_turns").and_then(Node::as_integer).and_then(|n| u64::try_from(n).ok()),
            cost: of("max_cost").and_then(Node::as_number).and_then(Cost::of),
        }
    }

    /// One of the words of the key's row.
    fn choice<T: Copy>(&self, table: &str, key: &str, words: &[(&str, T)]) -> T {
        self.value(table, key, |n| words.iter().find(|(w, _)| n.as_str() == Some(w)).map(|w| w.1))
    }

    /// `[plan] review = "target"`.
    pub(super) fn review_on_target(&self) -> bool {
        self.text("plan", "review") == "target"
    }

    pub(super) fn planner(&self) -> String {
        self.text("plan", "planner")
    }

    pub(super) fn breadth(&self) -> Breadth {
        self.choice("plan", "breadth", &Breadth::NAMES)
    }

    /// Whether a level of `[check]` is "error".
    pub(super) fn is_error(&self, key: &str) -> bool {
        self.text("check", key) == "error"
    }

    pub(super) fn gates(&self) -> Gates {
        Gates {
            wave: self.texts("gates", "wave"),
            objective: self.texts("gates", "objective"),
            baseline: self.boolean("gates", "baseline"),
            timeout_minutes: self.number("gates", "timeout_minutes"),
            retries: self.number("gates", "retries"),
            blame: self.boolean("gates", "blame"),
        }
    }

    pub(super) fn commits(&self) -> Commits {
        let signs = [("auto", Sign::Auto), ("always", Sign::Always), ("never", Sign::Never)];
        Commits {
            co_authors: self.texts("commit", "co_authors"),
            sign: self.choice("commit", "sign", &signs),
        }
    }

    pub(super) fn worktrees(&self) -> Worktrees {
        let pair = |e: &document::Entry| Some((e.key.clone(), e.node.as_str()?.to_owned()));
        Worktrees {
            path: self.text("worktree", "path"),
            copy: self.texts("worktree", "copy"),
            link: self.texts("worktree", "link"),
            setup: self.texts("worktree", "setup"),
            env: self.value("worktree", "env", |n| n.entries().iter().map(pair).collect()),
            submodules: self.boolean("worktree", "submodules"),
        }
    }

    pub(super) fn merge_style(&self) -> MergeStyle {
        let words = [("octopus", MergeStyle::Octopus), ("squash", MergeStyle::Squash)];
        self.choice("merge", "style", &words)
    }

    pub(super) fn grant(&self) -> Grant {
        let words = [("owner", Grant::Owner), ("free", Grant::Free), ("never", Grant::Never)];
        self.choice("scope", "grant", &words)
    }

    pub(super) fn sandbox(&self) -> Sandbox {
        self.choice("run", "sandbox", &Sandbox::NAMES)
    }

    pub(super) fn on_reserved(&self) -> OnReserved {
        let words =
            [("warn", OnReserved::Warn), ("block", OnReserved::Block), ("off", OnReserved::Off)];
        self.choice("hooks", "reserved", &words)
    }

    pub(super) fn land_via(&self) -> LandVia {
        let words =
            [("merge", LandVia::Merge), ("squash", LandVia::Squash), ("pr", LandVia::PullRequest)];
        self.choice("land", "via", &words)
    }

    pub(super) fn record(&self) -> bool {
        self.boolean("record", "commit")
    }

    pub(super) fn agents_md(&self) -> bool {
        self.boolean("docs", "agents_md")
    }

    pub(super) fn backup_days(&self) -> u32 {
        self.number("backup", "days")
    }
}

/// The defaults of the shape as a document.
fn defaults() -> Node {
    let mut text = String::new();
    for field in CONFIG.fields {
        let FieldKind::Table(shape) = field.kind else { continue };
        writeln!(text, "[{}]", field.name).expect(INFALLIBLE);
        for field in shape.fields.iter().filter(|f| !f.default.is_empty()) {
            writeln!(text, "{} = {}", field.name, field.default).expect(INFALLIBLE);
        }
    }
    document::parse(&text).expect("the defaults are TOML").0
}
