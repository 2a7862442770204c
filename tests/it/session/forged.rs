//! Commits that claim to be waves of a plan, and were made by hand.

use super::{ID, finish, integration, place, planned_with, write};
use crate::support::Repo;

/// A commit of a tree that calls itself a wave, with these parents.
fn wave(repo: &Repo, tree: &str, parents: &[&str]) -> String {
    let tree = format!("{tree}^{{tree}}");
    let message = format!("feat: jwt\n\nAP-Plan: {ID}\nAP-Wave: 1");
    let parents = parents.iter().flat_map(|parent| ["-p", parent]);
    repo.git(["commit-tree", &tree, "-m", &message].into_iter().chain(parents))
}

#[test]
fn a_wave_of_what_is_out_of_scope_is_found_whatever_the_style() {
    for style in ["octopus", "squash"] {
        let repo = planned_with("", &format!("[merge]\nstyle = \"{style}\"\n"));
        repo.ap(["start", "--yes"]).exits(0);
        let one = place(&repo, "T1");
        write(&repo, "T1", "README.md", "mine\n");
        let message = "mine\n\nAP-Objective: add-jwt/T1";
        repo.git_at(&one, ["commit", "-qam", message, "--no-verify"]).exits(0);
        let (pin, tip) = (integration(), format!("ap/{ID}/T1"));
        for parents in [&[&*pin, &*tip][..], &[&*pin]] {
            let made = wave(&repo, &tip, parents);
            let verified = repo.ap(["verify", &format!("main..{made}")]).exits(4);
            verified.answers_with("README.md").says("1 violation");
        }
    }
}

#[test]
fn a_wave_that_takes_back_what_others_have_merged_is_found() {
    let repo = planned_with("", "");
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    repo.ap(["done", "T2", "--no-change"]).exits(0);
    let pin = repo.git(["rev-parse", &integration()]);
    repo.ap(["merge"]).exits(0);
    let merged = integration();
    let old = ["-p", &*merged, "-p", &*pin, "-m", "docs\n\nAP-Objective: add-jwt/T3"];
    let tree = format!("{pin}^{{tree}}");
    let tip = repo.git(["commit-tree", &*tree].into_iter().chain(old));
    let made = wave(&repo, &tip, &[&merged, &tip]);
    let verified = repo.ap(["verify", &format!("{merged}..{made}")]).exits(4);
    verified.answers_with("objective T3 may merge the integration branch and nothing else");
}
