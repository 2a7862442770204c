//! Which plans a worktree holds, and which one a name means.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::domain::id::PlanId;

/// The plans of a worktree, oldest first.
#[derive(Clone, Debug)]
pub struct Plans(Vec<PlanId>);

/// Lists the plans of a worktree. A folder below `.ap/plans` whose name is no plan id, or that
/// holds no `plan.toml`, is not one.
pub fn list(root: &Path) -> Result<Plans> {
    let folder: PathBuf = root.join(".ap/plans");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Plans(Vec::new())),
        Err(e) => return Err(e).context("cannot read .ap/plans"),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.context("cannot read .ap/plans")?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|n| PlanId::parse(n).ok());
        ids.extend(id.filter(|_| entry.path().join("plan.toml").exists()));
    }
    ids.sort();
    Ok(Plans(ids))
}

impl Plans {
    /// All of them, oldest first.
    pub fn ids(&self) -> &[PlanId] {
        &self.0
    }

    /// The plan that a name means: its id, or a part of exactly one id. No name: the only plan.
    pub fn find(&self, name: Option<&str>) -> Result<&PlanId, Failure> {
        let listed = || self.0.iter().map(PlanId::as_str).collect::<Vec<_>>().join(", ");
        if self.0.is_empty() {
            let failure = Failure::new(Kind::User, "there is no plan in this worktree");
            return Err(failure.hint("git ap plan \"what should be done\""));
        }
        let Some(name) = name else {
            if self.0.len() == 1 {
                return Ok(&self.0[0]);
            }
            let message = format!("there are {} plans: {}", self.0.len(), listed());
            return Err(Failure::new(Kind::User, message).hint("name one, or a part of its id"));
        };
        if name.is_empty() {
            let failure = Failure::new(Kind::User, "the plan's name is empty");
            return Err(failure.hint(format!("name one of {}", listed())));
        }
        if let Some(exact) = self.0.iter().find(|id| id.as_str() == name) {
            return Ok(exact);
        }
        let matching: Vec<&PlanId> =
            self.0.iter().filter(|id| id.as_str().contains(name)).collect();
        match matching.as_slice() {
            [one] => Ok(one),
            [] => {
                let message = format!("there is no plan `{name}`; there is {}", listed());
                Err(Failure::new(Kind::User, message).hint("name one, or a part of its id"))
            }
            several => {
                let names: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                let message = format!("`{name}` means several plans: {}", names.join(", "));
                Err(Failure::new(Kind::User, message).hint("name more of the id"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_plan_or_says_why_not() {
        let id = |text: &str| PlanId::parse(text).expect("valid");
        let plans = Plans(vec![id("20251008-104131-add-jwt"), id("20251009-104131-add-oauth")]);
        assert_eq!(plans.find(Some("jwt")).map(PlanId::slug), Ok("add-jwt"));
        assert_eq!(
            plans.find(Some("20251009-104131-add-oauth")).map(PlanId::slug),
            Ok("add-oauth")
        );
        for name in [None, Some("add"), Some("x"), Some("")] {
            let error = plans.find(name).expect_err("not one plan");
            let said = format!("{} {:?}", error.message, error.hint);
            assert!(said.contains("20251008-104131-add-jwt"), "{said}");
        }
        assert!(Plans(Vec::new()).find(None).is_err());
    }
}
