//! A record that brings the sections of `AGENTS.md` with it.

use anyhow::Result;

use super::{Class, Verified, Verifier};
use crate::domain::learnings;
use crate::domain::path::RepoPath;
use crate::domain::tree::Change;

impl Verifier<'_> {
    /// A record with the sections of `AGENTS.md` that a landing keeps (DESIGN §9), where the plan's
    /// policy asks for that. As one commit it may hold an objective's change of that file too.
    pub(super) fn recorded(&self, parent: Option<&str>, changes: &[Change]) -> Result<Verified> {
        let mut own = self.is(Class::Record);
        let agreed = match (&own.plan, parent) {
            (Some(plan), Some(parent)) => self.agreed(plan, parent)?.map(|found| (found, parent)),
            _ => None,
        };
        let Some((agreed, parent)) = agreed else {
            own.violations
                .push("it records a session of which its first parent has no plan".into());
            return Ok(own);
        };
        for path in changes.iter().map(|c| &c.path).filter(|path| is_learned(path)) {
            if agreed.scopes.iter().any(|scope| scope.judge(&agreed.rules, path).passes()) {
                own.notes.push(format!("`{path}` is in the scope of the plan"));
            } else if agreed.config.agents_md {
                self.learned(&mut own, parent)?;
            } else {
                let text = format!("`{path}` is in no scope, and `docs.agents_md` is not set");
                own.violations.push(text);
            }
        }
        Ok(own)
    }

    /// A change of `AGENTS.md` changes nothing outside the sections that git ap keeps in it.
    pub(super) fn learned(&self, own: &mut Verified, parent: &str) -> Result<()> {
        let path = RepoPath::new(learnings::FILE).expect("a plain name");
        let before = self.repository.file_at(parent, &path)?;
        let after = self.repository.file_at(&self.commit.id, &path)?;
        if !learnings::only_sections_differ(before.as_deref(), after.as_deref()) {
            own.violations
                .push(format!("`{path}` differs outside the sections that git ap keeps in it"));
        }
        Ok(())
    }
}

/// Whether a path is the file in which a landing keeps sections.
pub(super) fn is_learned(path: &RepoPath) -> bool {
    path.as_bytes() == learnings::FILE.as_bytes()
}
