//! Commands that are given while another one has the session in hand.

use std::fs::File;
use std::time::{Duration, Instant};

use super::{ID, planned};

#[test]
fn who_has_to_wait_is_told_and_goes_on() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let word = "another `git ap` works on this session at the moment: waiting for it";
    for (objective, quiet, busy) in [("T1", false, 0), ("T2", false, 2), ("T3", true, 2)] {
        let lock =
            File::options().append(true).open(repo.root().join(".git/ap").join(ID).join("lock"));
        let lock = lock.expect("the session has a lock");
        lock.lock().expect("nobody has it");
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(busy));
            drop(lock);
        });
        let begin = Instant::now();
        let drop = ["drop", objective, "--yes"];
        let quietly = quiet.then_some("--quiet");
        let done = repo.ap(drop.into_iter().chain(quietly)).exits(0);
        assert!(begin.elapsed() >= Duration::from_secs(busy), "it did not wait");
        let told = done.stderr().matches(word).count();
        assert_eq!(told, usize::from(busy > 0 && !quiet), "{objective}: {}", done.stderr());
        other.join().expect("it let go");
    }
}
