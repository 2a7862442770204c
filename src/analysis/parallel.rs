//! Work on many files at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The most threads that work.
const THREADS: usize = 8;
/// How many turns each thread takes at least: files differ much in what they cost.
const TURNS: usize = 16;

/// How many threads are worth starting on this machine.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(THREADS)
}

/// What `work` says of each item, in the order of the items. Each thread has a state of its own,
/// and takes the next items as soon as it has none.
pub(super) fn each<T: Sync, S: Send, R: Send>(
    items: &[T],
    states: &mut [S],
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let turn = (items.len() / (states.len().max(1) * TURNS)).max(1);
    let next = AtomicUsize::new(0);
    let take = |state: &mut S| {
        let mut done: Vec<(usize, Vec<R>)> = Vec::new();
        loop {
            let start = next.fetch_add(turn, Ordering::Relaxed);
            let Some(rest) = items.get(start..).filter(|rest| !rest.is_empty()) else {
                return done;
            };
            let part = &rest[..turn.min(rest.len())];
            done.push((start, part.iter().map(|item| work(state, item)).collect()));
        }
    };
    let mut parts: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let take = &take;
        let handles: Vec<_> =
            states.iter_mut().map(|state| scope.spawn(move || take(state))).collect();
        let joined = handles.into_iter().flat_map(|handle| match handle.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    });
    parts.sort_unstable_by_key(|(start, _)| *start);
    parts.into_iter().flat_map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_items() {
        for count in [0, 1, 7, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [1, 3, 8] {
                let mut seen = vec![0; threads];
                let answers = each(&items, &mut seen, |seen, item| {
                    *seen += 1;
                    item * 2
                });
                assert_eq!(answers, items.iter().map(|item| item * 2).collect::<Vec<_>>());
                assert_eq!(seen.iter().sum::<usize>(), count, "each was looked at once");
            }
        }
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_is_passed_on() {
        each(&[1, 2, 3], &mut [(), ()], |(), item| assert_ne!(*item, 3, "the third"));
    }
}
