//! What a part that is new brings to those that follow it. Its names are not known yet; known are
//! the paths that it will have, the file that announces it, and the names beside which it is used.

use std::collections::BTreeSet;

use super::describe::{Writer, names};
use super::groups::Part;
use crate::domain::path::quote;
use crate::domain::plan::Contract;

/// What one part is told of what another brings: both sides of it.
pub(super) fn points(writer: &Writer<'_>, index: usize) -> Vec<String> {
    let mut points = Vec::new();
    for (new, user) in pairs(writer) {
        let place = place(writer, new);
        let (provider, consumer) = (&writer.ids[new], &writer.ids[user]);
        let beside = beside(writer, user);
        if index == new {
            points.push(format!("provides {place} for {consumer}, to be used beside {beside}"));
        } else if index == user {
            points.push(format!("uses {place} of {provider} beside {beside}"));
        }
    }
    points
}

/// The files that announce what is new to a part that follows it.
pub(super) fn faces(writer: &Writer<'_>, index: usize) -> Vec<usize> {
    let followed = pairs(writer).filter(|(_, user)| *user == index);
    followed.flat_map(|(new, _)| writer.groups[new].files.clone()).collect()
}

/// Where what is new is found by those that follow it.
pub(super) fn contracts(writer: &Writer<'_>) -> Vec<Contract> {
    let mut contracts = Vec::new();
    for (new, group) in writer.groups.iter().enumerate() {
        let consumers: Vec<_> = pairs(writer)
            .filter(|(provider, _)| *provider == new)
            .map(|(_, user)| writer.ids[user].clone())
            .collect();
        if consumers.is_empty() {
            continue;
        }
        let faces: Vec<String> =
            group.files.iter().map(|file| writer.ground.path(*file).to_string()).collect();
        let announced = if faces.is_empty() {
            String::new()
        } else {
            format!(", announced in {}", faces.join(", "))
        };
        contracts.push(Contract {
            provider: writer.ids[new].clone(),
            consumers,
            description: format!("what {} brings{announced}", place(writer, new)),
            check: None,
        });
    }
    contracts
}

/// Parts that are new, each with those that follow it and are no texts: texts describe.
fn pairs<'w>(writer: &'w Writer<'_>) -> impl Iterator<Item = (usize, usize)> + 'w {
    let users = writer.dependencies.iter().enumerate();
    users.flat_map(move |(user, needs)| {
        let new = |need: &usize| writer.groups[*need].part == Part::New;
        let code = writer.groups[user].part != Part::Docs;
        needs.iter().copied().filter(new).filter(move |_| code).map(move |need| (need, user))
    })
}

/// The forms that what is new can take: a directory, or a single file of that name.
fn place(writer: &Writer<'_>, new: usize) -> String {
    let group = &writer.groups[new];
    let single = format!("{}.", group.place.trim_end_matches('/'));
    let files = group.new.iter().filter(|pattern| pattern.starts_with(&single));
    let forms = std::iter::once(&group.place).chain(files);
    forms.map(|form| quote(form.as_bytes()).to_string()).collect::<Vec<_>>().join(" or ")
}

/// The names of a part that the request speaks of, with their file; the file alone where it has
/// none.
fn beside(writer: &Writer<'_>, user: usize) -> String {
    let ground = writer.ground;
    let Some(file) = writer.face(&writer.groups[user]) else {
        return quote(writer.groups[user].place.as_bytes()).to_string();
    };
    let definitions = ground.analysis.facts[file].counts.telling.iter();
    let asked: BTreeSet<String> =
        definitions.filter(|name| ground.is_asked(name)).cloned().collect();
    let path = ground.path(file);
    if asked.is_empty() { path.to_string() } else { format!("{} ({path})", names(&asked)) }
}
