//! References: what they point to, and changing several of them at once or not at all.

use anyhow::{Context as _, Result};

use super::Repository;
use crate::store::Steps;

/// A change of one reference; the whole of a transaction happens or nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name.
    pub name: String,
    /// What it points to now; none: it does not exist.
    pub old: Option<String>,
    /// What it shall point to; none: it shall not exist.
    pub new: Option<String>,
}

impl RefUpdate {
    /// A reference that does not exist and shall.
    pub fn create(name: impl Into<String>, new: impl Into<String>) -> Self {
        Self { name: name.into(), old: None, new: Some(new.into()) }
    }

    /// A reference that moves.
    pub fn update(name: impl Into<String>, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self { name: name.into(), old: Some(old.into()), new: Some(new.into()) }
    }

    /// A reference that goes.
    pub fn delete(name: impl Into<String>, old: impl Into<String>) -> Self {
        Self { name: name.into(), old: Some(old.into()), new: None }
    }
}

impl Repository {
    /// The object that a reference points to, as a full id; none: there is no such reference.
    pub fn reference(&self, name: &str) -> Result<Option<String>> {
        let reading = || format!("cannot read {name}");
        let Some(mut found) = self.gix.try_find_reference(name).with_context(reading)? else {
            return Ok(None);
        };
        Ok(Some(found.peel_to_id().with_context(reading)?.to_string()))
    }

    /// The references whose full names begin with this, with what they point to, sorted.
    pub fn references(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        let output =
            self.git().output(["for-each-ref", "--format=%(refname) %(objectname)", prefix])?;
        let text = String::from_utf8_lossy(&output);
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect())
    }

    /// Changes references in one transaction of git: if one of them does not point to what is
    /// expected, none is changed. `why` goes into the reference logs.
    pub fn update_references(&self, updates: &[RefUpdate], why: &str, steps: &Steps) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = updates.iter().map(|u| u.name.as_str()).collect();
        steps.pass("update-refs", &names.join(" "))?;
        // git-update-ref(1): with -z, `update SP <ref> NUL <new> NUL <old> NUL`; an all-zero
        // old value means that the reference must not exist.
        let zero = self.gix.object_hash().null().to_string();
        let mut input = b"start\0".to_vec();
        for RefUpdate { name, old, new } in updates {
            let old = old.as_ref().unwrap_or(&zero);
            let row = match new {
                Some(new) => format!("update {name}\0{new}\0{old}\0"),
                None => format!("delete {name}\0{old}\0"),
            };
            input.extend_from_slice(row.as_bytes());
        }
        input.extend_from_slice(b"prepare\0commit\0");
        // `as_user`: the user's own `reference-transaction` hook runs.
        let args = ["update-ref", "-z", "--create-reflog", "-m", why, "--stdin"];
        self.git().as_user().fed(args, Some(&input))?;
        steps.pass("updated-refs", &names.join(" "))
    }
}
