//! Patterns as automata over bytes. Overlap is decided on these: exactly, because a product of
//! automata is empty or has a shortest word, and there is no third case.

use std::cell::RefCell;
use std::collections::HashMap;

use super::pattern::{ByteSet, Component, NormalForm, Segment, Tail, Token};

/// A nondeterministic automaton without silent moves.
#[derive(Clone, Debug, Default)]
pub(super) struct Nfa {
    states: Vec<State>,
    starts: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct State {
    edges: Vec<(ByteSet, u32)>,
    silent: Vec<u32>,
    accepts: bool,
    /// It accepts, and so does everything that follows.
    sink: bool,
}

impl Nfa {
    /// The automaton that accepts what any of the forms matches (and some byte strings that are
    /// no paths: [`Validity`] runs beside it).
    pub(super) fn of<'a>(forms: impl IntoIterator<Item = &'a NormalForm>) -> Self {
        let mut nfa = Self::default();
        for form in forms {
            let start = nfa.add();
            nfa.starts.push(start);
            nfa.form(start, form);
        }
        nfa.close();
        nfa
    }

    /// The automaton that accepts the same words in any mixture of cases.
    #[must_use]
    pub(super) fn folded(&self) -> Self {
        let mut folded = self.clone();
        for state in &mut folded.states {
            for (set, _) in &mut state.edges {
                *set = set.folded();
            }
        }
        folded
    }

    fn add(&mut self) -> u32 {
        self.states.push(State::default());
        u32::try_from(self.states.len() - 1).expect("patterns are limited far below 2^32 states")
    }

    fn state(&mut self, id: u32) -> &mut State {
        &mut self.states[id as usize]
    }

    fn edge(&mut self, from: u32, set: ByteSet, to: u32) {
        self.state(from).edges.push((set, to));
    }

    fn form(&mut self, start: u32, form: &NormalForm) {
        let slash = ByteSet::of(b'/');
        let mut at = start;
        let mut separated = true;
        for segment in form.segments() {
            if !separated {
                let next = self.add();
                self.edge(at, slash, next);
                at = next;
            }
            match segment {
                Segment::One(component) => {
                    at = self.component(at, component);
                    separated = false;
                }
                Segment::AnyDepth => {
                    let inside = self.add();
                    self.edge(at, ByteSet::component(), inside);
                    self.edge(inside, ByteSet::component(), inside);
                    self.edge(inside, slash, at);
                    separated = true;
                }
            }
        }
        if form.tail() != Tail::Below {
            self.state(at).accepts = true;
        }
        if form.tail() != Tail::Exact {
            self.below(at, separated);
        }
    }

    /// Everything below `at`, which stands behind a component, or (`separated`) before one.
    fn below(&mut self, at: u32, separated: bool) {
        let anything = {
            let mut set = ByteSet::component();
            set.insert(b'/');
            set
        };
        let first = if separated {
            at
        } else {
            let first = self.add();
            self.edge(at, ByteSet::of(b'/'), first);
            first
        };
        let sink = self.add();
        self.edge(first, anything, sink);
        self.edge(sink, anything, sink);
        let sink = self.state(sink);
        (sink.accepts, sink.sink) = (true, true);
    }

    fn component(&mut self, start: u32, component: &Component) -> u32 {
        // A state of its own, so that a star at the front cannot loop on a shared start.
        let mut at = self.add();
        self.state(start).silent.push(at);
        for token in component.tokens() {
            match token {
                Token::Byte(byte) => {
                    let next = self.add();
                    self.edge(at, ByteSet::of(byte), next);
                    at = next;
                }
                Token::One(set) => {
                    let next = self.add();
                    self.edge(at, set, next);
                    at = next;
                }
                Token::Many => {
                    let looping = self.add();
                    self.state(at).silent.push(looping);
                    self.edge(looping, ByteSet::component(), looping);
                    at = looping;
                }
            }
        }
        at
    }

    /// Replaces silent moves by what lies behind them. They never form a cycle: each leads to a
    /// state made later.
    fn close(&mut self) {
        for id in (0..self.states.len()).rev() {
            for next in std::mem::take(&mut self.states[id].silent) {
                let behind = self.states[next as usize].clone();
                let own = &mut self.states[id];
                own.edges.extend(behind.edges);
                own.accepts |= behind.accepts;
                own.sink |= behind.sink;
            }
        }
    }

    pub(super) fn starts(&self) -> &[u32] {
        &self.starts
    }

    pub(super) fn accepts(&self, state: u32) -> bool {
        self.states[state as usize].accepts
    }

    pub(super) fn next(&self, state: u32, byte: u8) -> impl Iterator<Item = u32> {
        let edges = &self.states[state as usize].edges;
        edges.iter().filter(move |(set, _)| set.contains(byte)).map(|(_, to)| *to)
    }

    /// A number for each byte; bytes of one number lead to the same states everywhere.
    pub(super) fn classes(&self) -> [u8; 256] {
        let sets = self.states.iter().flat_map(|s| s.edges.iter().map(|(set, _)| *set));
        let mut sets: Vec<ByteSet> = sets.collect();
        sets.sort_unstable();
        sets.dedup();
        let mut classes = [0; 256];
        let mut count: u16 = 1;
        for set in sets {
            // The part of a class that is in the set becomes a class of its own, unless that is
            // all of it.
            let mut inside = [false; 256];
            let mut outside = [false; 256];
            for byte in 0..=255_u8 {
                let class = usize::from(classes[usize::from(byte)]);
                *(if set.contains(byte) { &mut inside[class] } else { &mut outside[class] }) = true;
            }
            let mut moved = [None; 256];
            for byte in set.iter() {
                let class = usize::from(classes[usize::from(byte)]);
                if inside[class] && outside[class] {
                    let to = *moved[class].get_or_insert_with(|| {
                        let fresh = u8::try_from(count).expect("no more classes than bytes");
                        count += 1;
                        fresh
                    });
                    classes[usize::from(byte)] = to;
                }
            }
        }
        classes
    }
}

/// An automaton made deterministic as far as it is walked. What it costs is counted, because a
/// hostile pattern can make it grow without end.
#[derive(Debug)]
pub(super) struct Lazy {
    nfa: Nfa,
    classes: [u8; 256],
    made: RefCell<Made>,
}

#[derive(Debug, Default)]
struct Made {
    ids: HashMap<Vec<u32>, u32>,
    sets: Vec<Vec<u32>>,
    accepts: Vec<bool>,
    sinks: Vec<bool>,
    moves: HashMap<(u32, u8), u32>,
    cost: usize,
}

impl Lazy {
    pub(super) fn new(nfa: Nfa) -> Self {
        let lazy = Self { classes: nfa.classes(), nfa, made: RefCell::default() };
        let mut start = lazy.nfa.starts().to_vec();
        start.sort_unstable();
        lazy.intern(start);
        lazy
    }

    /// The state before the first byte.
    pub(super) const START: u32 = 0;

    fn intern(&self, set: Vec<u32>) -> u32 {
        let mut made = self.made.borrow_mut();
        if let Some(id) = made.ids.get(&set) {
            return *id;
        }
        let id = u32::try_from(made.sets.len()).expect("the cost limit stops far below 2^32");
        made.cost += set.len() + 4;
        made.accepts.push(set.iter().any(|s| self.nfa.accepts(*s)));
        made.sinks.push(set.iter().any(|s| self.nfa.states[*s as usize].sink));
        made.sets.push(set.clone());
        made.ids.insert(set, id);
        id
    }

    pub(super) fn next(&self, state: u32, byte: u8) -> u32 {
        if let Some(id) = self.made.borrow().moves.get(&(state, byte)) {
            return *id;
        }
        let mut set: Vec<u32> = {
            let made = self.made.borrow();
            made.sets[state as usize].iter().flat_map(|s| self.nfa.next(*s, byte)).collect()
        };
        set.sort_unstable();
        set.dedup();
        let id = self.intern(set);
        let mut made = self.made.borrow_mut();
        made.moves.insert((state, byte), id);
        made.cost += 1;
        id
    }

    pub(super) fn accepts(&self, state: u32) -> bool {
        self.made.borrow().accepts[state as usize]
    }

    /// Whether everything from here on is accepted.
    pub(super) fn is_sink(&self, state: u32) -> bool {
        self.made.borrow().sinks[state as usize]
    }

    /// How much has been built: states of the underlying automaton, and moves.
    pub(super) fn cost(&self) -> usize {
        self.made.borrow().cost
    }

    /// As [`Nfa::classes`].
    pub(super) fn classes(&self) -> &[u8; 256] {
        &self.classes
    }
}

/// The third condition: which byte strings are possible paths of a git tree. The rules are those
/// of [`super::path::is_valid`], as an automaton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Validity {
    /// At the start of a component.
    Start,
    Dot,
    DotDot,
    DotG,
    DotGi,
    DotGit,
    /// In a component that is none of the forbidden names.
    Inside,
}

impl Validity {
    /// Where a byte leads; none: no possible path begins like that.
    pub(super) fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte.to_ascii_lowercase()) {
            (_, 0) | (Self::Start | Self::Dot | Self::DotDot | Self::DotGit, b'/') => return None,
            (_, b'/') => Self::Start,
            (Self::Start, b'.') => Self::Dot,
            (Self::Dot, b'.') => Self::DotDot,
            (Self::Dot, b'g') => Self::DotG,
            (Self::DotG, b'i') => Self::DotGi,
            (Self::DotGi, b't') => Self::DotGit,
            _ => Self::Inside,
        })
    }

    /// Whether a path may end here.
    pub(super) fn accepts(self) -> bool {
        matches!(self, Self::DotG | Self::DotGi | Self::Inside)
    }

    /// The number of what a byte is to it; bytes of one number lead to the same states.
    pub(super) fn class(byte: u8) -> u8 {
        match byte.to_ascii_lowercase() {
            b'/' => 1,
            b'.' => 2,
            b'g' => 3,
            b'i' => 4,
            b't' => 5,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path;
    use crate::domain::pattern::Pattern;

    /// Every string of up to `length` bytes of `alphabet`.
    fn strings(alphabet: &[u8], length: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..length {
            last = last
                .iter()
                .flat_map(|s| alphabet.iter().map(move |b| [s.as_slice(), &[*b]].concat()))
                .collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn validity_is_the_rule_of_paths() {
        let words = strings(b"/.giTa", 6);
        for word in words {
            let end = word.iter().try_fold(Validity::Start, |v, b| v.next(*b));
            assert_eq!(end.is_some_and(Validity::accepts), path::is_valid(&word), "{word:?}");
        }
    }

    #[test]
    fn bytes_of_one_class_lead_to_the_same_states() {
        for text in ["a[b-d]?", "**/*.[ch]", "{x,[!x]y}/", "[a-z][!m-p][0-9a-c]"] {
            let nfa = Nfa::of(Pattern::parse(text).expect("valid").forms());
            let classes = nfa.classes();
            for (x, y) in (0..=255).flat_map(|x: u8| (0..=255).map(move |y: u8| (x, y))) {
                let states = 0..u32::try_from(nfa.states.len()).expect("few");
                let mut same = states.map(|s| nfa.next(s, x).eq(nfa.next(s, y)));
                let alike = classes[usize::from(x)] == classes[usize::from(y)];
                assert_eq!(alike, same.all(|same| same), "{x} and {y} in {text}");
            }
        }
    }

    #[test]
    fn the_automaton_accepts_what_the_matcher_matches() {
        let words = strings(b"ab/.", 6);
        for text in [
            "a", "a/", "*", "**", "**/a", "a/**/b", "*/a", "?[ab]*b", "{a,b/*}/", "**/*.a",
            "*/**/a*",
        ] {
            let pattern = Pattern::parse(text).expect("valid");
            let lazy = Lazy::new(Nfa::of(pattern.forms()));
            for word in &words {
                let Some(path) = path::RepoPath::new(word.clone()) else { continue };
                let end = word.iter().fold(Lazy::START, |state, b| lazy.next(state, *b));
                assert_eq!(lazy.accepts(end), pattern.matches(&path), "{text} on {path}");
            }
        }
    }
}
