//! Approving a plan of the working tree: proved, shown with everything that it would execute,
//! and pinned.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::{Team, Workshop};
use crate::commands::{Ctx, page};
use crate::domain::config::{self, Config};
use crate::domain::error::{Failure, Kind};
use crate::domain::event::EventKind;
use crate::domain::finding::Severity;
use crate::domain::id::PlanId;
use crate::domain::path::shell_word;
use crate::domain::team::Manner;
use crate::execute::approval::{Asked, decide, plan_files, target};
use crate::execute::listener::Listener;
use crate::execute::session::{Agreed, Handle};
use crate::store::layout;

/// How an approval is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The command itself is the approval.
    Given,
    /// Somebody has to say yes.
    Asked {
        /// Whether `run` begins the session.
        by_run: bool,
    },
}

impl Workshop {
    /// The session of a plan, approved now if it was not yet.
    pub fn approved(
        &self,
        ctx: &Ctx,
        id: &PlanId,
        consent: Consent,
        listener: &mut dyn Listener,
    ) -> Result<Handle<'_>> {
        if let Some(handle) = self.begun(id)? {
            return Ok(handle);
        }
        let by_run = consent == Consent::Asked { by_run: true };
        let asked = self.asked(ctx, id, by_run)?;
        if matches!(consent, Consent::Asked { .. }) {
            let team = if by_run { Team::read(&self.project, None)? } else { Team::default() };
            confirm(ctx, &asked, &team)?;
        } else {
            for line in commands(&asked.agreed) {
                listener.note(&line);
            }
        }
        let approval = decide(self.tools(), &asked, &page::templates(&self.project)?)?;
        let pin = approval.pin.clone();
        let handle = Handle::approve(self.tools(), approval)?;
        listener.event(EventKind::PlanApproved { pin });
        Ok(handle)
    }

    /// What would be approved. A plan with errors, or one that cannot be read, is refused.
    pub fn asked(&self, ctx: &Ctx, id: &PlanId, by_run: bool) -> Result<Asked> {
        let project = &self.project;
        let repository = &project.repository;
        let file = project.plan(id)?;
        let plan = file.require()?;
        if plan.id != *id {
            let message = format!("{} holds the plan {}", file.shown, plan.id);
            let hint = "the folder of a plan has its id as its name";
            return Err(Failure::new(Kind::Plan, message).hint(hint).into());
        }
        let (_, tip) = target(repository, plan)?;
        let (config, own_config) = self.policy(&tip)?;
        let tracked = repository.entries(&tip)?.into_iter().map(|e| e.path).collect();
        let tree = crate::commands::project::Tree { commit: tip, paths: tracked };
        let proof =
            crate::commands::project::Project::prove_under(&config, &file.reading, plan, &tree)?;
        if let Some(first) = proof.findings.iter().find(|f| f.severity == Severity::Error) {
            let message = format!("the plan {id} has errors: {}", first.message);
            let hint = format!("git ap check {}", id.slug());
            return Err(Failure::new(Kind::Plan, message).hint(hint).into());
        }
        let warnings = proof.findings.len();
        if warnings > 0 {
            let noun = crate::ui::count_of(warnings, "warning");
            ctx.ui.note(&format!("the plan has {noun}: `git ap check {}`", id.slug()));
        }
        if let Some(alias) = repository.configured("alias.ap") {
            ctx.ui.note(&format!(
                "git runs this program and not your alias `ap`; to keep that: `git config --global alias.ap-alias {}`",
                shell_word(&alias)
            ));
        }
        let mut files = Vec::new();
        for path in plan_files(plan) {
            let on_disk = project.root.join(&*path.to_lossy());
            if on_disk.is_file() {
                let bytes =
                    std::fs::read(&on_disk).with_context(|| format!("cannot read {path}"))?;
                files.push((path, bytes));
            }
        }
        files.extend(own_config.map(|bytes| (layout::config(), bytes)));
        let agreed = Agreed::from_text(repository, &file.reading.text, config)?;
        Ok(Asked { agreed, waves: proof.waves, files, by_run })
    }

    /// The policy that counts: that of the working tree, else that of the target.
    fn policy(&self, tip: &str) -> Result<(Config, Option<Vec<u8>>)> {
        let path = layout::config();
        let on_disk = self.project.root.join(&*path.to_lossy());
        if on_disk.is_file() {
            let bytes = std::fs::read(&on_disk).with_context(|| format!("cannot read {path}"))?;
            return Ok((self.project.config()?.clone(), Some(bytes)));
        }
        let Some(bytes) = self.project.repository.file_at(tip, &path)? else {
            return Ok((Config::default(), None));
        };
        let text = String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))?;
        let reading = config::read(&text);
        match reading.findings.iter().find(|f| f.severity == Severity::Error) {
            None => Ok((reading.config, None)),
            Some(bad) => {
                let message = format!("{path} of the target: {}", bad.message);
                Err(Failure::new(Kind::Plan, message).hint(format!("git show {tip}:{path}")).into())
            }
        }
    }
}

/// Everything that an approval allows to run, a line each.
pub fn commands(agreed: &Agreed) -> Vec<String> {
    let (plan, config) = (&agreed.plan, &agreed.config);
    let mut lines: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |what: String, command: &str| {
        if seen.insert((what.clone(), command.to_owned())) {
            lines.push(format!("runs `{command}` ({what})"));
        }
    };
    for command in &config.worktrees.setup {
        add("set-up of each worktree".into(), command);
    }
    for command in &config.gates.objective {
        add("gate of each objective".into(), command);
    }
    for objective in &plan.objectives {
        for command in &objective.gates {
            add(format!("gate of {}", objective.id), command);
        }
    }
    for command in &config.gates.wave {
        add("gate of each wave".into(), command);
    }
    for contract in &plan.contracts {
        if let Some(check) = &contract.check {
            add(format!("contract of {}", contract.provider), check);
        }
    }
    for derived in &plan.derived {
        add(format!("makes {}", derived.paths.join(", ")), &derived.command);
    }
    lines
}

fn confirm(ctx: &Ctx, asked: &Asked, team: &Team) -> Result<()> {
    let plan = &asked.agreed.plan;
    let slug = plan.id.slug();
    let workers = team.workers().iter().filter(|worker| worker.can_work());
    let started = workers.map(|worker| {
        let verb = if worker.is_remote() { "sends work to" } else { "starts" };
        format!("{verb} `{}` (worker {})", worker.shown(Manner::Sandboxed), worker.id)
    });
    for line in commands(&asked.agreed).into_iter().chain(started) {
        ctx.ui.note(&line);
    }
    match ctx.ui.confirm(&format!("approve the plan {}?", plan.id))? {
        Some(true) => Ok(()),
        Some(false) => {
            let failure =
                Failure::new(Kind::User, "the plan was not approved: nothing was changed");
            Err(failure.hint(format!("git ap plan --edit {slug}")).into())
        }
        None => {
            let message = format!("the plan {} is not approved yet", plan.id);
            Err(Failure::new(Kind::User, message).hint(format!("git ap approve {slug}")).into())
        }
    }
}
