//! What can go wrong, by whose fault it is. The kind decides the exit code, the hint is one
//! command to run next; how it looks is the business of `ui`.

use std::fmt;

/// Whose fault a failure is, and with that the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The command line says something that cannot be meant. Exit code 2.
    Usage,
    /// The request cannot be carried out as asked. Exit code 1.
    User,
    /// The repository is of a kind or in a state that is refused. Exit code 1.
    Repository,
    /// Two changes meet and neither may win. Exit code 1.
    Conflict,
    /// The operating system refused a read or a write. Exit code 1.
    Io,
    /// The plan or a configuration file has errors. Exit code 3.
    Plan,
    /// A change lies outside its scope. Exit code 4.
    Violation,
    /// A gate or a contract failed. Exit code 5.
    Gate,
    /// A worker failed, or waits for the owner. Exit code 6.
    Worker,
    /// git ap itself is wrong. Exit code 70 (`EX_SOFTWARE` of sysexits.h).
    Bug,
}

impl Kind {
    /// The process exit code of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::User | Kind::Repository | Kind::Conflict | Kind::Io => 1,
            Kind::Plan => 3,
            Kind::Violation => 4,
            Kind::Gate => 5,
            Kind::Worker => 6,
            Kind::Bug => 70,
        }
    }
}

/// A refusal or failure that a person can act on.
///
/// `message` names the object in backticks, in lower case and without a final period; `hint`
/// is a command or a single instruction. Both may hold text from a repository or a plan:
/// whoever prints them escapes control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: Kind,
    /// What happened.
    pub message: String,
    /// What to do next, if there is one thing to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The same failure with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
