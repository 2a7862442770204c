use super::*;

fn constraints(depends_on: &[&[usize]], conflicts: &[(usize, usize)]) -> Constraints {
    Constraints {
        depends_on: depends_on.iter().map(|d| d.to_vec()).collect(),
        conflicts: conflicts.iter().copied().collect(),
        fixed: vec![None; depends_on.len()],
    }
}

#[test]
fn the_earliest_wave_that_is_free() {
    assert_eq!(assign(&constraints(&[&[], &[], &[0, 1]], &[])), Ok(vec![1, 1, 2]));
    assert_eq!(assign(&constraints(&[&[], &[], &[]], &[(0, 1), (1, 2)])), Ok(vec![1, 2, 1]));
    let mut author = constraints(&[&[], &[], &[]], &[(0, 1)]);
    author.fixed = vec![None, Some(1), Some(3)];
    assert_eq!(assign(&author), Ok(vec![2, 1, 3]));
}

#[test]
fn a_cycle_is_drawn_whole() {
    let cycle = order(&[vec![1], vec![2], vec![0], vec![0, 3]]);
    assert_eq!(cycle, Err(Cycle(vec![3])));
    let cycle = order(&[vec![1], vec![2], vec![0]]);
    assert_eq!(cycle, Err(Cycle(vec![0, 1, 2])));
}

#[test]
fn a_graph_shows_no_edge_that_others_imply() {
    assert_eq!(essential(&[vec![], vec![0], vec![0, 1]]), [(0, 1), (1, 2)]);
    assert_eq!(essential(&[vec![1], vec![0]]), [(0, 1), (1, 0)]);
}

#[test]
fn repair_keeps_what_is_valid() {
    let mut author = constraints(&[&[], &[], &[0]], &[(0, 1)]);
    author.fixed = vec![Some(1), Some(1), Some(1)];
    assert_eq!(repair(&author), Ok(vec![1, 2, 2]));
    author.fixed = vec![Some(2), Some(1), Some(5)];
    assert_eq!(repair(&author), Ok(vec![2, 1, 5]));
}

#[test]
fn tied_to_nobody_is_scheduled_alone() {
    // Forty groups of three, each a chain that nobody meets: three waves, found at once.
    let count = 120;
    let depends_on: Vec<Vec<usize>> =
        (0..count).map(|o| if o % 3 == 0 { vec![] } else { vec![o - 1] }).collect();
    let constraints =
        Constraints { depends_on, conflicts: BTreeSet::new(), fixed: vec![None; count] };
    let waves = assign(&constraints).expect("no cycle");
    assert_eq!(waves.iter().max(), Some(&3));
}
