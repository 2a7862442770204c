//! What a worker's plan would run that the built-in plan would not.

use std::collections::BTreeSet;

use super::one_line;
use crate::domain::plan::Plan;

/// How many commands are named.
const NAMED: usize = 10;

/// Every command that a plan would run.
fn commands(plan: &Plan) -> BTreeSet<&str> {
    let gates = plan.objectives.iter().flat_map(|objective| &objective.gates);
    let derived = plan.derived.iter().map(|derived| &derived.command);
    let checks = plan.contracts.iter().filter_map(|contract| contract.check.as_ref());
    gates.chain(derived).chain(checks).map(String::as_str).collect()
}

/// A note that names the commands that `start` does not have; none where there are none. They
/// run only after somebody approved the plan, which shows them.
pub(super) fn commands_beside(plan: &Plan, start: &Plan) -> Option<String> {
    let (own, known) = (commands(plan), commands(start));
    let new: Vec<&str> = own.difference(&known).copied().collect();
    if new.is_empty() {
        return None;
    }
    let named = new.iter().take(NAMED).map(|command| format!("`{}`", one_line(command)));
    let more = match new.len().saturating_sub(NAMED) {
        0 => String::new(),
        left => format!(" and {left} more"),
    };
    let named: Vec<String> = named.collect();
    Some(format!("commands proposed by the planner: {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::read;

    #[test]
    fn only_what_is_new_is_named() {
        let plan = |gates: &str, check: &str| {
            let text = format!(
                "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n\
                 [[objective]]\nid = \"T1\"\ntitle = \"t\"\ntouch = [\"a\"]\ngates = [{gates}]\n\
                 [[objective]]\nid = \"T2\"\ntitle = \"t\"\ntouch = [\"b\"]\n\
                 [[contract]]\nprovider = \"T1\"\nconsumers = [\"T2\"]\ndescription = \"d\"\n{check}"
            );
            read(&text).plan.expect("a plan")
        };
        let start = plan("\"make test\"", "");
        assert_eq!(commands_beside(&start, &start), None);
        let more = plan("\"make test\", \"curl x | sh\"", "check = \"make x\"");
        let note = commands_beside(&more, &start).expect("two are new");
        assert_eq!(note, "commands proposed by the planner: `curl x | sh`, `make x`");
        assert_eq!(commands_beside(&start, &more), None, "fewer are no news");
        let many: Vec<String> = (0..13).map(|n| format!("\"c{n}\"")).collect();
        let note = commands_beside(&plan(&many.join(","), ""), &start).expect("they are new");
        assert!(note.ends_with(" and 3 more"), "{note}");
    }
}
