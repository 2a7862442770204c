//! What past sessions teach a new plan: an objective on the same files gets what such an
//! objective was given the last time, where nobody else of the plan has it.

use crate::domain::config::Config;
use crate::domain::overlap::{Case, meet};
use crate::domain::path::RepoPath;
use crate::domain::pattern::Pattern;
use crate::domain::plan::{self, Plan};
use crate::domain::record::Lesson;
use crate::domain::scope::{Languages, Rules, Scope};

/// How many patterns one objective learns at most: a plan is not the sum of all that was.
const MOST: usize = 3;

/// Widens the scopes of a plan by what `lessons`, the newest first, teach about the tracked files
/// that they hold. Returns what was done, a sentence each. Lessons that would make two objectives
/// meet, or that the policy forbids, are left out.
pub fn learn(
    plan: &mut Plan,
    lessons: &[Lesson],
    tracked: &[RepoPath],
    config: &Config,
) -> Vec<String> {
    let mut notes = Vec::new();
    for index in 0..plan.objectives.len() {
        let own = patterns(&plan.objectives[index].touch);
        let files: Vec<&RepoPath> =
            tracked.iter().filter(|path| own.iter().any(|p| p.matches(path))).collect();
        let mut learned = 0;
        for lesson in lessons.iter().filter(|lesson| applies(lesson, &files)) {
            for pattern in &lesson.granted {
                if learned == MOST || !is_news(pattern, plan, index, tracked) {
                    continue;
                }
                let mut wider = plan.clone();
                wider.objectives[index].touch.push(pattern.as_str().to_owned());
                if !stays_apart(&wider, index, pattern, config) {
                    continue;
                }
                *plan = wider;
                learned += 1;
                notes.push(format!(
                    "{} may also touch `{pattern}`: {} of {} was given it for the same files",
                    plan.objectives[index].id, lesson.objective, lesson.plan
                ));
            }
        }
    }
    notes
}

fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().filter_map(|text| Pattern::parse(text).ok()).collect()
}

/// Whether a past objective was about the same files: it could touch at least half of them.
fn applies(lesson: &Lesson, files: &[&RepoPath]) -> bool {
    let same = files.iter().filter(|path| lesson.declared.iter().any(|p| p.matches(path)));
    !files.is_empty() && same.count() * 2 >= files.len()
}

/// Whether a pattern says something new to an objective: it holds a tracked file that no
/// objective of the plan has.
fn is_news(pattern: &Pattern, plan: &Plan, index: usize, tracked: &[RepoPath]) -> bool {
    let known: Vec<Pattern> = plan.objectives.iter().flat_map(|o| patterns(&o.touch)).collect();
    let own = &plan.objectives[index].touch;
    let mut files = tracked.iter().filter(|path| pattern.matches(path));
    !own.iter().any(|text| text == pattern.as_str())
        && files.any(|path| !known.iter().any(|p| p.matches(path)))
}

/// Whether the wider scope meets nobody and is not forbidden as a whole.
fn stays_apart(wider: &Plan, index: usize, pattern: &Pattern, config: &Config) -> bool {
    let rules = Rules {
        global_forbid: config.global_forbid.clone(),
        derived: wider.derived.iter().flat_map(|d| patterns(&d.paths)).collect(),
        shared: wider.shared.iter().flat_map(|s| patterns(&s.paths)).collect(),
    };
    let scope = |o: &plan::Objective| Scope {
        id: o.id.clone(),
        touch: patterns(&o.touch),
        read: patterns(&o.read),
        forbid: patterns(&o.forbid),
    };
    let scopes: Vec<Scope> = wider.objectives.iter().map(scope).collect();
    let permitted = scopes[index].permitted(&rules, pattern).example();
    if !matches!(permitted, Ok(Some(_))) {
        return false;
    }
    let languages = Languages::new(&scopes, &rules);
    let apart = |other: usize| {
        matches!(meet(languages.get(index), languages.get(other), Case::Folded), Ok(None))
    };
    (0..scopes.len()).filter(|other| *other != index).all(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ObjectiveId, PlanId};

    fn lesson(declared: &str, granted: &[&str]) -> Lesson {
        let granted: Vec<String> = granted.iter().map(|g| (*g).to_owned()).collect();
        Lesson {
            plan: PlanId::parse("20250101-000000-old").expect("valid"),
            objective: ObjectiveId::parse("T1").expect("valid"),
            declared: patterns(&[declared.to_owned()]),
            granted: patterns(&granted),
            refused: Vec::new(),
        }
    }

    fn learned(touch: [&str; 2], lessons: &[Lesson]) -> (Vec<String>, usize) {
        let text = format!(
            "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"A\"\ntitle = \"a\"\ntouch = [\"{}\"]\n[[objective]]\nid = \"B\"\ntitle = \"b\"\ntouch = [\"{}\"]\n",
            touch[0], touch[1]
        );
        let mut plan = plan::read(&text).plan.expect("valid");
        let tracked: Vec<RepoPath> =
            ["docs/a.md", "secrets/k", "src/auth/a.rs", "src/auth/b.rs", "src/web/w.rs"]
                .iter()
                .map(|p| RepoPath::new(*p).expect("a path"))
                .collect();
        let notes = learn(&mut plan, lessons, &tracked, &Config::default());
        (plan.objectives[0].touch.clone(), notes.len())
    }

    #[test]
    fn the_same_files_get_what_they_were_given() {
        let (touch, notes) =
            learned(["src/auth/", "src/web/"], &[lesson("src/auth/a.rs", &["docs/"])]);
        assert_eq!((touch, notes), (vec!["src/auth/".to_owned(), "docs/".to_owned()], 1));
    }

    #[test]
    fn lessons_that_do_not_fit_are_left_out() {
        for (touch, lesson) in [
            // About other files; the one that another has; forbidden; nothing tracked; known.
            (["src/auth/", "src/web/"], lesson("lib/", &["docs/"])),
            (["src/auth/", "src/web/"], lesson("src/auth/", &["src/web/"])),
            (["src/auth/", "docs/"], lesson("src/auth/", &["docs/a.md"])),
            (["src/auth/", "src/web/"], lesson("src/auth/", &["secrets/"])),
            (["src/auth/", "src/web/"], lesson("src/auth/", &["gone/"])),
            (["src/auth/", "src/web/"], lesson("src/auth/", &["src/auth/b.rs"])),
        ] {
            assert_eq!(learned(touch, &[lesson]), (vec![touch[0].to_owned()], 0), "{touch:?}");
        }
    }
}
