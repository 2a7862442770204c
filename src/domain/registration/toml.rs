//! A table in a file of TOML; all else stays as it is.

use toml_edit::{DocumentMut, Item, Table};

use super::{Edited, What};

/// A file with these entries in it, or without them.
pub(super) fn edited(text: Option<&str>, entries: &[What], remove: bool) -> Result<Edited, String> {
    let source = text.unwrap_or_default();
    let mut document: DocumentMut =
        source.parse().map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let (mut theirs, mut did) = (false, false);
    for entry in entries {
        let What::Table(path, lines) = entry else { continue };
        let Some((name, above)) = path.split_last() else { continue };
        let wanted: DocumentMut = lines.parse().expect("the table of agents holds TOML");
        let found = table_at(document.as_table_mut(), above, !remove)?;
        let Some(table) = found else { continue };
        match table.get(name) {
            Some(there) if plain(there) != wanted.to_string() => theirs = true,
            Some(_) if remove => {
                table.remove(name);
                did = true;
            }
            None if !remove => {
                let mut new = wanted.as_table().clone();
                new.set_implicit(false);
                // Behind what is there, with a line between.
                new.decor_mut().set_prefix(if source.is_empty() { "" } else { "\n" });
                new.set_position(None);
                table.insert(name, Item::Table(new));
                did = true;
            }
            Some(_) | None => {}
        }
    }
    if !did {
        return Ok(Edited { text: text.map(str::to_owned), changed_by_owner: theirs });
    }
    let left = document.to_string();
    let nothing = remove && left.trim().is_empty();
    Ok(Edited { text: (!nothing).then_some(left), changed_by_owner: theirs })
}

/// The table at a path; where it is not there, it is made or there is none.
fn table_at<'t>(
    root: &'t mut Table,
    path: &[&str],
    make: bool,
) -> Result<Option<&'t mut Table>, String> {
    let mut table = root;
    for name in path {
        if !table.contains_key(name) {
            if !make {
                return Ok(None);
            }
            let mut new = Table::new();
            new.set_implicit(true);
            table.insert(name, Item::Table(new));
        }
        table = match table.get_mut(name) {
            Some(Item::Table(table)) => table,
            _ if make => return Err(format!("`{name}` is no table")),
            _ => return Ok(None),
        };
    }
    Ok(Some(table))
}

/// The lines of a table.
fn plain(item: &Item) -> String {
    let Item::Table(table) = item else { return String::new() };
    let mut document = DocumentMut::new();
    for (name, value) in table {
        document.insert(name, value.clone());
    }
    document.to_string()
}
