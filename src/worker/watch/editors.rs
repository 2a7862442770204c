//! Files that programs put beside the one that they write, for as long as they are at it. One
//! that git does not know is not the worker's change; committed, it is one like any other.

/// Whether a file of this name, which git does not know, is such a file.
pub(super) fn is_passing(name: &[u8]) -> bool {
    let six = |prefix: &[u8]| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|r| r.len() == 6 && r.iter().all(u8::is_ascii_alphanumeric))
    };
    // vim: `.name.swp`, `.swo` and so on; `4913` tries whether a directory is writable.
    let swap = name.starts_with(b".") && {
        let cut = name.iter().rposition(|b| *b == b'.').unwrap_or_default();
        matches!(&name[cut..], [b'.', b's', b'w', b'a'..=b'z'])
    };
    // emacs: `#name#` and `.#name`; many: `name~`. sed -i and rsync: mkstemp(3).
    let emacs = name.starts_with(b".#") || (name.starts_with(b"#") && name.ends_with(b"#"));
    let rsync = name.starts_with(b".") && name.iter().rev().nth(6) == Some(&b'.') && {
        name[name.len() - 6..].iter().all(u8::is_ascii_alphanumeric)
            && name[name.len() - 6..].iter().any(u8::is_ascii_uppercase)
    };
    swap || emacs || rsync || name.ends_with(b"~") || name == b"4913" || six(b"sed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_passing_files() {
        for name in
            [".a.rs.swp", ".swo", "4913", "a.rs~", ".#a.rs", "#a.rs#", "sedA1b2C3", ".a.rs.Xk2P9q"]
        {
            assert!(is_passing(name.as_bytes()), "{name}");
        }
        for name in ["a.rs", "sed", "sed-notes", "sediment.txt", "a.swp", ".env", ".a.config", "#a"]
        {
            assert!(!is_passing(name.as_bytes()), "{name}");
        }
        assert!(!is_passing(b"") && !is_passing(b"\xff"));
    }
}
