//! The pattern language as its table in the documentation says it, written for plainness and
//! without a line of the program: what the program decides is held against this.

/// Whether `pattern` matches `path`.
pub fn matches(pattern: &str, path: &str) -> bool {
    alternatives(pattern).iter().any(|one| matches_one(one, path))
}

/// Whether git could hold `path`.
pub fn is_path(path: &str) -> bool {
    path.split('/')
        .all(|c| !c.is_empty() && c != "." && c != ".." && !c.eq_ignore_ascii_case(".git"))
}

/// The text with its first outermost brace replaced by each of its alternatives, and so on.
pub fn alternatives(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let (mut open, mut depth, mut cuts, mut in_class) = (None, 0, Vec::new(), false);
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'[' if !in_class => in_class = true,
            b']' if in_class => in_class = false,
            _ if in_class => {}
            b'{' => {
                depth += 1;
                if depth == 1 {
                    open = Some(i);
                    cuts = vec![i];
                }
            }
            b',' if depth == 1 => cuts.push(i),
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    cuts.push(i);
                    let (head, tail) = (&text[..open.expect("opened")], &text[i + 1..]);
                    let parts = cuts.windows(2).map(|c| &text[c[0] + 1..c[1]]);
                    return parts
                        .flat_map(|part| alternatives(&format!("{head}{part}{tail}")))
                        .collect();
                }
            }
            _ => {}
        }
    }
    vec![text.to_owned()]
}

fn matches_one(pattern: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    if let Some(directory) = pattern.strip_suffix('/') {
        return below(directory, &names);
    }
    if let Some(directory) = pattern.strip_suffix("/**") {
        return below(directory, &names);
    }
    if pattern == "**" {
        return true;
    }
    let parts: Vec<&str> = pattern.split('/').collect();
    let literal = !pattern.contains(['*', '?', '[']);
    components(&parts, &names) || (literal && below(pattern, &names))
}

/// Whether the directory, or a prefix of the path that it matches, has the path below it.
fn below(directory: &str, names: &[&str]) -> bool {
    let parts: Vec<&str> = directory.split('/').collect();
    (0..names.len()).any(|cut| components(&parts, &names[..cut]))
}

fn components(parts: &[&str], names: &[&str]) -> bool {
    match parts.split_first() {
        None => names.is_empty(),
        Some((&"**", rest)) => (0..=names.len()).any(|skip| components(rest, &names[skip..])),
        Some((part, rest)) => names.split_first().is_some_and(|(name, names)| {
            component(part.as_bytes(), name.as_bytes()) && components(rest, names)
        }),
    }
}

fn component(part: &[u8], name: &[u8]) -> bool {
    match part.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| component(rest, &name[skip..])),
        Some((b'?', rest)) => !name.is_empty() && component(rest, &name[1..]),
        Some((b'[', _)) => {
            let close = part.iter().position(|b| *b == b']').expect("generated classes close");
            name.split_first().is_some_and(|(byte, name)| {
                class(&part[1..close], *byte) && component(&part[close + 1..], name)
            })
        }
        Some((byte, rest)) => name.first() == Some(byte) && component(rest, &name[1..]),
    }
}

fn class(members: &[u8], byte: u8) -> bool {
    let (negated, members) = match members.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, members),
    };
    let mut found = false;
    let mut i = 0;
    while i < members.len() {
        if members.get(i + 1) == Some(&b'-') && i + 2 < members.len() {
            found |= (members[i]..=members[i + 2]).contains(&byte);
            i += 3;
        } else {
            found |= members[i] == byte;
            i += 1;
        }
    }
    found != negated
}
