//! Where the worktrees of a session are, from the owner's template.

use super::error::{Failure, Kind};

/// What a template's placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The name of the repository's folder.
    pub repo: &'a str,
    /// The slug of the session.
    pub slug: &'a str,
    /// An objective's id, `gate` or `sync`.
    pub objective: &'a str,
}

/// A template with its placeholders filled in.
pub fn fill(template: &str, names: Names<'_>) -> Result<String, Failure> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let behind = &rest[at + 2..];
        let Some(end) = behind.find("}}") else { break };
        let value = match behind[..end].trim() {
            "repo" => names.repo,
            "slug" => names.slug,
            "objective" => names.objective,
            other => {
                let message = format!("`worktree.path` has `{{{{{other}}}}}`, which means nothing");
                return Err(Failure::new(Kind::Plan, message)
                    .hint("use {{repo}}, {{slug}} and {{objective}}"));
            }
        };
        out.push_str(&rest[..at]);
        out.push_str(value);
        rest = &behind[end + 2..];
    }
    out.push_str(rest);
    if !["slug", "objective"].iter().all(|n| template.contains(n)) {
        let message = "`worktree.path` gives every objective the same place";
        return Err(Failure::new(Kind::Plan, message).hint("use {{slug}} and {{objective}} in it"));
    }
    Ok(out)
}

/// `slug`, or `slug-2` and so on while that is taken.
pub fn free_slug(slug: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut n = 1;
    loop {
        let name = if n == 1 { slug.to_owned() } else { format!("{slug}-{n}") };
        if !taken(&name) {
            return name;
        }
        n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let names = Names { repo: "r", slug: "s", objective: "T1" };
        let table = [
            ("../{{repo}}.ap/{{slug}}/{{objective}}", Some("../r.ap/s/T1")),
            ("/w/{{ slug }}-{{objective}}", Some("/w/s-T1")),
            ("../{{repo}}/{{objective}}", None),
            ("../{{slug}}/{{objectiv}}", None),
        ];
        for (template, expected) in table {
            assert_eq!(fill(template, names).ok().as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn a_taken_slug_gets_a_number() {
        assert_eq!(free_slug("x", |name| ["x", "x-2"].contains(&name)), "x-3");
    }
}
