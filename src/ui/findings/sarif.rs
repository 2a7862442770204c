//! Findings for code scanners: SARIF 2.1.0 (OASIS standard). Paths are relative to the
//! repository's root, which SARIF calls `%SRCROOT%`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Location, Source, end_column, location};
use crate::domain::finding::{Code, Finding, Severity};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run with every rule and one result a finding.
pub fn sarif(findings: &[Finding], source: Option<Source<'_>>) -> Value {
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|(code, text)| json!({"id": code.as_str(), "shortDescription": {"text": text}}))
        .collect();
    let results: Vec<Value> = findings.iter().map(|f| result(f, source)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "git ap",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            // Columns are characters here; SARIF's own default is UTF-16 code units.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, source: Option<Source<'_>>) -> Value {
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|(code, _)| *code == finding.code),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": {"text": text},
    });
    if let Some(place) = location(finding, source) {
        result["locations"] = json!([physical(&place)]);
    }
    let related: Vec<Value> = source.map_or_else(Vec::new, |source| {
        finding.related.iter().map(|(place, label)| related(source, place, label)).collect()
    });
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

fn related(source: Source<'_>, place: &crate::domain::finding::Place, label: &str) -> Value {
    let mut value = physical(&Location {
        path: source.path.into(),
        path_bytes: source.path.as_bytes(),
        line: place.line,
        column: place.column,
        end_column: end_column(place, source.text),
        exact: true,
    });
    value["message"] = json!({"text": label});
    value
}

fn physical(location: &Location<'_>) -> Value {
    let region = if location.exact {
        json!({
            "startLine": location.line,
            "startColumn": location.column,
            "endColumn": location.end_column,
        })
    } else {
        json!({"startLine": location.line})
    };
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(location.path_bytes), "uriBaseId": "%SRCROOT%"},
        "region": region,
    }})
}

/// A path as a relative URI: everything but `/` and the unreserved characters of RFC 3986
/// percent-encoded, bytes as they are.
fn uri(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::path::RepoPath;

    #[test]
    fn the_whole_document() {
        let document = sarif(&sample::findings(), Some(sample::source()));
        let run = &document["runs"][0];
        assert_eq!(document["version"], "2.1.0");
        assert_eq!(document["$schema"], SCHEMA);
        assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(Code::ALL.len()));
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let at = |line: usize, start: usize, end: usize| {
            json!({"physicalLocation": {
                "artifactLocation":
                    {"uri": ".ap/plans/a%20b/plan.toml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": line, "startColumn": start, "endColumn": end},
            }})
        };
        let mut other = at(4, 10, 21);
        other["message"] = json!({"text": "T2 claims it here"});
        let expected = json!([
            {
                "ruleId": "scope-overlap",
                "ruleIndex": 7,
                "level": "error",
                "message": {"text":
                    "T1 and T2 may both change files\nhelp: give `src/auth/` to one of them"},
                "locations": [at(2, 10, 18)],
                "relatedLocations": [other],
            },
            {
                "ruleId": "bad-field",
                "ruleIndex": 0,
                "level": "warning",
                "message": {"text": "50% of:\u{1b}[31m this\nis, odd"},
                "locations": [at(4, 26, 27)],
            },
            {
                "ruleId": "stale-render",
                "ruleIndex": 17,
                "level": "warning",
                "message": {"text": "`plan.md` is old"},
                "locations": [{"physicalLocation": {
                    "artifactLocation":
                        {"uri": ".ap/plans/a%20b/plan.toml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                }}],
            },
        ]);
        assert_eq!(run["results"], expected);
    }

    #[test]
    fn a_rule_stands_where_its_index_says() {
        let document = sarif(&sample::findings(), None);
        let run = &document["runs"][0];
        for result in run["results"].as_array().expect("a list") {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number"));
            assert_eq!(
                run["tool"]["driver"]["rules"][index.expect("small")]["id"],
                result["ruleId"]
            );
            assert_eq!(result.get("locations"), None);
        }
    }

    #[test]
    fn any_bytes_make_a_uri() {
        let path = RepoPath::new(b"a b/%\xff\xc3\xa9?#.rs".to_vec()).expect("valid");
        assert_eq!(uri(path.as_bytes()), "a%20b/%25%FF%C3%A9%3F%23.rs");
    }
}
