//! Findings for programs. Keys, their order and what is left out are a contract.

use serde::Serialize;

use super::{Subject, is_valid};
use crate::domain::base64;
use crate::domain::finding::{Code, Finding, Severity};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::{Move, SCHEMA};

/// What `check --format json` prints.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: u32,
    plan: Option<&'a str>,
    valid: bool,
    objectives: usize,
    waves: u32,
    /// With `--fix`: who moved, or would.
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<&'a [Move]>,
    findings: Vec<Item<'a>>,
}

#[derive(Debug, Serialize)]
struct Item<'a> {
    code: Code,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    objectives: &'a [ObjectiveId],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    patterns: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness_exists: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked_count: Option<usize>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

/// The document of a check: one entry a finding, in the order given. A witness that is not
/// UTF-8 appears with U+FFFD and, exact, as base64 in `witness_bytes`.
pub fn document<'a>(findings: &'a [Finding], subject: Subject<'a>) -> Document<'a> {
    Document {
        schema: SCHEMA,
        plan: subject.plan,
        valid: is_valid(findings),
        objectives: subject.objectives,
        waves: subject.waves,
        moves: subject.moves,
        findings: findings.iter().map(item).collect(),
    }
}

fn item(finding: &Finding) -> Item<'_> {
    let witness = finding.witness.as_ref();
    Item {
        code: finding.code,
        severity: finding.severity,
        wave: finding.wave,
        objectives: &finding.objectives,
        patterns: &finding.patterns,
        witness: witness.map(|path| path.to_lossy().into_owned()),
        witness_bytes: witness
            .filter(|path| path.to_str().is_none())
            .map(|path| base64::encode(path.as_bytes())),
        witness_exists: finding.witness_exists,
        tracked_count: finding.tracked_count,
        message: &finding.message,
        help: finding.help.as_deref(),
        line: finding.place.as_ref().map(|p| p.line),
        column: finding.place.as_ref().map(|p| p.column),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::path::RepoPath;

    #[test]
    fn the_document_has_the_promised_keys_in_order() {
        let findings = sample::findings();
        let subject =
            Subject { plan: Some("20251008-104131-x"), objectives: 3, waves: 2, moves: None };
        let json = serde_json::to_string(&document(&findings, subject)).expect("plain data");
        let expected = concat!(
            r#"{"schema":1,"plan":"20251008-104131-x","valid":false,"objectives":3,"waves":2,"#,
            r#""findings":[{"code":"scope-overlap","severity":"error","wave":1,"#,
            r#""objectives":["T1","T2"],"patterns":["src/**","src/auth/"],"#,
            r#""witness":"src/auth/login.rs","witness_exists":true,"tracked_count":4,"#,
            r#""message":"T1 and T2 may both change files","#,
            r#""help":"give `src/auth/` to one of them","line":2,"column":10},"#,
            r#"{"code":"bad-field","severity":"warning","#,
            r#""message":"50% of:\u001b[31m this\nis, odd","line":4,"column":26},"#,
            r#"{"code":"stale-render","severity":"warning","message":"`plan.md` is old"}]}"#,
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn a_witness_that_is_not_text_is_exact_in_base64() {
        let mut finding = Finding::error(Code::ScopeOverlap, "m");
        finding.witness = RepoPath::new(b"a/\xff".to_vec());
        let findings = [finding];
        let json = serde_json::to_value(document(&findings, Subject::default())).expect("data");
        assert_eq!(json["findings"][0]["witness"], "a/\u{fffd}");
        assert_eq!(json["findings"][0]["witness_bytes"], "YS//");
    }
}
