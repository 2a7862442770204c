//! The view of a session at the bottom of the terminal, while a command works on it. A thread of
//! its own keeps it alive: the command may be in the midst of a merge.

use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Scene, Words};
use crate::domain::event::{ActivityType, EventKind};
use crate::domain::id::ObjectiveId;
use crate::ui::Ui;

/// How often there may be another picture.
const PACE: Duration = Duration::from_millis(100);

/// The view, until it is dropped.
#[derive(Debug)]
pub struct Board {
    ui: Ui,
    now: Arc<Mutex<Now>>,
    /// Its end ends the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What is going on just now.
#[derive(Debug, Default)]
struct Now {
    /// By objective.
    activities: HashMap<String, String>,
    /// Beside the objectives.
    doing: String,
}

impl Board {
    /// Shows a session from now on. Where no thread can be had, nothing is shown.
    pub fn of(mut scene: Scene, mut words: Words, ui: &Ui) -> Self {
        let now = Arc::new(Mutex::new(Now::default()));
        let (end, ended) = channel();
        let (shown, told) = (ui.clone(), Arc::clone(&now));
        let show = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PACE) {
                // A journal that cannot be read is told by the command that works on it.
                drop(scene.follow());
                words.listen(&scene.session);
                let view = {
                    let now = lock(&told);
                    let activity = |id: &ObjectiveId| now.activities.get(id.as_str()).cloned();
                    // Plain text is no event: it stands in the log alone.
                    let said = |id: &ObjectiveId| words.last(&scene.session, id);
                    scene.view(&|id| activity(id).or_else(|| said(id)), &now.doing)
                };
                shown.show(&view);
            }
        };
        let thread = std::thread::Builder::new().name("view".into()).spawn(show);
        Self { ui: ui.clone(), now, end: Some(end), thread: thread.ok() }
    }

    /// Takes notice of what happens.
    pub fn hear(&self, event: &EventKind) {
        let mut now = lock(&self.now);
        match event {
            EventKind::WorkerActivity { source, activity_type, text }
                if *activity_type != ActivityType::Log =>
            {
                now.activities.insert(source.clone(), text.clone());
            }
            EventKind::ObjectiveStart { objective, .. }
            | EventKind::WorkerMetrics { objective, .. } => {
                now.activities.remove(objective);
            }
            EventKind::GateStart { command, place } => {
                let what = format!("gate: {command}");
                // One of an objective is seen in its own line, too.
                now.activities.insert(place.clone(), what.clone());
                now.doing = what;
            }
            EventKind::GateComplete { place, .. } => {
                now.activities.remove(place);
                now.doing.clear();
            }
            _ => {}
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        self.ui.live.clear();
    }
}

fn lock(now: &Mutex<Now>) -> MutexGuard<'_, Now> {
    now.lock().unwrap_or_else(PoisonError::into_inner)
}
