//! The trailers by which a commit says what it belongs to and who took part (DESIGN §9).

use std::fmt;

use super::one_line;
use crate::domain::id::{ObjectiveId, PlanId};

/// The key of a trailer that names somebody who took part.
const CO_AUTHOR: &str = "Co-authored-by";

/// A trailer of a commit message, `key: value` on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    key: String,
    value: String,
}

impl Trailer {
    /// A trailer. Of the key, what git would not read as one is left out; the value is put on one
    /// line.
    pub fn new(key: &str, value: &str) -> Self {
        let key = key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Self { key, value: one_line(value) }
    }

    /// What stands before the colon.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands behind it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether both say the same: keys and values without regard to ASCII case, as
    /// git-interpret-trailers(1) compares them; co-authors by their mail address.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        if !self.key.eq_ignore_ascii_case(&other.key) {
            return false;
        }
        let both_named = self.key.eq_ignore_ascii_case(CO_AUTHOR);
        match (mail(&self.value), mail(&other.value)) {
            (Some(a), Some(b)) if both_named => a.eq_ignore_ascii_case(b),
            _ => self.value.eq_ignore_ascii_case(&other.value),
        }
    }
}

impl fmt::Display for Trailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.value)
    }
}

/// The address of `Name <address>`.
fn mail(value: &str) -> Option<&str> {
    let (_, rest) = value.rsplit_once('<')?;
    let mail = rest.strip_suffix('>')?.trim();
    (!mail.is_empty()).then_some(mail)
}

/// The key of the trailer of half-done work.
const CHECKPOINT: &str = "AP-Checkpoint";

/// The message of a commit that keeps what is half done of an objective; `why` it was not ended.
pub fn checkpoint(slug: &str, id: &ObjectiveId, why: &str, worker: Option<&str>) -> String {
    let body = format!(
        "chore(ap): checkpoint of {id}\n\nHalf-done work, kept as it was left: {}.\n",
        one_line(why)
    );
    let mut trailers = objective(slug, id);
    trailers.push(Trailer::new(CHECKPOINT, &format!("{slug}/{id}")));
    trailers.extend(worker.map(co_author));
    super::complete(&body, &trailers)
}

/// Whether a message is that of a commit with half-done work of an objective.
pub fn is_checkpoint(message: &str, slug: &str, id: &ObjectiveId) -> bool {
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let wanted = Trailer::new(CHECKPOINT, &format!("{slug}/{id}")).to_string();
    last.lines().any(|line| line == wanted)
}

/// The trailers in their order, of those that say the same only the first; none without a value.
pub fn once_each(trailers: impl IntoIterator<Item = Trailer>) -> Vec<Trailer> {
    let mut kept: Vec<Trailer> = Vec::new();
    for trailer in trailers.into_iter().filter(|t| !t.key.is_empty() && !t.value.is_empty()) {
        if !kept.iter().any(|earlier| earlier.says_the_same_as(&trailer)) {
            kept.push(trailer);
        }
    }
    kept
}

/// Who took part in a commit that `committer_mail` makes: each worker (`Name <mail>`), each
/// author of a merged commit who is not the committer, each configured co-author; once each, by
/// mail address. Authors come in the order of their names.
pub fn co_authors(
    committer_mail: &str,
    authors: &[(String, String)],
    workers: &[String],
    configured: &[String],
) -> Vec<Trailer> {
    let is_committer = |mail: &str| mail.trim().eq_ignore_ascii_case(committer_mail.trim());
    let mut others: Vec<&(String, String)> =
        authors.iter().filter(|(_, mail)| !is_committer(mail)).collect();
    others.sort();
    let named = others.into_iter().map(|(name, mail)| person(name, mail));
    let all = workers.iter().cloned().chain(named).chain(configured.iter().cloned());
    once_each(all.map(|value| Trailer::new(CO_AUTHOR, &value)))
}

/// The trailer of somebody who took part, given as `Name <mail>`.
pub fn co_author(person: &str) -> Trailer {
    Trailer::new(CO_AUTHOR, person)
}

/// `Name <mail>`. Brackets in either would make another address of it.
pub(in crate::domain) fn person(name: &str, mail: &str) -> String {
    let plain = |text: &str| one_line(&text.replace(['<', '>'], " "));
    format!("{} <{}>", plain(name), plain(mail)).trim_start().to_owned()
}

/// The trailers of a wave's commit; `scope` is the blob id of the pin's `plan.toml`.
pub fn wave(plan: &PlanId, wave: u32, scope: &str) -> Vec<Trailer> {
    vec![of_plan(plan), Trailer::new("AP-Wave", &wave.to_string()), Trailer::new("AP-Scope", scope)]
}

/// The trailers of an objective's commit; `slug` is that of the session.
pub fn objective(slug: &str, objective: &ObjectiveId) -> Vec<Trailer> {
    vec![Trailer::new("AP-Objective", &format!("{slug}/{objective}"))]
}

/// The trailers of the commit that holds a plan as it was approved.
pub fn pin(plan: &PlanId) -> Vec<Trailer> {
    vec![of_plan(plan)]
}

/// The trailers of a commit that changes what was agreed, for one objective or for the plan;
/// `scope` is the blob id of the new `plan.toml`.
pub fn amendment(plan: &PlanId, objective: Option<&ObjectiveId>, scope: &str) -> Vec<Trailer> {
    let what = match objective {
        Some(objective) => format!("{}/{objective}", plan.slug()),
        None => plan.slug().to_owned(),
    };
    vec![of_plan(plan), Trailer::new("AP-Amend", &what), Trailer::new("AP-Scope", scope)]
}

/// The trailers of the commit that holds a session's record.
pub fn record(plan: &PlanId) -> Vec<Trailer> {
    vec![of_plan(plan), Trailer::new("AP-Record", plan.as_str())]
}

/// The trailers of a commit that merges the target into the integration branch.
pub fn sync(plan: &PlanId, target: &str) -> Vec<Trailer> {
    vec![of_plan(plan), Trailer::new("AP-Sync", target)]
}

/// The trailers with who took part behind them, once each.
#[must_use]
pub fn with_co_authors(trailers: Vec<Trailer>, co_authors: Vec<Trailer>) -> Vec<Trailer> {
    once_each(trailers.into_iter().chain(co_authors))
}

fn of_plan(plan: &PlanId) -> Trailer {
    Trailer::new("AP-Plan", plan.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(trailers: &[Trailer]) -> Vec<String> {
        trailers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_commit_says_what_it_belongs_to() {
        let plan = PlanId::parse("20251008-104131-add-jwt").expect("valid");
        let id = ObjectiveId::parse("T1").expect("valid");
        let named = "AP-Plan: 20251008-104131-add-jwt";
        assert_eq!(shown(&wave(&plan, 2, "c0ffee")), [named, "AP-Wave: 2", "AP-Scope: c0ffee"]);
        assert_eq!(shown(&objective("add-jwt", &id)), ["AP-Objective: add-jwt/T1"]);
        assert_eq!(shown(&pin(&plan)), [named]);
        assert_eq!(shown(&record(&plan)), [named, "AP-Record: 20251008-104131-add-jwt"]);
        assert_eq!(shown(&sync(&plan, "main")), [named, "AP-Sync: main"]);
    }

    #[test]
    fn nobody_is_named_twice_nor_as_their_own_co_author() {
        let person = |name: &str, mail: &str| (name.to_owned(), mail.to_owned());
        let authors = [
            person("Zoe", "zoe@x"),
            person("Ada", "ada@x"),
            person("Me", "ME@x"),
            person("Ada L.", "ADA@x"),
            person("<Bob>\nAP-Plan: forged", "bob@x>"),
            person("", "nameless@x"),
        ];
        let workers = ["Codex <codex@openai.com>".to_owned(), String::new(), " ".to_owned()];
        let configured = ["Team <TEAM@x>".to_owned(), "codex <CODEX@openai.com>".to_owned()];
        let told = co_authors("me@x", &authors, &workers, &configured);
        assert_eq!(
            shown(&told),
            [
                "Co-authored-by: Codex <codex@openai.com>",
                "Co-authored-by: <nameless@x>",
                "Co-authored-by: Bob AP-Plan: forged <bob@x>",
                "Co-authored-by: Ada <ada@x>",
                "Co-authored-by: Zoe <zoe@x>",
                "Co-authored-by: Team <TEAM@x>",
            ]
        );
    }

    #[test]
    fn sameness_of_trailers() {
        let table = [
            (("A-b", "x"), ("a-B", " X "), true),
            (("A", "x"), ("A", "y"), false),
            (("A", "x"), ("A-b", "x"), false),
            (("Co-authored-by", "A <a@x>"), ("co-authored-by", "B <A@x>"), true),
            (("Co-authored-by", "A <a@x>"), ("Co-authored-by", "A <b@x>"), false),
            (("Co-authored-by", "A"), ("Co-authored-by", "a"), true),
            (("Signed-off-by", "A <a@x>"), ("Signed-off-by", "B <a@x>"), false),
        ];
        for (a, b, same) in table {
            let (left, right) = (Trailer::new(a.0, a.1), Trailer::new(b.0, b.1));
            assert_eq!(left.says_the_same_as(&right), same, "{a:?} {b:?}");
            assert_eq!(once_each([left, right]).len(), if same { 1 } else { 2 });
        }
    }
}
