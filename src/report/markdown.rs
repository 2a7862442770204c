//! Values inside Markdown. Whatever they hold, they stay what they are: no value opens a tag,
//! a cell, a heading, a list, a fence, a link, or calls somebody by name.

use crate::domain::path::is_printable;

/// A value as running text, also in a table's cell (GitHub Flavored Markdown §6, §4.10).
///
/// Line ends become spaces, invisible characters are spelled out.
///
/// What stands between backticks, as messages write names, is shown as code.
pub fn text(value: &str) -> String {
    let line = one_line(value);
    let parts: Vec<&str> = line.split('`').collect();
    let paired = parts.len() > 1 && parts.len() % 2 == 1;
    let filled = parts.iter().skip(1).step_by(2).all(|inner| !inner.trim().is_empty());
    if !paired || !filled {
        return plain(&line);
    }
    let shown = parts.iter().enumerate().map(|(at, part)| match at % 2 {
        0 => plain(part),
        _ => code(part),
    });
    shown.collect()
}

fn plain(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len() + 8);
    let mut skip = 0_usize;
    for (at, c) in chars.iter().copied().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let word = |at: Option<usize>| {
            at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric())
        };
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // `@name` notifies people and `#1` refers to issues, even behind a backslash or as
            // an entity: hosts look at the text that comes out. Only code they leave alone.
            '@' | '#' if word(Some(at + 1)) && !word(at.checked_sub(1)) => {
                let part = |c: &&char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
                let name: String = chars[at + 1..].iter().take_while(part).collect();
                push(&mut out, format_args!("`{c}{name}`"));
                skip = name.chars().count();
            }
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            // `http://` and `www.` become links by themselves.
            ':' if chars.get(at + 1) == Some(&'/') => out.push_str("&#58;"),
            '.' if out.to_ascii_lowercase().ends_with("www") => out.push_str("&#46;"),
            // Inside a word an underscore emphasises nothing: names stay readable.
            '_' if word(at.checked_sub(1)) && word(Some(at + 1)) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' | '=' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            // A number opens a list only with a space, or nothing, behind its dot.
            '.' | ')'
                if at > 0
                    && chars.get(at + 1).is_none_or(|c| *c == ' ')
                    && chars[..at].iter().all(char::is_ascii_digit) =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A value as inline code, with as many backticks as it needs. One with a `|` would end a
/// table's cell even as code, so it is written as a tag with everything inside escaped.
pub fn code(value: &str) -> String {
    let line = one_line(value);
    if line.is_empty() {
        return "(empty)".to_owned();
    }
    if line.contains('|') {
        return tagged(&line);
    }
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space that both ends have is taken off again when it is read (CommonMark §6.1).
    let edged = |c| line.starts_with(c) || line.ends_with(c);
    let pad = if edged('`') || edged(' ') { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

/// A line of an indented block of code: what cannot be seen is spelled out, and nothing in it
/// can end the block or open another one, for every line of it is indented.
pub(super) fn verbatim(line: &str) -> String {
    one_line(&format!("|{}", line.trim_end().replace('\t', "    "))).split_off(1)
}

/// A line as code in a tag, with everything inside escaped.
fn tagged(line: &str) -> String {
    let mut inner = String::new();
    for c in line.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '.' | '-' | ',') {
            push(&mut inner, format_args!("&#{};", u32::from(c)));
        } else {
            inner.push(c);
        }
    }
    format!("<code>{inner}</code>")
}

/// A path as a link that begins with `up`, with `shown` as code. Where `up` is empty, or the path is
/// not what its file is called (it was no UTF-8), only the code.
pub(super) fn link(path: &str, up: &str, shown: &str) -> String {
    let unlinked = path.is_empty() || path == "." || path.contains(char::REPLACEMENT_CHARACTER);
    if up.is_empty() || unlinked {
        return code(shown);
    }
    let mut target = up.to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => target.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => target.push(char::from(byte)),
            byte => push(&mut target, format_args!("%{byte:02X}")),
        }
    }
    // Code binds tighter than a link's brackets (CommonMark §6.3), but not every reader knows.
    let brackets = shown.contains(['[', ']']);
    let shown = if brackets { tagged(&one_line(shown)) } else { code(shown) };
    format!("[{shown}]({target})")
}

/// The most characters of a label, and how many of them are its end: titles of one plan begin
/// alike and differ there.
const LABEL: (usize, usize) = (60, 32);

/// A value inside a quoted label of a Mermaid diagram, at most 60 characters.
pub fn mermaid(value: &str) -> String {
    let mut chars: Vec<char> = one_line(value).chars().collect();
    if chars.len() > LABEL.0 {
        let end = chars.split_off(chars.len() - LABEL.1);
        chars.truncate(LABEL.0 - LABEL.1 - 1);
        chars.push('…');
        chars.extend(end);
    }
    let mut out = String::new();
    for c in chars {
        // Mermaid reads `#35;` as the character of that number.
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_' | '/' | ':' | '…') {
            out.push(c);
        } else {
            push(&mut out, format_args!("#{};", u32::from(c)));
        }
    }
    out
}

fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    out.write_fmt(what).expect("writing to a string cannot fail");
}

/// The value on one line, without what cannot be seen.
fn one_line(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_printable(c) => out.push(c),
            c => push(&mut out, format_args!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let table = [
            ("plain words, max_count and src/a.rs", "plain words, max_count and src/a.rs"),
            ("<script>", "&lt;script&gt;"),
            ("a | b", "a \\| b"),
            ("# head", "&#35; head"),
            ("- item", "\\- item"),
            ("1. item", "1\\. item"),
            ("a\n\n```\nb", "a  \\`\\`\\` b"),
            ("*b* _i_ ~s~", "\\*b\\* \\_i\\_ \\~s\\~"),
            ("![x](y)", "\\!\\[x\\](y)"),
            ("@all", "`@all`"),
            ("see @a/b-c, #12 and a@b.c", "see `@a/b-c`, `#12` and a&#64;b.c"),
            ("\\@all` @x", "\\\\`@all`\\` `@x`"),
            ("@ # @", "&#64; &#35; &#64;"),
            ("in `a|b` and `<c>`", "in <code>a&#124;b</code> and `<c>`"),
            ("odd ` one", "odd \\` one"),
            ("empty `` one", "empty \\`\\` one"),
            ("http://x www.y", "http&#58;//x www&#46;y"),
            ("\u{1b}[0m\u{202e}", "\\\\u{1b}\\[0m\\\\u{202e}"),
            ("    x", "x"),
            ("", ""),
        ];
        for (value, expected) in table {
            assert_eq!(text(value), expected, "{value:?}");
        }
    }

    #[test]
    fn code_stays_code() {
        let table = [
            ("src/*.rs", "`src/*.rs`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("a``b`c", "```a``b`c```"),
            ("a|b<i>", "<code>a&#124;b&#60;i&#62;</code>"),
            ("a\nb", "`a b`"),
            ("", "(empty)"),
        ];
        for (value, expected) in table {
            assert_eq!(code(value), expected, "{value:?}");
        }
    }

    #[test]
    fn lines_of_output_keep_their_place() {
        let table =
            [("  a `b` <c>", "  a `b` <c>"), ("\tx\n", "    x"), ("\u{1b}[31m", "\\u{1b}[31m")];
        for (line, expected) in table {
            assert_eq!(verbatim(line), expected, "{line:?}");
        }
    }

    #[test]
    fn links_lead_to_their_file() {
        let table = [
            ("src/a.rs", "../", "[`src/a.rs`](../src/a.rs)"),
            (
                "a b(1)/[x]#?.md",
                "../",
                "[<code>a b&#40;1&#41;/&#91;x&#93;&#35;&#63;.md</code>](../a%20b%281%29/%5Bx%5D%23%3F.md)",
            ),
            ("a|b`", "../", "[<code>a&#124;b&#96;</code>](../a%7Cb%60)"),
            ("é\n", "../", "[`é`](../%C3%A9%0A)"),
            ("\u{fffd}.rs", "../", "`\u{fffd}.rs`"),
            ("src/a.rs", "", "`src/a.rs`"),
        ];
        for (path, up, expected) in table {
            assert_eq!(link(path, up, path), expected, "{path:?}");
        }
    }

    #[test]
    fn labels_stay_labels() {
        assert_eq!(mermaid("T1: \"a\"];\n```"), "T1: #34;a#34;#93;#59; #96;#96;#96;");
        assert_eq!(mermaid(&"x".repeat(100)).chars().count(), 60);
        let long =
            format!("T1: Add a very long thing that nobody needs…: {}", "src/a/b/c/d/e/f.rs");
        assert_eq!(mermaid(&long), "T1: Add a very long thing t…obody needs…: src/a/b/c/d/e/f.rs");
    }
}
