use std::collections::BTreeMap;

use super::*;
use crate::domain::record;
use crate::report::Templates;

const ONE: &str = "dddddddddddddddddddddddddddddddddddddddd";

fn record_of(request: &str, title: &str) -> Record {
    let quoted = |text: &str| crate::domain::plan::toml_string(text);
    let commit = |c: &str| c.repeat(40);
    let text = format!(
        "schema = 1\nplan = \"20251008-104131-add-jwt\"\nrequest = {}\ntype = \"feature\"\n\
         target = \"main\"\npin = \"{a}\"\nbase = \"{b}\"\napproved = \"2025-10-08T10:41:31.000Z\"\n\
         landed = \"2025-10-08T12:46:00.000Z\"\nsynced = [\"{f}\"]\n\
         [[wave]]\nnumber = 1\ncommit = \"{e}\"\nmerged = \"2025-10-08T12:00:00.000Z\"\n\
         gates = [\"cargo test\"]\nobjectives = [\"T1\"]\n\
         [[objective]]\nid = \"T1\"\ntitle = {}\nwave = 1\nphase = \"merged\"\nworker = \"human\"\n\
         start = \"{a}\"\ntip = \"{ONE}\"\ncommits = 2\nfiles = 3\nlines_added = 10\nlines_removed = 1\n\
         minutes = 46\nretries = 1\nviolations = 2\ntouch = [\"src/auth/\"]\n\
         touched = [\"src/auth/a.rs\", \"src/auth/b|c.rs\"]\ntouched_more = 1\n\
         authors = [\"Ada <ada@x>\"]\ngates = [\"cargo test -p auth\"]\n\
         [[objective]]\nid = \"T2\"\ntitle = \"Login form\"\nwave = 1\nphase = \"dropped\"\n\
         worker = \"human\"\ntouch = [\"src/ui/\"]\nsaid = [{}]\nauthors = [\"ADA <ADA@x>\"]\n\
         backups = [\"refs/ap/backup/T2\"]\n",
        quoted(request),
        quoted(title),
        quoted(title),
        a = commit("a"),
        b = commit("b"),
        e = commit("e"),
        f = commit("f"),
    );
    record::read(&text).expect("a record")
}

fn rendered(record: &Record) -> String {
    let templates = Templates::new(&BTreeMap::new()).expect("the built-in templates can be read");
    templates.accomplishment_md(record).expect("rendered")
}

#[test]
fn a_landed_session() {
    let page = rendered(&record_of("Add JWT authentication", "Token issue"));
    let (a, e, f) = ("a".repeat(40), "e".repeat(40), "f".repeat(40));
    let expected = format!(
        "# Add JWT authentication

| | |
| --- | --- |
| Plan | `20251008-104131-add-jwt` |
| Kind | feature |
| State | landed |
| Target | `main` |
| Approved | 2025-10-08T10:41:31.000Z |
| Landed | 2025-10-08T12:46:00.000Z |
| Took | 2 h 4 min |
| Objectives | 2: 1 merged, 1 dropped |
| Changed | at most 3 files, 10 lines added, 1 removed |
| Work outside a scope | found twice |
| Tried again | once |

## Objectives

### T1: Token issue

Merged in wave 1.

- Could change: `src/auth/`
- Worked on by: human, 46 min
- Did: 2 commits, 3 files, 10 lines added, 1 removed
- Passed: `cargo test -p auth`
- Tried again: once
- Work outside its scope: found twice, nothing outside it landed
- Files:
  - `src/auth/a.rs`
  - <code>src/auth/b&#124;c.rs</code>
  - and 1 more: `git diff --stat {a} {ONE}`

### T2: Login form

Dropped from wave 1: nothing of it was merged.

- Could change: `src/ui/`
- Worked on by: human
- Because:
  - Token issue
- Earlier work is kept in: `refs/ap/backup/T2`

## Waves

| Wave | Commit | Merged | Objectives | Gates that passed |
| --- | --- | --- | --- | --- |
| 1 | `{e}` | 2025-10-08T12:00:00.000Z | `T1` | `cargo test` |

On the way these tips of `main` were merged: `{f}`.

## What was dropped

- T2: Login form; its work is kept in `refs/ap/backup/T2`

## Who took part

- Ada &lt;ada&#64;x&gt;

## How to look further

- `git log --graph --oneline {a}..{e}`: every commit of the session
- `git diff --stat {a}..{e}`: what they changed together
- `git ap verify {a}..{e}`: each of them held against its scope again
- `git log --grep='^AP-Plan: 20251008-104131-add-jwt$'`: the commits that name the plan, wherever they are
- `git show {a}:.ap/plans/20251008-104131-add-jwt/plan.md`: the plan as approved
"
    );
    assert_eq!(page, expected);
}

#[test]
fn a_session_at_work() {
    let mut record = record_of("Add it", "One");
    record.landed = None;
    record.waves.clear();
    record.synced.clear();
    record.objectives[0].phase = Phase::Working;
    record.objectives[0].violations = 0;
    let page = rendered(&record);
    for part in [
        "| State | at work |\n",
        "| Objectives | 2: 1 working, 1 dropped |\n",
        "| Work outside a scope | none found |\n",
        "Worked on in wave 1.\n",
        "\nNone is merged yet.\n",
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    for part in ["| Landed |", "| Took |", "git ap verify", "On the way", "\n\n\n"] {
        assert!(!page.contains(part), "`{part}` is in\n{page}");
    }
    record.objectives[0].phase = Phase::Merged;
    assert!(rendered(&record).contains("| State | merged, not landed |\n"));
}

#[test]
fn hostile_words_open_nothing() {
    let hostile = "</td>|<b>\n\n```\n# x\n@all ![a](http://e) {{plan}} \u{1b}[2J `";
    let page = rendered(&record_of(hostile, hostile));
    let calm = rendered(&record_of("x\n\ny", "x"));
    let shape = |page: &str, what: fn(&str) -> bool| page.lines().filter(|l| what(l)).count();
    for what in [
        |l: &str| l.starts_with('#'),
        |l: &str| l.starts_with("```"),
        |l: &str| l.starts_with('|'),
        |l: &str| l.starts_with("- ") || l.starts_with("  - "),
    ] {
        assert_eq!(shape(&page, what), shape(&calm, what), "{page}");
    }
    assert!(!page.contains('\u{1b}') && !page.contains("<b>"), "{page}");
    assert!(!page.replace("`@all`", "").contains("@all"), "only as code: {page}");
    assert!(page.contains("{{plan}}"), "text is not a template");
}
