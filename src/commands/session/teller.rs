//! Tells what happens to a session while a command works on it: people get notes, programs
//! get events.

use anyhow::Result;

use super::{Board, Scene, Team, Words, Workshop};
use crate::commands::{Ctx, Narrator};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::id::PlanId;
use crate::execute::listener::Listener;
use crate::execute::narrate::Interrupted;
use crate::ui::Format;

/// The listener of one command.
#[derive(Debug)]
pub struct Teller<'a> {
    ctx: &'a Ctx,
    narrator: Narrator<'a>,
    failed: Option<anyhow::Error>,
    percent: u8,
    looker: Looker,
}

/// Who looks at a session beside whoever reads the notes.
#[derive(Debug)]
enum Looker {
    /// Nobody.
    Nobody,
    /// Somebody at a terminal.
    Person(Board),
    /// A program, which wants to know how long it will take.
    Program(Box<Scene>),
}

impl<'a> Teller<'a> {
    /// A teller that has told nothing yet.
    pub fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, narrator: ctx.narrator(), failed: None, percent: 0, looker: Looker::Nobody }
    }

    /// Shows a session from here on: the view on a terminal, an estimate in events.
    pub fn show(&mut self, workshop: &Workshop, id: &PlanId) -> Result<()> {
        let ui = &self.ctx.ui;
        if !ui.is_live() && !self.for_programs() {
            return Ok(());
        }
        let Some(scene) = Scene::of(workshop, id, self.ctx.clock)? else { return Ok(()) };
        self.looker = if ui.is_live() {
            self.narrator = self.ctx.narrator_without_line();
            self.narrator.session(id.as_str());
            let team = Team::read(&workshop.project, None).unwrap_or_default();
            let words = Words::of(scene.folder(), &team);
            Looker::Person(Board::of(scene, words, ui))
        } else {
            Looker::Program(Box::new(scene))
        };
        self.estimate();
        Ok(())
    }

    fn estimate(&mut self) {
        if let Looker::Program(scene) = &mut self.looker {
            // A journal that cannot be read is told by whoever works on it.
            drop(scene.follow());
            self.narrator.set_remaining(scene.remaining());
        }
    }

    /// Names the plan in every event from here on.
    pub fn session(&mut self, id: &PlanId) {
        self.narrator.session(id.as_str());
    }

    /// Ends the stream of events with what the command came to. Fails where nobody reads it.
    pub fn end<T>(mut self, outcome: Result<T>) -> Result<T> {
        self.event(EventKind::CycleComplete { success: outcome.is_ok() });
        // What is said behind it stands where the view stood.
        self.looker = Looker::Nobody;
        match (outcome, self.failed) {
            (Err(error), _) if error.is::<Interrupted>() => {
                let failure =
                    Failure::new(Kind::User, "interrupted: what was done until then stays");
                Err(error.context(failure.hint("the same command goes on from there")))
            }
            (Ok(_), Some(error)) | (Err(error), _) => Err(error),
            (Ok(value), None) => Ok(value),
        }
    }

    fn for_programs(&self) -> bool {
        self.ctx.ui.format == Format::Json
    }
}

impl Listener for Teller<'_> {
    fn note(&mut self, text: &str) {
        if self.for_programs() {
            self.event(EventKind::Activity { text: text.to_owned() });
        } else {
            self.ctx.ui.note(text);
        }
    }

    fn output(&mut self, command: &str, line: &str) {
        if self.for_programs() {
            self.event(EventKind::WorkerActivity {
                source: command.to_owned(),
                activity_type: ActivityType::Log,
                text: line.to_owned(),
            });
        } else if self.ctx.ui.verbose {
            self.ctx.ui.note(&format!("  {line}"));
        }
    }

    fn done(&mut self, percent: u8) {
        self.percent = percent;
        self.estimate();
    }

    fn event(&mut self, event: EventKind) {
        if let Looker::Person(board) = &self.looker {
            board.hear(&event);
        }
        if let Err(error) = self.narrator.event(event, self.percent) {
            self.failed.get_or_insert(error);
        }
    }
}

/// A listener of a command whose answer is one document: notes for people, and nothing else.
#[derive(Debug)]
pub struct Notes<'a>(pub &'a Ctx);

impl Listener for Notes<'_> {
    fn note(&mut self, text: &str) {
        if self.0.ui.format == Format::Human {
            self.0.ui.note(text);
        }
    }

    fn output(&mut self, _command: &str, line: &str) {
        if self.0.ui.format == Format::Human && self.0.ui.verbose {
            self.0.ui.note(&format!("  {line}"));
        }
    }

    fn event(&mut self, _event: EventKind) {}
}
