//! What workers did in earlier sessions decides between those who fit alike.

use super::{ap, team};
use crate::session::ID;

#[test]
fn the_better_record_gets_the_objective_and_the_next_record_counts_it() {
    let repo = team("", "max_concurrent = 3", "", "");
    let script = repo.read(".ap/team.toml");
    let entry = script.strip_prefix("schema = 1\n").expect("as it was written");
    let entry = entry.replace("id = \"script\"", "id = \"tested\"");
    repo.write(".ap/team.toml", format!("{script}{entry}"));
    let hex = "a".repeat(40);
    let objective = |id: &str, worker: &str, phase: &str| {
        format!(
            "[[objective]]\nid = \"{id}\"\ntitle = \"x\"\nwave = 1\nphase = \"{phase}\"\n\
             worker = \"{worker}\"\nbegan = \"2025-01-01T00:00:00Z\"\n\
             [[try]]\nobjective = \"{id}\"\nworker = \"{worker}\"\nbegan = \"2025-01-01T00:00:00Z\"\n\
             ended = \"2025-01-01T00:10:00Z\"\nhow = \"ended\"\n"
        )
    };
    repo.write(
        ".ap/sessions/20250101-000000-old/session.toml",
        format!(
            "schema = 1\nplan = \"20250101-000000-old\"\nrequest = \"x\"\ntype = \"feature\"\n\
             target = \"main\"\npin = \"{hex}\"\nbase = \"{hex}\"\napproved = \"2025-01-01T00:00:00Z\"\n{}{}",
            objective("T1", "tested", "merged"),
            objective("T2", "script", "violated"),
        ),
    );
    repo.commit("an earlier session");
    // By their names, `script` would come first.
    ap(&repo, &["run", "--yes", "--objective", "T1"]).exits(0).says("T1 is with tested");
    let json = ap(&repo, &["history", "--workers", "--format", "json"]).exits(0).json();
    let tested = &json["workers"][1];
    assert_eq!((&tested["worker"], &tested["done"]), (&"tested".into(), &2.into()), "{json}");
    assert_eq!((&tested["sessions"], &tested["failed"]), (&2.into(), &0.into()), "{json}");
    assert_eq!(json["workers"][0]["failed"], 1);
    ap(&repo, &["run", "--yes", "--land"]).exits(0);
    let record = repo.read(&format!(".ap/sessions/{ID}/session.toml"));
    assert!(record.contains("[[try]]\nobjective = \"T1\"\nworker = \"tested\"\n"), "{record}");
}
