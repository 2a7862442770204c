//! Renders documents for people as Markdown from templates that an owner may replace. What
//! is put into them is hostile until it is escaped, which is what happens by default.

mod analysis;
mod markdown;
mod message;
mod plan;

use std::collections::BTreeMap;

use anyhow::Result;
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason,
};
use serde::Serialize;

pub use markdown::{code, mermaid, text};
pub use message::{Merged, Tests};

use crate::analysis::Document;
use crate::domain::commit_message::one_line;
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::Plan;

/// The built-in templates, by the name of the file that replaces them in `.ap/templates`.
const BUILT_IN: &[(&str, &str)] = &[
    ("analysis.hbs", include_str!("../../templates/analysis.hbs")),
    ("plan.hbs", include_str!("../../templates/plan.hbs")),
];

/// The built-in templates of commit messages, which are no Markdown.
const MESSAGES: &[(&str, &str)] = &[
    ("landing.hbs", include_str!("../../templates/landing.hbs")),
    ("objective.hbs", include_str!("../../templates/objective.hbs")),
    ("wave.hbs", include_str!("../../templates/wave.hbs")),
];

/// What begins the first line of a rendered plan.
const DIGEST: &str = "<!-- made from plan.toml, digest ";

/// The templates, parsed.
#[derive(Debug)]
pub struct Templates {
    registry: Handlebars<'static>,
    messages: Handlebars<'static>,
}

impl Templates {
    /// The built-in templates with `overrides`, file name to text, in place of theirs.
    ///
    /// Templates write `{{x}}` for a value as text, `{{code x}}` for it as code, and
    /// `{{mermaid x}}` inside a diagram; each makes the value harmless in its place.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of kind `Plan` that names the template and the line, where one cannot be
    /// parsed or no template has that name.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(text);
        for (name, escape) in
            [("md", text as fn(&str) -> String), ("code", code), ("mermaid", mermaid)]
        {
            registry.register_helper(name, Box::new(Escape(escape)));
        }
        for (name, template) in BUILT_IN {
            register(&mut registry, name, template)?;
        }
        let mut messages = Handlebars::new();
        messages.set_strict_mode(true);
        messages.register_escape_fn(one_line);
        for (name, template) in MESSAGES {
            register(&mut messages, name, template)?;
        }
        let has =
            |list: &[(&str, &str)], name: &String| list.iter().any(|(known, _)| known == name);
        for (name, template) in overrides {
            if has(MESSAGES, name) {
                register(&mut messages, name, template)?;
                continue;
            }
            if !has(BUILT_IN, name) {
                let known = BUILT_IN.iter().chain(MESSAGES).map(|(n, _)| format!("`{n}`"));
                let known: Vec<String> = known.collect();
                let message = format!("there is no template `{}`", quoted(name));
                let hint = format!("name the file like one of {}", known.join(", "));
                return Err(Failure::new(Kind::Plan, message).hint(hint).into());
            }
            register(&mut registry, name, template)?;
        }
        Ok(Self { registry, messages })
    }

    fn message(&self, name: &str, view: &impl Serialize) -> Result<String> {
        let rendered =
            self.messages.render(name, view).map_err(|error| failure_of(name, &error))?;
        Ok(tidy(&rendered))
    }

    /// The analysis report.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn analysis_md(&self, document: &Document, request: &str) -> Result<String> {
        self.render("analysis.hbs", &analysis::View::new(document, request))
    }

    /// The plan for review. Its first line carries `digest`, that of `plan.toml`; see
    /// [`digest_in`]. `waves` has the wave of each objective by its position.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn plan_md(&self, plan: &Plan, digest: &str, waves: &[u32]) -> Result<String> {
        let body = self.render("plan.hbs", &plan::View::new(plan, waves))?;
        Ok(format!("{DIGEST}{digest} -->\n\n{body}"))
    }

    fn render(&self, name: &str, view: &impl Serialize) -> Result<String> {
        let rendered =
            self.registry.render(name, view).map_err(|error| failure_of(name, &error))?;
        Ok(tidy(&rendered))
    }
}

/// The digest of `plan.toml` that a rendered plan was made from, if its first line has one.
pub fn digest_in(rendered: &str) -> Option<&str> {
    let line = rendered.lines().next()?;
    let digest = line.strip_prefix(DIGEST)?.strip_suffix(" -->")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ':';
    (!digest.is_empty() && digest.chars().all(plain)).then_some(digest)
}

fn quoted(name: &str) -> String {
    crate::domain::path::quote(name.as_bytes()).into_owned()
}

fn register(registry: &mut Handlebars<'static>, name: &str, template: &str) -> Result<()> {
    registry.register_template_string(name, template).map_err(|error| {
        let line = error.pos().map(|(line, _)| format!(" in line {line}")).unwrap_or_default();
        let reason = error.reason().to_string();
        let reason = reason.lines().next_back().unwrap_or_default().trim_start_matches([' ', '=']);
        let message = format!("template `{name}` cannot be read{line}: {}", quoted(reason));
        Failure::new(Kind::Plan, message)
            .hint(format!("mend or remove `.ap/templates/{name}`"))
            .into()
    })
}

fn failure_of(name: &str, error: &RenderError) -> Failure {
    let line = error.line_no.map(|line| format!(" in line {line}")).unwrap_or_default();
    let reason = quoted(&error.reason().to_string()).into_boxed_str();
    let message = format!("template `{name}` cannot be filled{line}: {reason}");
    Failure::new(Kind::Plan, message).hint(format!("mend or remove `.ap/templates/{name}`"))
}

/// At most one empty line at a time, outside code as well as inside: no template needs two.
/// Ends with one line feed.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A helper that writes its one argument escaped.
struct Escape(fn(&str) -> String);

impl handlebars::HelperDef for Escape {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let missing = || RenderErrorReason::ParamNotFoundForIndex("escape", 0);
        let value =
            helper.param(0).filter(|value| !value.is_value_missing()).ok_or_else(missing)?;
        let value = match value.value() {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        out.write(&(self.0)(&value))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
