//! The exact decisions against brute force over every short path.
//!
//! `GIT_AP_ORACLE_PAIRS` sets how many pairs of scopes are tried (the default suits a test run),
//! `GIT_AP_SEED` repeats one run.

mod naive;
pub mod random;

use git_ap::domain::guard::guard;
use git_ap::domain::id::ObjectiveId;
use git_ap::domain::overlap::{Case, Language, candidates, meet};
use git_ap::domain::path::RepoPath;
use git_ap::domain::pattern::Pattern;
use git_ap::domain::scope::{Rules, Scope};
use git_ap::domain::tree::{Change, Mode, Side};
use random::{Random, say};

const DEFAULT_PAIRS: usize = 20_000;
/// Patterns in the pool from which scopes are drawn.
const POOL: usize = 1_500;
/// The longest path that brute force looks at.
const LONGEST: usize = 6;

/// A pattern with the short paths that it matches by the naive matcher.
struct Known {
    pattern: Pattern,
    matched: Vec<bool>,
}

/// Every possible path of up to [`LONGEST`] bytes of a small alphabet, shortest first.
fn universe() -> Vec<String> {
    let mut all = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..LONGEST {
        last = last
            .iter()
            .flat_map(|s| ["a", "b", ".", "/", "-"].map(|c| format!("{s}{c}")))
            .collect();
        all.extend(last.iter().filter(|s| naive::is_path(s)).cloned());
    }
    all
}

fn pool(random: &mut Random, universe: &[String]) -> Vec<Known> {
    let mut pool = Vec::with_capacity(POOL);
    while pool.len() < POOL {
        let text = random.pattern();
        let Ok(pattern) = Pattern::parse(&text) else { continue };
        let matched = universe.iter().map(|path| naive::matches(&text, path)).collect();
        pool.push(Known { pattern, matched });
    }
    pool
}

fn some<'a>(random: &mut Random, pool: &'a [Known], most: usize, least: usize) -> Vec<&'a Known> {
    let count = least + random.below(most - least + 1);
    (0..count).map(|_| random.pick(pool)).collect()
}

fn patterns(known: &[&Known]) -> Vec<Pattern> {
    known.iter().map(|k| k.pattern.clone()).collect()
}

fn contains(include: &[&Known], except: &[&Known], index: usize) -> bool {
    include.iter().any(|k| k.matched[index]) && !except.iter().any(|k| k.matched[index])
}

fn contains_path(include: &[&Known], except: &[&Known], path: &str) -> bool {
    let any = |list: &[&Known]| list.iter().any(|k| naive::matches(k.pattern.as_str(), path));
    any(include) && !any(except)
}

#[test]
fn overlap_agrees_with_brute_force() {
    let pairs = std::env::var("GIT_AP_ORACLE_PAIRS").ok().and_then(|n| n.parse().ok());
    let pairs: usize = pairs.unwrap_or(DEFAULT_PAIRS);
    let mut random = Random::announced("overlap");
    let universe = universe();
    let pool = pool(&mut random, &universe);
    let (mut met, mut beyond) = (0, 0);
    for _ in 0..pairs {
        let (a, not_a) = (some(&mut random, &pool, 2, 1), some(&mut random, &pool, 2, 0));
        let (b, not_b) = (some(&mut random, &pool, 2, 1), some(&mut random, &pool, 2, 0));
        let shown = || {
            format!(
                "{:?} minus {:?} x {:?} minus {:?}",
                patterns(&a),
                patterns(&not_a),
                patterns(&b),
                patterns(&not_b)
            )
        };
        let left = Language::new(&patterns(&a), &patterns(&not_a));
        let right = Language::new(&patterns(&b), &patterns(&not_b));
        let decided =
            meet(&left, &right, Case::Exact).unwrap_or_else(|e| panic!("{e:?}: {}", shown()));
        let brute = (0..universe.len())
            .find(|i| contains(&a, &not_a, *i) && contains(&b, &not_b, *i))
            .map(|i| universe[i].as_str());
        match (&decided, brute) {
            (None, None) => {}
            (None, Some(path)) => panic!("missed {path}: {}", shown()),
            (Some(meeting), brute) => {
                let close = candidates(&[&patterns(&a), &patterns(&b)], Case::Exact).expect("few");
                assert!(close.contains(&(0, 1)), "no candidate: {}", shown());
                let witness = meeting.left.to_str().expect("the alphabet is ASCII");
                assert_eq!(meeting.left, meeting.right);
                assert!(naive::is_path(witness), "{witness}: {}", shown());
                assert!(contains_path(&a, &not_a, witness), "{witness}: {}", shown());
                assert!(contains_path(&b, &not_b, witness), "{witness}: {}", shown());
                let agreed =
                    |list: &[&Known]| list.iter().any(|k| k.pattern.second_opinion(&meeting.left));
                assert!(
                    agreed(&a) && agreed(&b) && !agreed(&not_a) && !agreed(&not_b),
                    "{witness}: {}",
                    shown()
                );
                if let Some(path) = brute {
                    assert!(
                        witness.len() <= path.len(),
                        "{witness} is longer than {path}: {}",
                        shown()
                    );
                }
                met += 1;
                beyond += usize::from(brute.is_none());
            }
        }
    }
    say(&format!("{pairs} pairs: {met} meet, {beyond} of them beyond brute force; none wrong"));
    assert!(met > pairs / 20 && met < pairs * 19 / 20, "the generator makes both kinds");
}

#[test]
fn folded_overlap_agrees_with_brute_force() {
    let mut random = Random::announced("folded overlap");
    let universe: Vec<String> = {
        let mut all = Vec::new();
        let mut last = vec![String::new()];
        for _ in 0..4 {
            last = last
                .iter()
                .flat_map(|s| ["a", "A", "b", "B", ".", "/"].map(|c| format!("{s}{c}")))
                .collect();
            all.extend(last.iter().filter(|s| naive::is_path(s)).cloned());
        }
        all
    };
    let pool = pool(&mut random, &universe);
    for _ in 0..1_000 {
        let (a, not_a) = (some(&mut random, &pool, 1, 1), some(&mut random, &pool, 1, 0));
        let (b, not_b) = (some(&mut random, &pool, 1, 1), some(&mut random, &pool, 1, 0));
        let left = Language::new(&patterns(&a), &patterns(&not_a));
        let right = Language::new(&patterns(&b), &patterns(&not_b));
        let folded = |list: &[&Known]| -> std::collections::BTreeSet<String> {
            let inside = (0..universe.len()).filter(|i| list.iter().any(|k| k.matched[*i]));
            inside.map(|i| universe[i].to_lowercase()).collect()
        };
        // What is left out in one spelling is left out in all.
        let without = |list: &[&Known], except: &[&Known]| -> std::collections::BTreeSet<String> {
            folded(list).difference(&folded(except)).cloned().collect()
        };
        let brute = without(&a, &not_a).intersection(&without(&b, &not_b)).next().cloned();
        let decided = meet(&left, &right, Case::Folded).expect("decidable");
        let shown = || {
            format!(
                "{:?} minus {:?} x {:?} minus {:?}",
                patterns(&a),
                patterns(&not_a),
                patterns(&b),
                patterns(&not_b)
            )
        };
        match decided {
            None => assert_eq!(brute, None, "missed: {}", shown()),
            Some(meeting) => {
                let close = candidates(&[&patterns(&a), &patterns(&b)], Case::Folded).expect("few");
                assert!(close.contains(&(0, 1)), "no candidate: {}", shown());
                let (x, y) =
                    (meeting.left.to_str().expect("ASCII"), meeting.right.to_str().expect("ASCII"));
                assert!(x.eq_ignore_ascii_case(y), "{x} and {y}: {}", shown());
                assert!(
                    contains_path(&a, &not_a, x) && contains_path(&b, &not_b, y),
                    "{x}, {y}: {}",
                    shown()
                );
            }
        }
    }
}

#[test]
fn the_normal_form_means_what_was_written_and_reads_back() {
    let mut random = Random::announced("normal form");
    let universe = universe();
    for _ in 0..POOL {
        let text = random.pattern();
        let Ok(pattern) = Pattern::parse(&text) else { continue };
        for form in pattern.forms() {
            let again = Pattern::parse(&form.to_string())
                .unwrap_or_else(|e| panic!("{text} became {form}: {e}"));
            assert_eq!(again.forms(), std::slice::from_ref(form), "{text} became {form}");
        }
        for path in universe.iter().step_by(3) {
            let parsed = RepoPath::new(path.as_str()).expect("the universe holds paths");
            let expected = naive::matches(&text, path);
            assert_eq!(pattern.matches(&parsed), expected, "{text} on {path}");
        }
    }
}

#[test]
fn the_guard_agrees_with_brute_force() {
    let mut random = Random::announced("guard");
    let universe: Vec<String> = universe().into_iter().filter(|p| p.len() <= 5).collect();
    let pool = pool(&mut random, &universe);
    for _ in 0..400 {
        let lists: Vec<Vec<&Known>> = [(2, 1), (1, 0), (1, 0), (1, 0), (1, 0)]
            .into_iter()
            .map(|(most, least)| some(&mut random, &pool, most, least))
            .collect();
        let [touch, forbid, global, derived, shared] = lists.as_slice() else { unreachable!() };
        let scope = Scope {
            id: ObjectiveId::parse("T1").expect("valid"),
            touch: patterns(touch),
            read: Vec::new(),
            forbid: patterns(forbid),
        };
        let rules = Rules {
            global_forbid: patterns(global),
            derived: patterns(derived),
            shared: patterns(shared),
        };
        let any = |list: &[&Known], i: usize| list.iter().any(|k| k.matched[i]);
        let changes: Vec<Change> = universe
            .iter()
            .map(|path| Change {
                path: RepoPath::new(path.as_str()).expect("the universe holds paths"),
                old: None,
                new: Some(Side { mode: Mode::File, id: "1".into() }),
            })
            .collect();
        let guarded = guard(&changes, &scope, &[], &rules);
        let refused: Vec<&RepoPath> = guarded.violations.iter().map(|v| &v.path).collect();
        // DESIGN 4.2: allowed = touch − (global ∪ forbid ∪ derived ∪ shared)
        //                       ∪ (shared − (global ∪ forbid)); derived passes with a notice.
        let mut expected: Vec<&RepoPath> = (0..universe.len())
            .filter(|i| {
                let banned = any(global, *i) || any(forbid, *i);
                let special = any(derived, *i) || any(shared, *i);
                let effective = any(touch, *i) && !banned && !special;
                let allowed = effective || (any(shared, *i) && !banned);
                let passes = any(derived, *i) && !banned;
                !(allowed || passes)
            })
            .map(|i| &changes[i].path)
            .collect();
        expected.sort();
        assert_eq!(refused, expected, "{touch:?}", touch = patterns(touch));
    }
}
