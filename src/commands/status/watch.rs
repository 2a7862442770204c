//! `git ap status --watch`: a session as it goes on, until it has landed. It follows the journal
//! and the logs of workers, so that it is the same whoever works on the session.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use crate::commands::session::{Scene, Team, Words, Workshop};
use crate::commands::{Ctx, Narrator};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{EventKind, milestones};
use crate::domain::id::PlanId;
use crate::domain::session::{Line, Session, advance};
use crate::domain::view::View;
use crate::execute::interrupt::Pauses;
use crate::store::Journal;
use crate::ui::Format;

/// How often it is looked whether something has happened: the lengths of a few files.
const PACE: Duration = Duration::from_millis(250);

/// Shows a session until it has landed or is given up. Refuses a plan that is not approved.
pub(super) fn watch(ctx: &Ctx, workshop: &Workshop, id: &PlanId) -> Result<()> {
    let mut pauses = Pauses::new()?;
    let Some(mut scene) = Scene::of(workshop, id, ctx.clock)? else {
        let message = format!("the plan {id} is not approved yet: there is nothing to watch");
        let hint = format!("git ap run {}", id.slug());
        return Err(Failure::new(Kind::User, message).hint(hint).into());
    };
    let team = Team::read(&workshop.project, None).unwrap_or_default();
    let mut words = Words::of(scene.folder(), &team);
    let mut screen = match ctx.ui.format {
        Format::Json => Screen::Events(Box::new(Follower::new(ctx, id))),
        _ if ctx.ui.is_live() => Screen::Live,
        _ => Screen::Lines(BTreeMap::new()),
    };
    let outcome = loop {
        let new = words.listen(&scene.session);
        let view = scene.view(&|objective| words.last(&scene.session, objective), "");
        match &mut screen {
            Screen::Live => ctx.ui.show(&view),
            Screen::Lines(told) => lines(ctx, told, &view)?,
            Screen::Events(follower) => {
                follower.follow(scene.journal())?;
                follower.narrator.set_remaining(view.remaining);
                for (objective, activity) in new {
                    follower.event(EventKind::WorkerActivity {
                        source: objective.to_string(),
                        activity_type: activity.kind.into(),
                        text: activity.text,
                    })?;
                }
            }
        }
        if is_over(&scene) {
            break Ok(());
        }
        if let Err(interrupted) = pauses.pause(PACE) {
            break Err(interrupted.into());
        }
        scene.follow()?;
    };
    ctx.ui.live.clear();
    if let Screen::Events(follower) = &mut screen {
        follower.event(EventKind::CycleComplete { success: outcome.is_ok() })?;
    }
    outcome
}

fn is_over(scene: &Scene) -> bool {
    scene.session.is_finished() || !scene.journal().file().exists()
}

/// Where it is shown.
enum Screen<'c> {
    Live,
    /// Lines of what has changed, with those that were told.
    Lines(BTreeMap<String, String>),
    Events(Box<Follower<'c>>),
}

/// A line for each objective of the wave that does not stand where it stood.
fn lines(ctx: &Ctx, told: &mut BTreeMap<String, String>, view: &View) -> Result<()> {
    let wave = match view.wave {
        Some(wave) => format!("wave {wave} of {}", view.waves),
        None => "everything is merged".to_owned(),
    };
    let rows = view.rows.iter().map(|row| {
        let worker = row.worker.as_ref().map(|worker| format!("  {worker}")).unwrap_or_default();
        (row.id.clone(), format!("{}  {}{worker}", row.id, row.state))
    });
    let doing = (!view.doing.is_empty()).then(|| (String::new(), view.doing.clone()));
    let all = std::iter::once((" wave".to_owned(), wave)).chain(rows).chain(doing);
    for (key, line) in all {
        if told.get(&key) != Some(&line) {
            ctx.ui.answer(&line)?;
            told.insert(key, line);
        }
    }
    Ok(())
}

/// Tells the milestones of a journal as events.
struct Follower<'c> {
    narrator: Narrator<'c>,
    lines: Vec<Line>,
    session: Option<Session>,
}

impl<'c> Follower<'c> {
    fn new(ctx: &'c Ctx, id: &PlanId) -> Self {
        let mut narrator = ctx.narrator();
        narrator.session(id.as_str());
        Self { narrator, lines: Vec::new(), session: None }
    }

    /// Tells what has been written since the last time; at first, all of it.
    fn follow(&mut self, journal: &Journal) -> Result<()> {
        let lines = journal.lines()?;
        for line in lines.into_iter().skip(self.lines.len()) {
            advance(&mut self.session, &line)?;
            self.lines.push(line);
            let percent = self.session.as_ref().map_or(0, Session::progress);
            for event in milestones(&self.lines, self.session.as_ref()) {
                let time = self.lines.last().map(|line| line.time.clone()).unwrap_or_default();
                self.narrator.event_of(time, event, percent)?;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: EventKind) -> Result<()> {
        let percent = self.session.as_ref().map_or(0, Session::progress);
        self.narrator.event(event, percent)
    }
}
