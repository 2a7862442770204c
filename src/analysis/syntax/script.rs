//! The programs inside of components: the `script` elements of Vue and Svelte.

use std::borrow::Cow;

use crate::analysis::language::Language;

/// The scripts of a component, one after the other; `None` for languages that are programs
/// themselves.
pub(super) fn inside(language: Language, text: &str) -> Option<Cow<'_, str>> {
    if !matches!(language, Language::Vue | Language::Svelte) {
        return None;
    }
    let mut scripts: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("<script") {
        let Some((_, body)) = tail.split_once('>') else { break };
        let (script, tail) = body.split_once("</script").unwrap_or((body, ""));
        scripts.push(script);
        rest = tail;
    }
    Some(if let [one] = scripts[..] { Cow::Borrowed(one) } else { scripts.join("\n").into() })
}
