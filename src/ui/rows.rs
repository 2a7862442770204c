//! Long answers: one line or one item after the other, written as they are made.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::{Ui, named, text};

/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

impl Ui {
    /// Prints lines of text that may hold anything, each as [`Ui::answer`].
    pub fn lines(&self, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
        self.live.aside(|| {
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            let mut written = Ok(());
            for line in lines {
                written = writeln!(out, "{}", text::clean(&line));
                if written.is_err() {
                    break;
                }
            }
            written.and_then(|()| out.flush()).map_err(named)
        })
    }

    /// Prints one JSON document on one line: `head`, which is an object, with a list under `key`
    /// behind what it has.
    pub fn json_list<R: Serialize>(
        &self,
        head: &impl Serialize,
        key: &str,
        items: impl IntoIterator<Item = R>,
    ) -> anyhow::Result<()> {
        self.live.aside(|| {
            let out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            write_list(out, head, key, items)
        })
    }
}

fn write_list<R: Serialize>(
    mut out: impl Write,
    head: &impl Serialize,
    key: &str,
    items: impl IntoIterator<Item = R>,
) -> anyhow::Result<()> {
    let head = serde_json::to_string(head)?;
    let open = head.strip_suffix('}').filter(|open| open.len() > 1);
    let open = open.ok_or_else(|| anyhow::anyhow!("the head of a list is no object"))?;
    let mut put = |text: &str| out.write_all(text::json(text).as_bytes()).map_err(named);
    put(&format!("{open},{}:[", serde_json::to_string(key)?))?;
    let mut item = Vec::new();
    for (i, row) in items.into_iter().enumerate() {
        item.clear();
        if i > 0 {
            item.push(b',');
        }
        serde_json::to_writer(&mut item, &row)?;
        put(std::str::from_utf8(&item)?)?;
    }
    put("]}")?;
    Ok(out.write_all(b"\n").and_then(|()| out.flush()).map_err(named)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_one_document_behind_its_head() {
        for (items, expected) in [
            (vec![], "{\"schema\":1,\"paths\":[]}\n"),
            (
                vec!["a", "b\u{202e}\u{9b}"],
                "{\"schema\":1,\"paths\":[\"a\",\"b\\u202e\\u009b\"]}\n",
            ),
        ] {
            let mut out = Vec::new();
            write_list(&mut out, &json!({"schema": 1}), "paths", items).expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        write_list(Vec::new(), &1, "paths", ["a"]).expect_err("no object");
    }
}
