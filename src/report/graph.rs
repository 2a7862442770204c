//! The waves of a plan as a Mermaid graph, which code hosts draw in Markdown: one text for
//! plan.md and `show --graph mermaid`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::markdown::mermaid;
use crate::domain::id::ObjectiveId;
use crate::domain::plan::Plan;
use crate::domain::wave;

const INFALLIBLE: &str = "writing to a string cannot fail";

/// The graph, ending with a line feed: a box for each wave, in it its objectives. A line is a
/// dependency that no chain of others implies, a dotted one a contract between objectives that
/// do not wait for each other. `waves` has the wave of each objective by its position.
pub fn graph(plan: &Plan, waves: &[u32]) -> String {
    let wave = |index: usize| {
        let known = waves.get(index).copied().filter(|wave| *wave > 0);
        known.or(plan.objectives[index].wave).unwrap_or(1)
    };
    let numbers: BTreeSet<u32> = (0..plan.objectives.len()).map(wave).collect();
    let mut out = "graph LR\n".to_owned();
    for number in numbers {
        writeln!(out, "  subgraph w{number}[\"Wave {number}\"]").expect(INFALLIBLE);
        for (index, objective) in plan.objectives.iter().enumerate() {
            if wave(index) == number {
                let label = mermaid(&format!("{}: {}", objective.id, objective.title));
                writeln!(out, "    o{index}[\"{label}\"]").expect(INFALLIBLE);
            }
        }
        out.push_str("  end\n");
    }
    let arrows = arrows(plan);
    for (from, to) in &arrows {
        writeln!(out, "  o{from} --> o{to}").expect(INFALLIBLE);
    }
    for (from, to) in contracts(plan).difference(&reached(&arrows)) {
        writeln!(out, "  o{from} -. contract .-> o{to}").expect(INFALLIBLE);
    }
    out
}

/// Where an objective stands in the plan.
fn place(plan: &Plan, id: &ObjectiveId) -> Option<usize> {
    plan.objectives.iter().position(|objective| objective.id == *id)
}

/// The dependencies that are drawn, from provider to user.
pub(super) fn arrows(plan: &Plan) -> Vec<(usize, usize)> {
    let needs = |objective: &crate::domain::plan::Objective| {
        let mut needs: Vec<usize> =
            objective.depends_on.iter().filter_map(|id| place(plan, id)).collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    };
    wave::essential(&plan.objectives.iter().map(needs).collect::<Vec<_>>())
}

fn contracts(plan: &Plan) -> BTreeSet<(usize, usize)> {
    let pairs = plan.contracts.iter().flat_map(|contract| {
        let provider = place(plan, &contract.provider);
        let consumers = contract.consumers.iter().filter_map(|id| place(plan, id));
        consumers.filter_map(move |consumer| provider.map(|provider| (provider, consumer)))
    });
    pairs.filter(|(provider, consumer)| provider != consumer).collect()
}

/// The pairs that a chain of arrows joins.
fn reached(arrows: &[(usize, usize)]) -> BTreeSet<(usize, usize)> {
    let mut found: BTreeSet<(usize, usize)> = BTreeSet::new();
    let starts: BTreeSet<usize> = arrows.iter().map(|(from, _)| *from).collect();
    for start in starts {
        let mut left = vec![start];
        while let Some(at) = left.pop() {
            for (_, to) in arrows.iter().filter(|(from, _)| *from == at) {
                if found.insert((start, *to)) {
                    left.push(*to);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_has_boxes_lines_and_promises() {
        let text = "schema = 1\nid = \"20260102-030405-x\"\nrequest = \"x\"\ntype = \"feature\"\n\
             [[objective]]\nid = \"T1\"\ntitle = \"a]\\\" --> \\n end\"\ntouch = [\"a\"]\n\
             [[objective]]\nid = \"T2\"\ntitle = \"b\"\ntouch = [\"b\"]\ndepends_on = [\"T1\"]\n\
             [[objective]]\nid = \"T3\"\ntitle = \"c\"\ntouch = [\"c\"]\ndepends_on = [\"T1\", \"T2\"]\n\
             [[objective]]\nid = \"T4\"\ntitle = \"d\"\ntouch = [\"d\"]\n\
             [[contract]]\nprovider = \"T1\"\nconsumers = [\"T3\", \"T4\"]\ndescription = \"f\"\n";
        let plan = crate::domain::plan::read(text).plan.expect("a plan");
        assert_eq!(
            graph(&plan, &[1, 2, 3, 1]),
            "graph LR\n  subgraph w1[\"Wave 1\"]\n    o0[\"T1: a#93;#34; --#62;   end\"]\n    \
             o3[\"T4: d\"]\n  end\n  subgraph w2[\"Wave 2\"]\n    o1[\"T2: b\"]\n  end\n  \
             subgraph w3[\"Wave 3\"]\n    o2[\"T3: c\"]\n  end\n  o0 --> o1\n  o1 --> o2\n  \
             o0 -. contract .-> o3\n"
        );
    }
}
