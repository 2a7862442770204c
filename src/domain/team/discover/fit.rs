//! Whether a tool could take an objective: a guess from the names of what it takes. It is only
//! ever proposed, with the schema's words as its reason.

use super::{Property, Tool};
use crate::domain::team::discover::words;

/// What servers call the text that says what to do, the plainest first.
const PROMPT: [&str; 9] = [
    "prompt",
    "instructions",
    "instruction",
    "task",
    "objective",
    "task_description",
    "task_prompt",
    "request",
    "goal",
];
/// What they call the directory to do it in.
const WHERE: [&str; 18] = [
    "worktree",
    "cwd",
    "workdir",
    "work_dir",
    "working_dir",
    "working_directory",
    "workspace",
    "workspace_path",
    "workspace_root",
    "project_dir",
    "project_path",
    "project_root",
    "repo_path",
    "repository_path",
    "repository",
    "directory",
    "dir",
    "folder",
];
/// What is only given where a tool insists on it.
const NEEDED: [(&str, &str); 5] = [
    ("task_id", "{{objective}}"),
    ("objective_id", "{{objective}}"),
    ("plan_id", "{{plan}}"),
    ("prompt_file", "{{prompt_file}}"),
    ("prompt_path", "{{prompt_file}}"),
];

/// How a tool would take an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// What it gets, as texts of a template.
    pub(super) arguments: Vec<(String, String)>,
    /// Whether it is told where to work.
    pub(super) says_where: bool,
    /// Why, from its schema.
    pub(super) why: String,
}

/// How a tool would take an objective; else why it would not. One of a server that is not started
/// in the worktree has to be told where that is.
pub(super) fn fit(tool: &Tool, remote: bool) -> Result<Fit, String> {
    if tool.read_only {
        return Err("it says that it changes nothing".to_owned());
    }
    let texts: Vec<&Property> = tool.properties.iter().filter(|p| p.takes_text()).collect();
    let called = |names: &[&str]| {
        names.iter().find_map(|name| texts.iter().find(|p| plain(&p.name) == *name)).copied()
    };
    let prompt = called(&PROMPT).ok_or("nothing in its schema is seen to take a prompt")?;
    let place = called(&WHERE).or_else(|| texts.iter().find(|p| says_where(p)).copied());
    let place = place.filter(|place| place.name != prompt.name);
    if remote && place.is_none() {
        return Err("nothing in its schema is seen to say where it works".to_owned());
    }
    let mut why = format!("`{}` takes the prompt", told(prompt));
    let mut arguments = vec![(prompt.name.clone(), "{{prompt}}".to_owned())];
    if let Some(place) = place {
        why = format!("{why}, `{}` the directory", told(place));
        arguments.push((place.name.clone(), "{{worktree}}".to_owned()));
    }
    let rest = tool.properties.iter().filter(|property| property.required);
    for property in rest {
        if arguments.iter().any(|(name, _)| *name == property.name) {
            continue;
        }
        let known = NEEDED.iter().find(|(name, _)| plain(&property.name) == *name);
        let value = match (known, property.choices.as_slice()) {
            (Some((_, template)), _) if property.takes_text() => (*template).to_owned(),
            (_, [only]) if matches!(property.kind.as_str(), "" | "string") => only.clone(),
            _ => return Err(format!("it also needs `{}`", property.name)),
        };
        why = format!("{why}, `{}` is needed", property.name);
        arguments.push((property.name.clone(), value));
    }
    Ok(Fit { arguments, says_where: place.is_some(), why })
}

/// A property's name, and whether it is needed.
fn told(property: &Property) -> String {
    format!("{}{}", property.name, if property.required { "*" } else { "" })
}

/// Whether a description says that it is the directory to work in.
fn says_where(property: &Property) -> bool {
    let words = words::plain(&property.about);
    words.iter().any(|word| word == "worktree")
        || words.windows(2).any(|pair| pair[0] == "working" && pair[1] == "directory")
}

/// A name as people write it in small letters, its parts joined by `_`.
fn plain(name: &str) -> String {
    words::parts(name).join("_")
}
