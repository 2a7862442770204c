//! Asking for more while an objective is worked on: what was asked, and what the plan, the other
//! objectives and other sessions say to it.

use serde::{Deserialize, Serialize};

use super::foreseen::{foreseen, has_room, holders, waits};
use super::{Place, Session};
use crate::domain::error::{Failure, Kind};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::overlap::{Case, Language, TooComplex};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::Plan;
use crate::domain::reservation::{Hold, Reservation, meeting};
use crate::domain::scope::{Rules, Scope, Verdict};

/// What an objective has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number of its line in the journal: its name.
    pub seq: u64,
    /// Who asks.
    pub objective: ObjectiveId,
    /// For what, as patterns.
    pub patterns: Vec<String>,
    /// What for, in words; may be empty.
    pub why: String,
    /// When, RFC 3339.
    pub time: String,
    /// What became of it.
    pub state: Asked,
    /// The waves of the objectives that it moved, as they were before.
    pub taken_from: Vec<Place>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is free, and the owner of the plan has not said anything.
    Open,
    /// Somebody else holds it, and the objective waits until they have merged.
    Waiting {
        /// Who holds it.
        holder: Holding,
        /// Whether the owner of the plan has agreed for then.
        consented: bool,
    },
    /// It is part of the scope now.
    Granted,
    /// It is not given.
    Denied {
        /// Why, in words.
        reason: String,
    },
    /// Nobody asks for it any more.
    Withdrawn,
}

impl Asked {
    /// The word that stands for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting { .. } => "waiting",
            Self::Granted => "granted",
            Self::Denied { .. } => "denied",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether it is not given.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// Whether nobody has decided yet.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Open | Self::Waiting { .. })
    }
}

impl Request {
    /// What became of it, in a sentence without the objective's name.
    pub fn describe(&self) -> String {
        let what: Vec<String> = self.patterns.iter().map(|p| format!("`{p}`")).collect();
        let what = what.join(", ");
        match &self.state {
            Asked::Open => format!("asks for {what}: the owner of the plan has to decide"),
            Asked::Waiting { holder, consented: false } => {
                format!("waits for {what}, which {holder} holds")
            }
            Asked::Waiting { holder, consented: true } => {
                format!("gets {what} once {holder}, which holds it, is merged")
            }
            Asked::Granted => format!("was granted {what}"),
            Asked::Denied { reason } => format!("was denied {what}: {reason}"),
            Asked::Withdrawn => format!("asks no longer for {what}"),
        }
    }
}

/// An objective that holds a path, of this session or of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The other session; none: it is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<PlanId>,
    /// The objective.
    pub objective: ObjectiveId,
}

impl std::fmt::Display for Holding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.session {
            Some(session) => write!(f, "{} of {session}", self.objective),
            None => write!(f, "{}", self.objective),
        }
    }
}

/// The answer that the facts give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// The objective may touch all of it as it is.
    May,
    /// Nobody has a say in it: it can be given.
    Free,
    /// Somebody holds a part of it.
    Held {
        /// Who.
        holder: Holding,
        /// A path that both could change.
        witness: RepoPath,
    },
    /// It can never be given: why, in words.
    Never(String),
}

/// What a request is weighed against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The session of the objective.
    pub session: &'a Session,
    /// The plan as it is agreed.
    pub plan: &'a Plan,
    /// The scopes of all its objectives.
    pub scopes: &'a [Scope],
    /// What counts for all of them.
    pub rules: &'a Rules,
    /// What sessions hold.
    pub reserved: &'a [Reservation],
    /// Folded where the disk ignores case.
    pub case: Case,
}

impl Against<'_> {
    /// Weighs what an objective asks for. Exact: decided on the patterns' languages, not on the
    /// files that happen to exist (DESIGN §4.2).
    pub fn weigh(&self, objective: &ObjectiveId, wanted: &[Pattern]) -> Result<Weighed, Failure> {
        let own = self.scopes.iter().find(|s| s.id == *objective).ok_or_else(|| {
            Failure::new(Kind::Bug, format!("the agreed plan has no objective {objective}"))
        })?;
        for pattern in wanted {
            if let Some(why) = self.never(own, pattern)? {
                return Ok(Weighed::Never(why));
            }
        }
        let known: Vec<Pattern> = [&own.touch, &self.rules.shared, &self.rules.derived]
            .into_iter()
            .flatten()
            .chain(&self.rules.global_forbid)
            .chain(&own.forbid)
            .cloned()
            .collect();
        if Language::new(wanted, &known).example().map_err(complex)?.is_none() {
            return Ok(Weighed::May);
        }
        let asked = Scope { touch: wanted.to_vec(), ..own.clone() };
        if let Some((holder, witness)) = self.held_here(&asked)? {
            return Ok(Weighed::Held { holder, witness });
        }
        let hold = Hold::of(&asked, self.rules);
        let elsewhere = meeting(self.session.plan(), &hold, self.reserved, self.case)?;
        Ok(elsewhere.map_or(Weighed::Free, |met| Weighed::Held {
            holder: Holding { session: Some(met.session), objective: met.objective },
            witness: met.witness,
        }))
    }

    /// Why a pattern can never be given, if nothing that it matches may be touched.
    fn never(&self, own: &Scope, pattern: &Pattern) -> Result<Option<String>, Failure> {
        // A plain path also stands for what is below it, and is meant itself.
        let itself = RepoPath::new(pattern.as_str()).filter(|path| pattern.matches(path));
        let is_out = |path: &RepoPath| {
            let verdict = own.judge(self.rules, path);
            matches!(verdict, Verdict::GloballyForbidden(_) | Verdict::Forbidden(_))
        };
        let nothing = || own.permitted(self.rules, pattern).example().map(|path| path.is_none());
        if itself.as_ref().is_some_and(is_out) || nothing().map_err(complex)? {
            let all = || Language::new(std::slice::from_ref(pattern), &[]).example();
            let path = match itself {
                Some(path) => Some(path),
                None => all().map_err(complex)?,
            };
            let Some(path) = path else {
                return Ok(Some(format!("`{pattern}` matches no path that git could hold")));
            };
            return Ok(Some(match own.judge(self.rules, &path) {
                Verdict::GloballyForbidden(by) => {
                    format!("no objective may touch `{pattern}` (`global_forbid` has `{by}`)")
                }
                Verdict::Forbidden(by) => {
                    format!("{} may not touch `{pattern}` (its `forbid` has `{by}`)", own.id)
                }
                _ => format!("everything that `{pattern}` matches is forbidden"),
            }));
        }
        let made = Language::new(std::slice::from_ref(pattern), &self.rules.derived);
        if made.example().map_err(complex)?.is_none() {
            return Ok(Some(format!(
                "a command makes `{pattern}`: a change of it passes and does not land"
            )));
        }
        Ok(None)
    }

    /// The first objective of this session that holds a part of a scope, with a path of it: one of
    /// the same wave, or one that is at work and not merged. One that waits for `asked` itself
    /// comes first: it is never given.
    pub fn held_here(&self, asked: &Scope) -> Result<Option<(Holding, RepoPath)>, Failure> {
        let (session, rules, case) = (self.session, self.rules, self.case);
        let mut found = holders(session, self.scopes, rules, asked, case)?;
        if found.len() > 1 {
            let (then, _) = foreseen(session, self.plan, self.scopes, rules, case)?;
            found.sort_by_key(|(holder, _)| !waits(session, &then, holder, &asked.id));
        }
        let first = found.into_iter().next();
        Ok(first.map(|(objective, path)| (Holding { session: None, objective }, path)))
    }

    /// The plan and the scopes as they will stand once everything that is waited for is given.
    pub fn foreseen(&self) -> Result<(Plan, Vec<Scope>), Failure> {
        foreseen(self.session, self.plan, self.scopes, self.rules, self.case)
    }

    /// Whether objectives can be moved to these places.
    pub fn has_room(&self, places: &[Place]) -> Result<bool, Failure> {
        has_room(self.session, places, self.plan, self.scopes, self.rules, self.case)
    }

    /// Everybody of this session who holds a part of what an objective asks for.
    pub fn holders(
        &self,
        objective: &ObjectiveId,
        wanted: &[Pattern],
    ) -> Result<Vec<ObjectiveId>, Failure> {
        let Some(own) = self.scopes.iter().find(|s| s.id == *objective) else {
            return Ok(Vec::new());
        };
        let asked = Scope { touch: wanted.to_vec(), ..own.clone() };
        let found = holders(self.session, self.scopes, self.rules, &asked, self.case)?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn complex(error: TooComplex) -> Failure {
    Failure::new(Kind::Plan, format!("`{}` is too complex to compare", error.pattern))
        .hint("ask for a simpler pattern, or for the paths themselves")
}
