//! The last word of a worker that is spoken to over a protocol: what its answer to the objective
//! was. It is a claim like any other, and says more than the exit code of a server.

/// What a conversation with a worker came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It says that it is done. What it did the tree shows.
    Well,
    /// It says that it failed; why.
    Failed(String),
    /// The model behind it did not answer; what it said instead.
    Model(String),
    /// It ended what it did because it was asked to.
    Cancelled,
    /// It broke the protocol, or ended in the midst of it; how.
    Broken(String),
}

impl Word {
    /// What is wrong, in words that follow its name; none: nothing.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Well => None,
            Self::Failed(why) => Some(format!("says that it failed: {why}")),
            Self::Model(why) => Some(format!("got no answer from its model: {why}")),
            Self::Cancelled => Some("gave up: it says that it was cancelled".to_owned()),
            Self::Broken(how) => Some(how.clone()),
        }
    }
}
