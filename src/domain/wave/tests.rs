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

#[test]
fn a_crowd_in_one_wave_is_mended_in_bounded_steps() {
    let count = 40;
    let conflicts = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect();
    let depends_on = vec![Vec::new(); count];
    let crowd = Constraints { depends_on, conflicts, fixed: vec![Some(1); count] };
    let mut waves = repair(&crowd).expect("no cycle");
    assert_eq!(waves[0], 1, "the first stays");
    waves.sort_unstable();
    assert_eq!(waves, (1..=40).collect::<Vec<u32>>());
}

#[test]
fn many_pairs_in_one_group_are_mended_in_bounded_steps() {
    // Pairs that meet, all tied by one objective after them.
    let pairs = 40;
    let mut depends_on = vec![Vec::new(); 2 * pairs];
    depends_on.push((0..2 * pairs).collect());
    let conflicts = (0..pairs).map(|p| (2 * p, 2 * p + 1)).collect();
    let fixed = vec![Some(1); 2 * pairs + 1];
    let waves = repair(&Constraints { depends_on, conflicts, fixed }).expect("no cycle");
    for pair in 0..pairs {
        assert_eq!(waves[2 * pair..2 * pair + 2], [1, 2]);
    }
    assert_eq!(waves[2 * pairs], 3);
}

#[test]
fn a_thousand_that_meet_their_neighbours_are_mended_too() {
    let count = 1_000;
    let conflicts = (0..count).flat_map(|a| (a + 1..count.min(a + 9)).map(move |b| (a, b)));
    let conflicts = conflicts.collect();
    let fixed = vec![Some(1); count];
    let depends_on = vec![Vec::new(); count];
    let waves = repair(&Constraints { depends_on, conflicts, fixed }).expect("no cycle");
    for a in 0..count {
        assert!((a + 1..count.min(a + 9)).all(|b| waves[a] != waves[b]), "{a}");
    }
    assert_eq!(waves.iter().max(), Some(&9));
}
