//! Words of code and of requests, made comparable: identifiers are split where people split
//! them, and endings that rarely change what is meant are taken off.

/// English words that say little about a subject. They are not dropped, only weighed low:
/// what is rare in the code counts, and these never are.
const FUNCTION_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been",
    "before", "but", "by", "can", "could", "do", "does", "each", "for", "from", "get", "has",
    "have", "how", "i", "if", "in", "into", "is", "it", "its", "let", "like", "make", "more",
    "must", "my", "need", "needs", "new", "no", "not", "of", "on", "only", "or", "our", "please",
    "should", "so", "some", "such", "that", "the", "their", "them", "then", "there", "they",
    "this", "to", "too", "us", "via", "want", "was", "we", "when", "where", "which", "while",
    "will", "with", "would", "you",
];

/// Whether a lower-case word is one that every English sentence is full of.
pub fn is_function_word(word: &str) -> bool {
    FUNCTION_WORDS.binary_search(&word).is_ok()
}

/// Splits text into identifiers: runs of letters, digits, `_` and `$` of any script.
pub fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .filter(|run| run.chars().any(char::is_alphanumeric))
}

/// Splits an identifier at `_` and `$`: `SESSION_cookieName` gives `SESSION`, `cookieName`.
pub fn chunks(identifier: &str) -> impl Iterator<Item = &str> {
    identifier.split(['_', '$']).filter(|chunk| !chunk.is_empty())
}

/// Splits a chunk where its case changes and between letters and digits:
/// `parseHTTPHeader2` gives `parse`, `HTTP`, `Header`, `2`.
pub fn pieces(chunk: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut before = None;
    let mut rest = chunk.char_indices().peekable();
    while let Some((at, here)) = rest.next() {
        let Some(last) = before.replace(here) else { continue };
        let mut after = || rest.peek().is_some_and(|(_, next)| next.is_lowercase());
        // A hump, or the last letter of an acronym that begins a word.
        let humped = here.is_uppercase() && (!last.is_uppercase() || after());
        if humped || here.is_numeric() != last.is_numeric() {
            out.push(&chunk[start..at]);
            start = at;
        }
    }
    out.push(&chunk[start..]);
    out
}

/// Takes off the endings of an English word that rarely change what is meant: plural, `-ing`,
/// `-ed`, and the silent `e` that they swallow. Words that are short or not plain ASCII
/// letters stay as they are. Expects lower case.
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let singular = singular(word);
    let bare = ["ing", "ed"]
        .iter()
        .find_map(|ending| singular.strip_suffix(ending).and_then(without_ending))
        .unwrap_or(&singular);
    let silent = bare.len() >= 5 && bare.ends_with('e') && !bare.ends_with("ee");
    if silent { bare[..bare.len() - 1].to_owned() } else { bare.to_owned() }
}

fn singular(word: &str) -> String {
    if let Some(root) = word.strip_suffix("ies")
        && root.len() >= 2
    {
        // `cookies` is no plural of `cooky`, but both spellings meet at `cooki`.
        return if root.len() >= 4 { format!("{root}ie") } else { format!("{root}y") };
    }
    let sibilant = ["sses", "shes", "ches", "xes", "zes"];
    if sibilant.iter().any(|ending| word.ends_with(ending)) {
        return word[..word.len() - 2].to_owned();
    }
    let plural = word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e));
    if plural { word[..word.len() - 1].to_owned() } else { word.to_owned() }
}

/// What is left of a verb without its ending, or `None` where too little would be left to
/// still be that verb (`string`, `embed`, `need`).
fn without_ending(root: &str) -> Option<&str> {
    let bytes = root.as_bytes();
    let doubled = bytes.len() >= 3 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    let voiced = bytes.iter().any(|b| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y'));
    if !voiced || (bytes.len() < 4 && !doubled) {
        return None;
    }
    let undoubles = doubled && bytes.len() >= 4 && !root.ends_with(['l', 's', 'z', 'f']);
    Some(if undoubles { &root[..root.len() - 1] } else { root })
}

/// Whether a word is written as names are and ordinary words are not: `JWT`, `OAuth`, `snake_case`.
pub fn is_proper(word: &str) -> bool {
    let inner = word.trim_matches('_');
    let upper = inner.chars().filter(|c| c.is_uppercase()).count();
    inner.contains('_') || upper > 1 || (upper == 1 && !inner.starts_with(char::is_uppercase))
}

/// The form under which spellings of one name are equal: `max_count`, `--max-count` and
/// `maxCount` all give `maxcount`.
pub fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_words_are_sorted() {
        assert!(FUNCTION_WORDS.is_sorted());
        assert!(is_function_word("the") && !is_function_word("token"));
    }

    #[test]
    fn identifiers_are_split_where_people_split_them() {
        let table: [(&str, &[&str]); 8] = [
            ("parseHTTPHeader2", &["parse", "HTTP", "Header", "2"]),
            ("SameSite", &["Same", "Site"]),
            ("SAMESITE", &["SAMESITE"]),
            ("sha256", &["sha", "256"]),
            ("x", &["x"]),
            ("日本語", &["日本語"]),
            ("größeÄndern", &["größe", "Ändern"]),
            ("IDs", &["I", "Ds"]),
        ];
        for (chunk, expected) in table {
            assert_eq!(pieces(chunk), expected, "{chunk}");
        }
        assert_eq!(chunks("_SESSION__cookieName").collect::<Vec<_>>(), ["SESSION", "cookieName"]);
        assert_eq!(
            identifiers("a-b.c_d(é, 日本) __").collect::<Vec<_>>(),
            ["a", "b", "c_d", "é", "日本"]
        );
    }

    #[test]
    fn forms_of_a_word_meet() {
        let families: [&[&str]; 8] = [
            &["stream", "streams", "streaming", "streamed"],
            &["handle", "handles", "handling", "handled"],
            &["cookie", "cookies"],
            &["cache", "caching", "cached", "caches"],
            &["module", "modules"],
            &["log", "logs", "logging", "logged"],
            &["message", "messages"],
            &["query", "querying"],
        ];
        for family in families {
            let stems: std::collections::BTreeSet<_> =
                family.iter().map(|word| stem(word)).collect();
            assert_eq!(stems.len(), 1, "{family:?} gives {stems:?}");
        }
        for word in ["string", "embed", "status", "class", "this", "bus", "größen", "need", "a"] {
            assert_eq!(stem(word), word.to_owned(), "{word}");
        }
    }

    #[test]
    fn spellings_of_a_name_are_equal() {
        for name in ["max_count", "--max-count", "maxCount", "MAX_COUNT"] {
            assert_eq!(normal(name), "maxcount");
        }
    }
}
