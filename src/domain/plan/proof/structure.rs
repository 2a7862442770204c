//! Whether the parts of a plan name each other rightly: ids, dependencies, waves, contracts.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Prover;
use crate::domain::document::closest;
use crate::domain::finding::{Code, Finding};
use crate::domain::id::ObjectiveId;
use crate::domain::plan::Contract;
use crate::domain::wave::{self, Constraints};

impl Prover<'_> {
    /// The dependencies by position, and the author's waves. Unknown, doubled and own ids are
    /// reported and left out.
    pub(super) fn constraints(&mut self) -> Constraints {
        let plan = self.plan;
        let mut position: BTreeMap<&ObjectiveId, usize> = BTreeMap::new();
        for (i, objective) in plan.objectives.iter().enumerate() {
            if let Some(first) = position.insert(&objective.id, i) {
                position.insert(&plan.objectives[first].id, first);
                let finding = Finding::error(
                    Code::DuplicateId,
                    format!("two objectives are called {}", objective.id),
                );
                let mut finding = finding
                    .help("give each its own id; upper and lower case count as the same")
                    .objectives([objective.id.clone()])
                    .at(self.reading.objective_place(i, "id"));
                let other = self.reading.objective_place(first, "id");
                finding.related.extend(other.map(|p| (p, "the first one".to_owned())));
                self.findings.push(finding);
            }
        }
        let mut depends_on = vec![Vec::new(); plan.objectives.len()];
        for (i, objective) in plan.objectives.iter().enumerate() {
            for (item, need) in objective.depends_on.iter().enumerate() {
                match position.get(need) {
                    Some(&other) if other == i => {
                        let finding = Finding::error(
                            Code::DependencyCycle,
                            format!("{need} depends on itself"),
                        );
                        let place =
                            self.reading.item_place("objective", i, "depends_on", item, None);
                        let finding = finding
                            .help("remove it from `depends_on`")
                            .objectives([need.clone()])
                            .at(place);
                        self.findings.push(finding);
                    }
                    Some(&other) => depends_on[i].push(other),
                    None => self.unknown(need, i, item),
                }
            }
            depends_on[i].sort_unstable();
            depends_on[i].dedup();
        }
        let fixed = plan.objectives.iter().map(|o| o.wave).collect();
        Constraints { depends_on, fixed, ..Constraints::default() }
    }

    fn unknown(&mut self, need: &ObjectiveId, index: usize, item: usize) {
        let place = self.reading.item_place("objective", index, "depends_on", item, None);
        let finding =
            Finding::error(Code::UnknownDependency, format!("there is no objective {need}"))
                .help(self.known_ids(need, Some(&self.plan.objectives[index].id)))
                .objectives([self.plan.objectives[index].id.clone()])
                .at(place);
        self.findings.push(finding);
    }

    /// What to write instead of an id that nobody has; `own` is whose dependency it is.
    fn known_ids(&self, wanted: &ObjectiveId, own: Option<&ObjectiveId>) -> String {
        let others = self.plan.objectives.iter().map(|o| &o.id).filter(|id| Some(*id) != own);
        let ids = others.map(ObjectiveId::as_str);
        if ids.clone().next().is_none() {
            return "remove it: the plan has no other objective".to_owned();
        }
        match closest(wanted.as_str(), ids.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the plan has {}", ids.collect::<Vec<_>>().join(", ")),
        }
    }

    /// The waves: the author's and computed ones. A cycle is reported and leaves the author's.
    pub(super) fn waves(&mut self, constraints: &Constraints) -> Vec<u32> {
        match wave::assign(constraints) {
            Ok(waves) => waves,
            Err(wave::Cycle(cycle)) => {
                let ids: Vec<ObjectiveId> =
                    cycle.iter().map(|i| self.plan.objectives[*i].id.clone()).collect();
                let names: Vec<&str> =
                    ids.iter().chain(ids.first()).map(ObjectiveId::as_str).collect();
                let finding = Finding::error(
                    Code::DependencyCycle,
                    format!("objectives wait for each other: {}", names.join(" → ")),
                );
                let finding = finding
                    .help("remove one of these from `depends_on`, or make one objective of them")
                    .objectives(ids)
                    .at(self.reading.objective_place(cycle[0], "depends_on"));
                self.findings.push(finding);
                constraints.fixed.iter().map(|w| w.unwrap_or(0)).collect()
            }
        }
    }

    pub(super) fn dependency_order(&mut self, waves: &[u32]) {
        let plan = self.plan;
        for (i, objective) in plan.objectives.iter().enumerate() {
            for need in &objective.depends_on {
                let Some(other) = plan.objectives.iter().position(|o| o.id == *need) else {
                    continue;
                };
                if other == i || waves[i] == 0 || waves[other] == 0 || waves[other] < waves[i] {
                    continue;
                }
                let message = format!(
                    "{} in wave {} depends on {need} in wave {}",
                    objective.id, waves[i], waves[other]
                );
                let finding = Finding::error(Code::DependencyOrder, message)
                    .help("leave `wave` out and it is computed, or run `git ap check --fix`")
                    .objectives([objective.id.clone(), need.clone()])
                    .at(self.reading.objective_place(i, "wave"));
                self.findings.push(finding);
            }
        }
    }

    pub(super) fn contracts(&mut self, waves: &[u32]) {
        for (i, contract) in self.plan.contracts.iter().enumerate() {
            let provider = self.position(&contract.provider);
            if provider.is_none() {
                let finding = self.nobody(&contract.provider, None);
                self.findings.push(finding.at(self.reading.table_place("contract", i, "provider")));
            }
            for (item, consumer) in contract.consumers.iter().enumerate() {
                let finding = if *consumer == contract.provider {
                    let message = format!("{consumer} uses what it provides itself");
                    let finding = Finding::error(Code::BadField, message)
                        .help("name the objectives that use it")
                        .objectives([consumer.clone()]);
                    Some(finding)
                } else {
                    match (self.position(consumer), provider) {
                        (None, _) => Some(self.nobody(consumer, Some(&contract.provider))),
                        (Some(_), None) => None,
                        (Some(user), Some(provider)) => {
                            let at = (waves[user], waves[provider]);
                            contract_order(contract, consumer, at)
                        }
                    }
                };
                let place = self.reading.item_place("contract", i, "consumers", item, None);
                self.findings.extend(finding.map(|finding| finding.at(place)));
            }
        }
    }

    fn position(&self, id: &ObjectiveId) -> Option<usize> {
        self.plan.objectives.iter().position(|o| o.id == *id)
    }

    /// An objective is named that does not exist.
    fn nobody(&self, id: &ObjectiveId, own: Option<&ObjectiveId>) -> Finding {
        Finding::error(Code::UnknownDependency, format!("there is no objective {id}"))
            .help(self.known_ids(id, own))
    }

    /// Who depends on another's result should know what exactly it uses: a contract says it, or
    /// an integration point of one that names the other.
    pub(super) fn integration_points(&mut self) {
        let plan = self.plan;
        for (i, objective) in plan.objectives.iter().enumerate() {
            for (item, need) in objective.depends_on.iter().enumerate() {
                let Some(provider) = plan.objective(need).filter(|p| p.id != objective.id) else {
                    continue;
                };
                let contract = plan
                    .contracts
                    .iter()
                    .any(|c| c.provider == provider.id && c.consumers.contains(&objective.id));
                let named = names(&objective.integration_points, &provider.id)
                    || names(&provider.integration_points, &objective.id);
                if contract || named {
                    continue;
                }
                let message = format!("nothing says what {} uses of {need}", objective.id);
                let help = format!(
                    "add `integration_points = [\"uses … of {need}\"]`, or a `[[contract]]`"
                );
                let finding = Finding::warning(Code::MissingIntegrationPoint, message)
                    .help(help)
                    .objectives([objective.id.clone(), need.clone()])
                    .at(self.reading.item_place("objective", i, "depends_on", item, None));
                self.findings.push(finding);
            }
        }
    }
}

/// Who uses an interface comes after who provides it. In one wave both can be written against
/// what was agreed, but then something has to hold the two together: the contract's check.
fn contract_order(
    contract: &Contract,
    consumer: &ObjectiveId,
    (user, provider): (u32, u32),
) -> Option<Finding> {
    let later = format!("add `{}` to `depends_on` of {consumer}", contract.provider);
    let finding = match user.cmp(&provider) {
        _ if user == 0 || provider == 0 => return None,
        Ordering::Greater => return None,
        Ordering::Equal if contract.check.is_some() => return None,
        Ordering::Equal => {
            let message = format!(
                "{consumer} uses what {} provides in the same wave, and nothing checks that they agree",
                contract.provider
            );
            Finding::warning(Code::ContractOrder, message)
                .help(format!("add `check = \"…\"` to the contract, or {later}"))
        }
        Ordering::Less => {
            let message = format!(
                "{consumer} in wave {user} uses what {} provides in wave {provider}",
                contract.provider
            );
            Finding::error(Code::ContractOrder, message).help(later)
        }
    };
    Some(finding.objectives([consumer.clone(), contract.provider.clone()]))
}

/// Whether one of the texts has the id as a word of its own.
fn names(texts: &[String], id: &ObjectiveId) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    texts.iter().any(|text| {
        text.split(|c| !part(c))
            .any(|word| word.trim_matches('.').eq_ignore_ascii_case(id.as_str()))
    })
}
