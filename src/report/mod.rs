//! Renders documents for people as Markdown from templates that an owner may replace. What
//! is put into them is hostile until it is escaped, which is what happens by default.

mod accomplishment;
mod analysis;
mod graph;
mod markdown;
mod messages;
mod plan;
mod today;

use std::collections::BTreeMap;

use anyhow::Result;
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason,
};
use serde::Serialize;

pub use graph::graph;
pub use markdown::{code, mermaid, text};
pub use messages::{AmendView, Done, LandingView, ObjectiveView, PinView, Tests, WaveView};
pub use today::Today;

use crate::analysis::Document;
use crate::domain::error::{Failure, Kind};
use crate::domain::plan::Plan;
use crate::domain::record::Record;

/// The built-in templates of pages, by the name of the file that replaces them in
/// `.ap/templates`.
const PAGES: &[(&str, &str)] = &[
    ("accomplishment.hbs", include_str!("../../templates/accomplishment.hbs")),
    ("analysis.hbs", include_str!("../../templates/analysis.hbs")),
    ("plan.hbs", include_str!("../../templates/plan.hbs")),
];

/// What begins the first line of a rendered plan.
const DIGEST: &str = "<!-- made from plan.toml, digest ";

/// The way from a page in `.ap/plans/<id>/` to the repository's root.
const UP: &str = "../../../";

/// The templates, parsed.
#[derive(Debug)]
pub struct Templates {
    pages: Handlebars<'static>,
    messages: Handlebars<'static>,
}

impl Templates {
    /// The built-in templates with `overrides`, file name to text, in place of theirs.
    ///
    /// Those of pages write `{{x}}` for a value as text, `{{code x}}` for it as code,
    /// `{{mermaid x}}` inside a diagram, and `{{link x up}}` for a path as a link that begins
    /// with `up`; each makes the value harmless in its place. Those of commit messages write
    /// `{{x}}` for a value on one line.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of kind `Plan` that names the template and the line, where one cannot be
    /// parsed or no template has that name.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self> {
        let mut templates = Self { pages: pages(), messages: Handlebars::new() };
        templates.messages.set_strict_mode(true);
        templates.messages.register_escape_fn(handlebars::no_escape);
        for (name, template) in PAGES.iter().chain(messages::BUILT_IN) {
            templates.register(name, template)?;
        }
        for (name, template) in overrides {
            templates.register(name, template)?;
        }
        Ok(templates)
    }

    fn register(&mut self, name: &str, template: &str) -> Result<()> {
        let of = |list: &[(&str, &str)]| list.iter().any(|(known, _)| *known == name);
        if of(PAGES) {
            return register(&mut self.pages, name, template);
        }
        if of(messages::BUILT_IN) {
            return register(&mut self.messages, name, template);
        }
        let all = PAGES.iter().chain(messages::BUILT_IN);
        let known: Vec<String> = all.map(|(known, _)| format!("`{known}`")).collect();
        let failure = Failure::new(Kind::Plan, format!("there is no template `{}`", quoted(name)));
        Err(failure.hint(format!("name the file like one of {}", known.join(", "))).into())
    }

    /// The analysis report as a page beside a plan: files are links.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn analysis_md(&self, document: &Document, request: &str) -> Result<String> {
        self.render("analysis.hbs", &analysis::View::new(document, request, UP))
    }

    /// The analysis report for a place that has no links: a terminal, a prompt.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn analysis_text(&self, document: &Document, request: &str) -> Result<String> {
        self.render("analysis.hbs", &analysis::View::new(document, request, ""))
    }

    /// The plan for review. Its first line carries `digest`, that of `plan.toml`; see
    /// [`digest_in`]. `waves` has the wave of each objective by its position, `today` what the
    /// commit holds that it was planned against, if that is known.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn plan_md(
        &self,
        plan: &Plan,
        digest: &str,
        waves: &[u32],
        today: Option<&Today>,
    ) -> Result<String> {
        let body = self.render("plan.hbs", &plan::View::new(plan, waves, today))?;
        Ok(format!("{DIGEST}{digest} -->\n\n{body}"))
    }

    /// The accomplishment report of a session.
    ///
    /// # Errors
    ///
    /// Where a replaced template asks for a value that does not exist.
    pub fn accomplishment_md(&self, record: &Record) -> Result<String> {
        self.render("accomplishment.hbs", &accomplishment::View::new(record))
    }

    fn render(&self, name: &str, view: &impl Serialize) -> Result<String> {
        let rendered = self.pages.render(name, view).map_err(|error| failure_of(name, &error))?;
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

fn pages() -> Handlebars<'static> {
    let mut pages = Handlebars::new();
    pages.set_strict_mode(true);
    pages.register_escape_fn(text);
    for (name, escape) in [("md", text as fn(&str) -> String), ("code", code), ("mermaid", mermaid)]
    {
        pages.register_helper(name, Box::new(Escape(escape)));
    }
    pages.register_helper("link", Box::new(Link));
    pages
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

/// A helper that writes its first argument, a path, as a link that begins with the second.
struct Link;

impl handlebars::HelperDef for Link {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let text = |at: usize| {
            let missing = RenderErrorReason::ParamNotFoundForIndex("link", at);
            let value = helper.param(at).and_then(|value| value.value().as_str());
            value.ok_or_else(|| RenderError::from(missing))
        };
        // A third argument is shown in place of the path.
        let shown = if helper.param(2).is_some() { text(2)? } else { text(0)? };
        out.write(&markdown::link(text(0)?, text(1)?, shown))?;
        Ok(())
    }
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
