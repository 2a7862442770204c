//! Findings as annotations on a pull request: GitHub's workflow commands ("Workflow commands
//! for GitHub Actions" in GitHub's documentation).

use super::{Source, location};
use crate::domain::finding::{Finding, Severity};
use crate::ui::text;

/// One `::error …::…` or `::warning …::…` a line, nothing for no findings.
pub fn github(findings: &[Finding], source: Option<Source<'_>>) -> String {
    findings.iter().map(|finding| command(finding, source) + "\n").collect()
}

fn command(finding: &Finding, source: Option<Source<'_>>) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(location) = location(finding, source) {
        properties.push(format!("file={}", property(&location.path)));
        properties.push(format!("line={}", location.line));
        if location.exact {
            properties.push(format!("col={}", location.column));
        }
    }
    properties.push(format!("title={}", property(finding.code.as_str())));
    let mut message = text::one_line(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(&text::one_line(help));
    }
    format!("::{level} {}::{}", properties.join(","), data(&message))
}

/// A message: what would end the line is escaped, and the escape character itself.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value: also what would end the value or the list.
fn property(text: &str) -> String {
    data(&text::one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::finding::Code;
    use crate::domain::path::RepoPath;

    #[test]
    fn one_command_a_finding() {
        let expected = "\
::error file=.ap/plans/a b/plan.toml,line=2,col=10,title=scope-overlap::\
T1 and T2 may both change files%0Ahelp: give `src/auth/` to one of them
::warning file=.ap/plans/a b/plan.toml,line=4,col=26,title=bad-field::\
50%25 of:\\u{1b}[31m this\\nis, odd
::warning file=.ap/plans/a b/plan.toml,line=1,title=stale-render::`plan.md` is old
";
        assert_eq!(github(&sample::findings(), Some(sample::source())), expected);
    }

    #[test]
    fn a_changed_file_is_its_own_place() {
        let mut finding = Finding::error(Code::ScopeViolation, "not yours\n::error::forged");
        finding.witness = RepoPath::new("a,b:c%\nd");
        let expected = "::error file=a%2Cb%3Ac%25\\nd,line=1,title=scope-violation::\
                        not yours\\n::error::forged\n";
        assert_eq!(github(&[finding], None), expected);
    }
}
