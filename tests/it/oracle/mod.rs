//! The exact decisions against brute force over every short path.
//!
//! A part runs with every test run. A hundred thousand random sets of patterns, and as many with
//! folded case:
//!
//! ```sh
//! GIT_AP_ORACLE_SETS=100000 cargo test --release --test it -- oracle::
//! ```
//!
//! `GIT_AP_SEED` repeats one run.

mod naive;
pub mod random;

use git_ap::domain::guard::guard;
use git_ap::domain::id::ObjectiveId;
use git_ap::domain::overlap::{Case, Language, Meeting, candidates, crossing, meet};
use git_ap::domain::path::RepoPath;
use git_ap::domain::pattern::Pattern;
use git_ap::domain::scope::{Rules, Scope};
use git_ap::domain::tree::{Change, Mode, Side};
use random::{Random, say};

const DEFAULT_SETS: usize = 10_000;
/// Patterns in the pool from which scopes are drawn.
const POOL: usize = 1_500;
/// The longest path that brute force looks at.
const LONGEST: usize = 6;
/// The longest one with folded case.
const LONGEST_FOLDED: usize = 4;

/// A pattern with the short paths that it matches by the naive matcher.
struct Known {
    pattern: Pattern,
    matched: Bits,
}

/// Some paths of a universe, or some of its spellings.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn of(length: usize, has: impl Fn(usize) -> bool) -> Self {
        let mut bits = Self(vec![0; length.div_ceil(64)]);
        (0..length).filter(|i| has(*i)).for_each(|i| bits.insert(i));
        bits
    }

    fn insert(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    fn has(&self, i: usize) -> bool {
        self.0[i / 64] & (1 << (i % 64)) != 0
    }

    /// What is in one of `include` and in none of `except`.
    fn scope(include: &[&Known], except: &[&Known]) -> Self {
        let mut bits = vec![0; include[0].matched.0.len()];
        for known in include {
            bits.iter_mut().zip(&known.matched.0).for_each(|(word, own)| *word |= own);
        }
        for known in except {
            bits.iter_mut().zip(&known.matched.0).for_each(|(word, own)| *word &= !own);
        }
        Self(bits)
    }

    /// The first that is in both.
    fn first_of_both(&self, other: &Self) -> Option<usize> {
        let both = self.0.iter().zip(&other.0).map(|(a, b)| a & b);
        let (at, word) = both.enumerate().find(|(_, word)| *word != 0)?;
        Some(at * 64 + usize::try_from(word.trailing_zeros()).expect("at most 64"))
    }
}

/// Every possible path of up to `longest` bytes of an alphabet, shortest first.
fn paths(alphabet: &[&str], longest: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..longest {
        last = last.iter().flat_map(|s| alphabet.iter().map(move |c| format!("{s}{c}"))).collect();
        all.extend(last.iter().filter(|s| naive::is_path(s)).cloned());
    }
    all
}

fn universe() -> Vec<String> {
    paths(&["a", "b", ".", "/", "-"], LONGEST)
}

fn pool(random: &mut Random, matched: impl Fn(&str) -> Bits) -> Vec<Known> {
    let mut pool = Vec::with_capacity(POOL);
    while pool.len() < POOL {
        let text = random.pattern();
        let Ok(pattern) = Pattern::parse(&text) else { continue };
        pool.push(Known { pattern, matched: matched(&text) });
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

fn contains_path(include: &[&Known], except: &[&Known], path: &str) -> bool {
    let any = |list: &[&Known]| list.iter().any(|k| naive::matches(k.pattern.as_str(), path));
    any(include) && !any(except)
}

/// Two scopes: what each may touch, and what it leaves out.
struct Set<'a> {
    touch: [Vec<&'a Known>; 2],
    except: [Vec<&'a Known>; 2],
}

impl<'a> Set<'a> {
    fn draw(random: &mut Random, pool: &'a [Known]) -> Self {
        Self {
            touch: [some(random, pool, 3, 1), some(random, pool, 3, 1)],
            except: [some(random, pool, 2, 0), some(random, pool, 2, 0)],
        }
    }

    fn shown(&self) -> String {
        let side = |i: usize| {
            let (touch, except) = (patterns(&self.touch[i]), patterns(&self.except[i]));
            format!("{touch:?} minus {except:?}")
        };
        format!("{} x {}", side(0), side(1))
    }

    /// The decision, which must be the same for every order of patterns and of scopes.
    fn decide(&self, case: Case) -> Option<Meeting> {
        let language = |side: usize, backwards: bool| {
            let (mut touch, mut except) =
                (patterns(&self.touch[side]), patterns(&self.except[side]));
            if backwards {
                touch.reverse();
                except.reverse();
            }
            Language::new(&touch, &except)
        };
        let met = |a: Language, b: Language| {
            meet(&a, &b, case).unwrap_or_else(|e| panic!("{e:?}: {}", self.shown()))
        };
        let decided = met(language(0, false), language(1, false));
        let again = met(language(1, true), language(0, true));
        match case {
            Case::Exact => {
                let turned = again.map(|m| Meeting { left: m.right, right: m.left });
                assert_eq!(turned, decided, "another order: {}", self.shown());
            }
            Case::Folded => assert_eq!(
                again.map(|m| m.left.as_bytes().len()),
                decided.as_ref().map(|m| m.left.as_bytes().len()),
                "another order: {}",
                self.shown()
            ),
        }
        let (a, b) = (patterns(&self.touch[0]), patterns(&self.touch[1]));
        let close = candidates(&[&a, &b], case).expect("few");
        assert!(close.contains(&(0, 1)) || decided.is_none(), "no candidate: {}", self.shown());
        let across = crossing(&[&a], &[&b], case).expect("few");
        assert_eq!(close.len(), across.len(), "across: {}", self.shown());
        decided
    }
}

fn sets() -> usize {
    let given = std::env::var("GIT_AP_ORACLE_SETS").ok().and_then(|n| n.parse().ok());
    given.unwrap_or(DEFAULT_SETS)
}

#[test]
fn overlap_agrees_with_brute_force() {
    let mut random = Random::announced("overlap");
    let universe = universe();
    let pool =
        pool(&mut random, |text| Bits::of(universe.len(), |i| naive::matches(text, &universe[i])));
    let (mut met, mut beyond) = (0, 0);
    for _ in 0..sets() {
        let set = Set::draw(&mut random, &pool);
        let decided = set.decide(Case::Exact);
        let scopes = [0, 1].map(|i| Bits::scope(&set.touch[i], &set.except[i]));
        let brute = scopes[0].first_of_both(&scopes[1]).map(|i| universe[i].as_str());
        let Some(meeting) = decided else {
            assert_eq!(brute, None, "missed: {}", set.shown());
            continue;
        };
        let witness = meeting.left.to_str().expect("the alphabet is ASCII");
        assert_eq!(meeting.left, meeting.right);
        assert!(naive::is_path(witness), "{witness}: {}", set.shown());
        for (touch, except) in set.touch.iter().zip(&set.except) {
            assert!(contains_path(touch, except, witness), "{witness}: {}", set.shown());
            let own = |k: &&Known| k.pattern.matches(&meeting.left);
            let second = |k: &&Known| k.pattern.second_opinion(&meeting.left);
            assert!(touch.iter().any(own) && !except.iter().any(own), "{}", set.shown());
            assert!(touch.iter().any(second) && !except.iter().any(second), "{}", set.shown());
        }
        // Whatever else a pattern of the generator accepts, it accepts `-` in its place.
        let foreign = |c: char| !"ab./-".contains(c);
        match brute {
            Some(path) => assert!(
                witness.len() <= path.len(),
                "{witness} is longer than {path}: {}",
                set.shown()
            ),
            None => assert!(
                witness.len() > LONGEST || witness.contains(foreign),
                "brute force has no {witness}: {}",
                set.shown()
            ),
        }
        met += 1;
        beyond += usize::from(brute.is_none());
    }
    let sets = sets();
    say(&format!("{sets} sets: {met} meet, {beyond} of them beyond brute force; none wrong"));
    assert!(met > sets / 20 && met < sets * 19 / 20, "the generator makes both kinds");
}

#[test]
fn folded_overlap_agrees_with_brute_force() {
    let mut random = Random::announced("folded overlap");
    let universe = paths(&["a", "A", "b", "B", ".", "/"], LONGEST_FOLDED);
    // All spellings of a path are one place on such a disk.
    let mut spellings: Vec<String> = universe.iter().map(|path| path.to_lowercase()).collect();
    spellings.sort_by_key(|path| (path.len(), path.clone()));
    spellings.dedup();
    let place: Vec<usize> = {
        let known: std::collections::HashMap<&str, usize> =
            spellings.iter().enumerate().map(|(i, path)| (path.as_str(), i)).collect();
        universe.iter().map(|path| known[path.to_lowercase().as_str()]).collect()
    };
    // What is left out in one spelling is left out in all.
    let pool = pool(&mut random, |text| {
        let mut bits = Bits::of(spellings.len(), |_| false);
        let matched = universe.iter().zip(&place).filter(|(path, _)| naive::matches(text, path));
        matched.for_each(|(_, place)| bits.insert(*place));
        bits
    });
    let mut met = 0;
    for _ in 0..sets() {
        let set = Set::draw(&mut random, &pool);
        let decided = set.decide(Case::Folded);
        let scopes = [0, 1].map(|i| Bits::scope(&set.touch[i], &set.except[i]));
        let brute = scopes[0].first_of_both(&scopes[1]).map(|i| spellings[i].as_str());
        let Some(meeting) = decided else {
            assert_eq!(brute, None, "missed: {}", set.shown());
            continue;
        };
        met += 1;
        let sides = [&meeting.left, &meeting.right].map(|p| p.to_str().expect("ASCII"));
        let [x, y] = sides;
        assert!(x.eq_ignore_ascii_case(y), "{x} and {y}: {}", set.shown());
        for (i, path) in sides.into_iter().enumerate() {
            let (touch, except) = (&set.touch[i], &set.except[i]);
            assert!(contains_path(touch, except, path), "{x}, {y}: {}", set.shown());
            if path.len() <= 10 {
                let mut every = every_spelling(path);
                let left_out = every.find(|p| any(except, p));
                assert_eq!(left_out, None, "{x}, {y}: {}", set.shown());
            }
        }
        if let Some(path) = brute {
            assert!(x.len() <= path.len(), "{x} is longer than {path}: {}", set.shown());
        }
    }
    let sets = sets();
    say(&format!("{sets} sets with folded case: {met} meet; none wrong"));
    assert!(met > sets / 20 && met < sets * 19 / 20, "the generator makes both kinds");
}

fn any(list: &[&Known], path: &str) -> bool {
    list.iter().any(|k| naive::matches(k.pattern.as_str(), path))
}

/// A path in every mixture of cases.
fn every_spelling(path: &str) -> impl Iterator<Item = String> {
    let letters = path.bytes().filter(u8::is_ascii_alphabetic).count();
    (0..1_u32 << letters).map(move |mixture| {
        let mut bit = 0;
        let spelled = path.chars().map(|c| {
            if !c.is_ascii_alphabetic() {
                return c;
            }
            bit += 1;
            let upper = mixture & (1 << (bit - 1)) != 0;
            if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
        });
        spelled.collect()
    })
}

#[test]
fn many_scopes_come_together_as_each_two_of_them_do() {
    let mut random = Random::announced("candidates");
    let pool = pool(&mut random, |_| Bits(Vec::new()));
    for round in 0..12 {
        let lists: Vec<Vec<Pattern>> =
            (0..40).map(|_| patterns(&some(&mut random, &pool, 3, 0))).collect();
        let scopes: Vec<&[Pattern]> = lists.iter().map(Vec::as_slice).collect();
        let case = if round % 2 == 0 { Case::Exact } else { Case::Folded };
        let all = candidates(&scopes, case).expect("few");
        let across = crossing(&scopes[..15], &scopes[15..], case).expect("few");
        for a in 0..scopes.len() {
            for b in a + 1..scopes.len() {
                let two = !candidates(&[scopes[a], scopes[b]], case).expect("few").is_empty();
                let shown = || format!("{:?} x {:?}, {case:?}", lists[a], lists[b]);
                assert_eq!(all.contains(&(a, b)), two, "{}", shown());
                if a < 15 && b >= 15 {
                    assert_eq!(across.contains(&(a, b - 15)), two, "{}", shown());
                }
                let (left, right) = (Language::new(&lists[a], &[]), Language::new(&lists[b], &[]));
                let met = meet(&left, &right, case).expect("decidable").is_some();
                assert!(two || !met, "no candidate: {}", shown());
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
    let pool =
        pool(&mut random, |text| Bits::of(universe.len(), |i| naive::matches(text, &universe[i])));
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
        let any = |list: &[&Known], i: usize| list.iter().any(|k| k.matched.has(i));
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
