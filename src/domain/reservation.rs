//! Who holds which scope while sessions run: one entry a session, so that two sessions of one
//! repository never work on the same path.

use serde::{Deserialize, Serialize};

use super::error::{Failure, Kind};
use super::id::{ObjectiveId, PlanId};
use super::overlap::{Case, Language, TooComplex, meet};
use super::path::RepoPath;
use super::pattern::Pattern;
use super::plan::SCHEMA;
use super::scope::{Index, Languages, Rules, Scope, Scratch, below};

/// What one session holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The version of the entry, [`SCHEMA`].
    pub schema: u32,
    /// Which session.
    pub session: PlanId,
    /// The scopes of its objectives that were started and have not landed.
    pub holds: Vec<Hold>,
}

/// The scope of one objective, as patterns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The objective.
    pub objective: ObjectiveId,
    /// What it may change…
    pub touch: Vec<String>,
    /// …except for this.
    pub except: Vec<String>,
}

/// A meeting with what somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The other session.
    pub session: PlanId,
    /// Its objective.
    pub objective: ObjectiveId,
    /// A path that both could change.
    pub witness: RepoPath,
}

impl Reservation {
    /// Holds of a session, sorted by objective.
    pub fn new(session: PlanId, mut holds: Vec<Hold>) -> Self {
        holds.sort_by(|a, b| a.objective.cmp(&b.objective));
        Self { schema: SCHEMA, session, holds }
    }

    /// Reads an entry. One of a newer version, or that nobody understands, is refused: it may
    /// hold anything.
    pub fn read(text: &[u8], name: &str) -> Result<Self, Failure> {
        let wrong = |why: String| {
            Failure::new(Kind::Repository, format!("the reservation `{name}` {why}"))
                .hint("git show refs/ap/reservations")
        };
        let read: Self =
            serde_json::from_slice(text).map_err(|e| wrong(format!("cannot be read: {e}")))?;
        if read.schema != SCHEMA {
            return Err(wrong("was written by a newer git ap: update this one".to_owned()));
        }
        Ok(read)
    }

    /// The text of the entry.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("plain data");
        format!("{text}\n")
    }
}

/// What several sessions hold, to ask for the holder of many paths.
#[derive(Debug)]
pub struct Holders {
    names: Vec<(PlanId, ObjectiveId)>,
    scopes: Vec<Scope>,
    /// What counts for all is in each hold already.
    rules: Rules,
}

impl Holders {
    /// The holders of these reservations. A pattern that cannot be read holds nothing.
    pub fn new(reservations: &[Reservation]) -> Self {
        let read = |texts: &[String]| -> Vec<Pattern> {
            texts.iter().filter_map(|text| Pattern::parse(text).ok()).collect()
        };
        let holds = reservations.iter().flat_map(|r| r.holds.iter().map(move |h| (r, h)));
        let (mut names, mut scopes) = (Vec::new(), Vec::new());
        for (reservation, hold) in holds {
            names.push((reservation.session.clone(), hold.objective.clone()));
            scopes.push(Scope {
                id: hold.objective.clone(),
                touch: read(&hold.touch),
                read: Vec::new(),
                forbid: read(&hold.except),
            });
        }
        Self { names, scopes, rules: Rules::default() }
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The index to look holders up in.
    pub fn index(&self) -> Index<'_> {
        Index::new(&self.scopes, &self.rules)
    }

    /// The first that holds a path: its session and objective.
    pub fn of(
        &self,
        index: &Index<'_>,
        path: &RepoPath,
        scratch: &mut Scratch,
    ) -> Option<&(PlanId, ObjectiveId)> {
        let (position, _) = index.judge(path, scratch).owner()?;
        self.names.get(position)
    }

    /// The first that holds something below a directory (none: anywhere). Fails where a pattern
    /// is too complex to decide, with its name.
    pub fn below(
        &self,
        directory: Option<&RepoPath>,
    ) -> Result<Option<&(PlanId, ObjectiveId)>, TooComplex> {
        let languages = Languages::new(&self.scopes, &self.rules);
        let found = below(directory, &self.scopes, &self.rules, &languages)?;
        Ok(found.parts.first().and_then(|part| self.names.get(part.scope)))
    }
}

impl Hold {
    /// The effective scope of an objective.
    pub fn of(scope: &Scope, rules: &Rules) -> Self {
        let texts = |patterns: &[Pattern]| -> Vec<String> {
            patterns.iter().map(|p| p.as_str().to_owned()).collect()
        };
        let lists = [&rules.global_forbid, &scope.forbid, &rules.derived, &rules.shared];
        Self {
            objective: scope.id.clone(),
            touch: texts(&scope.touch),
            except: lists.into_iter().flat_map(|list| texts(list)).collect(),
        }
    }

    fn language(&self) -> Result<Language, Failure> {
        let parse = |texts: &[String]| -> Result<Vec<Pattern>, Failure> {
            let parsed = texts.iter().map(|text| {
                Pattern::parse(text)
                    .map_err(|e| Failure::new(Kind::Repository, format!("`{text}`: {}", e.message)))
            });
            parsed.collect()
        };
        Ok(Language::new(&parse(&self.touch)?, &parse(&self.except)?))
    }
}

/// The first meeting of `hold` with what other sessions hold, in the order of their names.
/// `case` is folded where the disk ignores it.
pub fn meeting(
    own: &PlanId,
    hold: &Hold,
    others: &[Reservation],
    case: Case,
) -> Result<Option<Held>, Failure> {
    let language = hold.language()?;
    for other in others.iter().filter(|o| o.session != *own) {
        for held in &other.holds {
            let met = meet(&language, &held.language()?, case).map_err(|e| {
                Failure::new(Kind::Plan, format!("`{}` is too complex to compare", e.pattern))
            })?;
            if let Some(met) = met {
                return Ok(Some(Held {
                    session: other.session.clone(),
                    objective: held.objective.clone(),
                    witness: met.left,
                }));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(session: &str, touch: &str, except: &[&str]) -> Reservation {
        let hold = Hold {
            objective: ObjectiveId::parse("T1").expect("valid"),
            touch: vec![touch.to_owned()],
            except: except.iter().map(|e| (*e).to_owned()).collect(),
        };
        Reservation::new(PlanId::parse(session).expect("valid"), vec![hold])
    }

    #[test]
    fn sessions_meet_where_their_scopes_do() {
        let mine = held("20251008-104131-mine", "src/**", &["src/auth/"]);
        let hold = &mine.holds[0];
        let table = [("src/auth/", false), ("src/api/", true), ("docs/", false), ("**/*.rs", true)];
        for (touch, meets) in table {
            let other = held("20251008-104131-other", touch, &[]);
            let found = meeting(&mine.session, hold, &[mine.clone(), other], Case::Exact);
            assert_eq!(found.expect("simple").is_some(), meets, "{touch}");
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = held("20251008-104131-mine", "src/", &["src/a"]);
        assert_eq!(Reservation::read(entry.to_text().as_bytes(), "x"), Ok(entry.clone()));
        let holders = Holders::new(&[held("20251008-104131-first", "docs/", &[]), entry.clone()]);
        let index = holders.index();
        let of = |path: &str| {
            let path = RepoPath::new(path).expect("valid");
            let holder = holders.of(&index, &path, &mut Scratch::default());
            holder.map(|(session, _)| session.slug().to_owned())
        };
        assert_eq!(of("src/b").as_deref(), Some("mine"));
        assert_eq!(of("docs/b").as_deref(), Some("first"));
        assert_eq!(of("src/a"), None);
        for (directory, holder) in [("src", Some("mine")), ("docs/x", Some("first")), ("x", None)] {
            let path = RepoPath::new(directory).expect("valid");
            let found = holders.below(Some(&path)).expect("simple");
            assert_eq!(found.map(|(session, _)| session.slug()), holder, "{directory}");
        }
        for wrong in ["", "{}", "[1]"] {
            assert!(Reservation::read(wrong.as_bytes(), "x").is_err(), "{wrong}");
        }
        let newer = entry.to_text().replace("\"schema\": 1", "\"schema\": 2");
        let refused = Reservation::read(newer.as_bytes(), "x").expect_err("newer");
        assert!(refused.message.contains("newer"), "{}", refused.message);
    }
}
