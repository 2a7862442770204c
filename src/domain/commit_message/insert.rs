//! Adding trailers to a message that somebody wrote, as `git interpret-trailers --no-divider
//! --if-exists addIfDifferent` places them (git's `trailer.c`), but without rewriting a byte of
//! what is there: a hook runs on a file that is still the user's.

use super::trailer::{Trailer, once_each};

/// What begins a comment line where `core.commentChar` says nothing.
const COMMENT: &[u8] = b"#";
/// What stands behind the comment sign in the line below which git cuts a message.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------\n";
/// Lines that git itself adds: one of them makes a paragraph of mostly prose a trailer block.
const GENERATED: [&[u8]; 2] = [b"Signed-off-by: ", b"(cherry picked from commit "];

/// The message with those of the trailers that it does not have, at the end of its last trailer
/// block or in a paragraph of their own; the comments and the diff that an editor is shown stay
/// below. The message may be in any encoding.
///
/// A message that git would refuse as empty stays as it is, or giving up a commit in the editor
/// would make one.
pub fn with_trailers(message: &[u8], trailers: &[Trailer]) -> Vec<u8> {
    with_trailers_commented(message, trailers, COMMENT)
}

/// The same where comment lines begin with `comment` (`core.commentChar`, `core.commentString`).
pub fn with_trailers_commented(message: &[u8], trailers: &[Trailer], comment: &[u8]) -> Vec<u8> {
    let comment = if comment.is_empty() { COMMENT } else { comment };
    let mut text = message.to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    let place = Place { text: &text, comment };
    if place.is_empty() {
        return message.to_vec();
    }
    let end = place.end();
    let start = place.block_start(end);
    let there = place.trailers(start, end);
    let said = |new: &Trailer| there.iter().any(|old| old.says_the_same_as(new));
    let missing: Vec<Trailer> =
        once_each(trailers.iter().cloned()).into_iter().filter(|t| !said(t)).collect();
    if missing.is_empty() {
        return message.to_vec();
    }
    let mut out = text[..end].to_vec();
    if !place.ends_with_blank_line(start) {
        out.push(b'\n');
    }
    for trailer in missing {
        out.extend_from_slice(format!("{trailer}\n").as_bytes());
    }
    out.extend_from_slice(&text[end..]);
    out
}

/// A message of whole lines, and what a comment in it begins with.
struct Place<'a> {
    text: &'a [u8],
    comment: &'a [u8],
}

impl Place<'_> {
    fn is_comment(&self, line: &[u8]) -> bool {
        line.starts_with(self.comment)
    }

    /// Where git cuts the message off: the scissors, or its end (`wt_status_locate_end`).
    fn cutoff(&self) -> usize {
        let scissors = [self.comment, SCISSORS].concat();
        let at_line = |at: &usize| *at == 0 || self.text[at - 1] == b'\n';
        let mut found = self.text.windows(scissors.len()).enumerate();
        let first = found.find(|(at, window)| *window == scissors && at_line(at));
        first.map_or(self.text.len(), |(at, _)| at)
    }

    /// Whether nothing is left but comments, blank lines and sign-offs (`rest_is_empty` of git's
    /// `sequencer.c`).
    fn is_empty(&self) -> bool {
        lines(&self.text[..self.cutoff()])
            .all(|line| is_blank(line) || self.is_comment(line) || line.starts_with(GENERATED[0]))
    }

    /// Where the message ends and what is ignored begins: trailing blank lines, comments and the
    /// list of conflicts of an old git (`ignored_log_message_bytes` of git's `commit.c`). Lines of
    /// spaces are blank here, while git takes them for a part of the last trailer.
    fn end(&self) -> usize {
        let cutoff = self.cutoff();
        let (mut at, mut ignored, mut conflicts) = (0, None, false);
        for line in lines(&self.text[..cutoff]) {
            if self.is_comment(line) || is_blank(line) {
                ignored = ignored.or(Some(at));
            } else if line == b"Conflicts:\n" {
                conflicts = true;
                ignored = ignored.or(Some(at));
            } else if !(conflicts && line.starts_with(b"\t")) && ignored.is_some() {
                (ignored, conflicts) = (None, false);
            }
            at += line.len();
        }
        ignored.unwrap_or(cutoff)
    }

    /// Where the last paragraph before `end` begins if it holds trailers, else `end`
    /// (`find_trailer_block_start`): all of its lines are trailers, or one is git's own and a
    /// quarter are trailers. The title holds none.
    fn block_start(&self, end: usize) -> usize {
        let body = &self.text[..end];
        let title = lines(body).take_while(|line| !is_blank(line));
        let title: usize = title.map(<[u8]>::len).sum();
        let mut at = end;
        let (mut trailers, mut prose, mut continued, mut generated) = (0, 0, 0, false);
        let mut only_spaces = true;
        let backwards: Vec<&[u8]> = lines(&body[title.min(end)..]).collect();
        for line in backwards.into_iter().rev() {
            let below = at;
            at -= line.len();
            if self.is_comment(line) {
                prose += std::mem::take(&mut continued);
            } else if is_blank(line) {
                if only_spaces {
                    continue;
                }
                prose += continued;
                let block = generated && trailers * 3 >= prose || trailers > 0 && prose == 0;
                return if block { below } else { end };
            } else {
                only_spaces = false;
                if GENERATED.iter().any(|own| line.starts_with(own)) {
                    (trailers, continued, generated) = (trailers + 1, 0, true);
                } else if is_space(line[0]) {
                    continued += 1;
                } else if separator(line).is_some() {
                    (trailers, continued) = (trailers + 1, 0);
                } else {
                    prose += 1 + std::mem::take(&mut continued);
                }
            }
        }
        end
    }

    /// The trailers of a block, folded lines as one.
    fn trailers(&self, start: usize, end: usize) -> Vec<Trailer> {
        let mut found: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut open = false;
        for line in lines(&self.text[start..end]) {
            if open && is_space(line[0]) {
                found.last_mut().expect("one is open").1.extend_from_slice(line);
                continue;
            }
            let at = separator(line).filter(|_| !self.is_comment(line));
            open = at.is_some();
            found.extend(at.map(|at| (at, line.to_vec())));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        found
            .iter()
            .map(|(at, row)| Trailer::new(&text(&row[..*at]), &text(&row[at + 1..])))
            .collect()
    }

    /// Whether the line above `at` is blank.
    fn ends_with_blank_line(&self, at: usize) -> bool {
        lines(&self.text[..at]).next_back().is_some_and(is_blank)
    }
}

/// The lines, each with its line feed.
fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let whole = text.strip_suffix(b"\n").unwrap_or(text);
    let mut at = 0;
    let ends: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .map(|(i, _)| i + 1)
        .chain((!text.is_empty()).then_some(text.len()))
        .collect();
    let ranges: Vec<&[u8]> =
        ends.into_iter().map(|end| &text[std::mem::replace(&mut at, end)..end]).collect();
    ranges.into_iter()
}

/// White space as git's own `isspace` has it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| is_space(*b))
}

/// Where the colon of a trailer stands: behind letters, digits and dashes, and spaces after them.
fn separator(line: &[u8]) -> Option<usize> {
    let at = line.iter().position(|b| *b == b':').filter(|at| *at > 0)?;
    let key = &line[..at];
    let word = key.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let spaces = key[word..].iter().all(|b| matches!(b, b' ' | b'\t'));
    (word > 0 && spaces).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(message: &str, trailers: &[(&str, &str)]) -> String {
        let trailers: Vec<Trailer> = trailers.iter().map(|(k, v)| Trailer::new(k, v)).collect();
        let once = with_trailers(message.as_bytes(), &trailers);
        assert_eq!(with_trailers(&once, &trailers), once, "twice is once: {message:?}");
        String::from_utf8(once).expect("text in, text out")
    }

    #[test]
    fn trailers_go_where_git_would_put_them() {
        let table = [
            ("a", "a\n\nK: v\n"),
            ("a\n\nbody\n", "a\n\nbody\n\nK: v\n"),
            ("a\n\nA: b\n", "a\n\nA: b\nK: v\n"),
            ("a\n\nA: b\n\n\n", "a\n\nA: b\nK: v\n\n\n"),
            ("a\n\nk: V\n", "a\n\nk: V\n"),
            ("a\n\nK:v", "a\n\nK:v"),
            ("K: v\n", "K: v\n\nK: v\n"),
            ("a\n\nA: b\n c\n", "a\n\nA: b\n c\nK: v\n"),
            (
                "a\n\nSigned-off-by: x\none\ntwo\nthree\n",
                "a\n\nSigned-off-by: x\none\ntwo\nthree\nK: v\n",
            ),
            ("a\n\nA: b\nprose\n", "a\n\nA: b\nprose\n\nK: v\n"),
            ("a\n\n# say why\n#\tx\n", "a\n\nK: v\n\n# say why\n#\tx\n"),
            ("a\n---\nb\n", "a\n---\nb\n\nK: v\n"),
            ("a\n\nA: b\n \n\t\n", "a\n\nA: b\nK: v\n \n\t\n"),
            ("a\n\nbody\n \n", "a\n\nbody\n\nK: v\n \n"),
            ("a\r\n\r\nA: b\r\n\r\n", "a\r\n\r\nA: b\r\nK: v\n\r\n"),
            ("a\r\n\r\nA: b\r\n", "a\r\n\r\nA: b\r\nK: v\n"),
        ];
        for (message, expected) in table {
            assert_eq!(added(message, &[("K", "v")]), expected, "{message:?}");
        }
    }

    #[test]
    fn what_is_below_the_scissors_stays_there() {
        let below =
            "# ------------------------ >8 ------------------------\n# x\ndiff --git a b\n+K: v\n";
        assert_eq!(
            added(&format!("a\n\n# c\n{below}"), &[("K", "v")]),
            format!("a\n\nK: v\n\n# c\n{below}")
        );
    }

    #[test]
    fn a_message_that_git_refuses_stays_empty() {
        let scissors = "\n# ------------------------ >8 ------------------------\ndiff\n";
        for message in ["", "\n \n", "# a\n#b\n", "\nSigned-off-by: x <x>\n# a\n", scissors] {
            assert_eq!(added(message, &[("K", "v")]), message);
        }
    }

    #[test]
    fn bytes_and_other_comment_signs() {
        let trailers = [Trailer::new("K", "v")];
        let latin = with_trailers(b"caf\xe9\n\nA: \xff\n", &trailers);
        assert_eq!(latin, b"caf\xe9\n\nA: \xff\nK: v\n");
        let other = with_trailers_commented(b"#1 is fixed\n\n; c\n", &trailers, b";");
        assert_eq!(other, b"#1 is fixed\n\nK: v\n\n; c\n");
    }

    #[test]
    fn a_co_author_is_known_by_mail() {
        let message = "a\n\nco-authored-by: Ada L.\n <ADA@x>\n";
        let both = [("Co-authored-by", "Ada <ada@x>"), ("Co-authored-by", "Bob <b@x>")];
        assert_eq!(added(message, &both), format!("{message}Co-authored-by: Bob <b@x>\n"));
    }
}
