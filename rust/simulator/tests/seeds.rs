//! Tests that a seed always gives the same world, and that failures can be reproduced.

use doors_simulator::agenda::HOUR;
use doors_simulator::journal::{Journal, Subject};
use doors_simulator::run::run;
use doors_simulator::scenario::Scenario;
use doors_simulator::world::World;

/// The first seeds with short and small worlds. The whole set needs an optimised build.
fn small() -> impl Iterator<Item = u64> {
    (0..).filter(|seed| {
        let scenario = Scenario::draw(*seed);
        scenario.visitors <= 5 && scenario.chaos < HOUR && !scenario.faults.is_empty()
    })
}

#[test]
fn a_seed_is_the_same_world_each_time() {
    for seed in small().take(3) {
        let [one, other] = [0, 1].map(|_| run(seed, Subject::ALL).map_err(|failure| failure.report));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let tally = one.unwrap();
        assert!(tally.requests > 0 && tally.faults > 0 && tally.lookups > 0, "{tally}");
    }
}

#[test]
fn a_journal_changes_nothing_and_tells_of_the_visitor_and_the_place() {
    let seed = small().next().unwrap();
    let told = |journal| {
        let mut world = World::new(Scenario::draw(seed), journal);
        world.run().unwrap();
        (format!("{:?}", world.tally), world.journal.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let (plain, none) = told(Journal::default());
    let (noted, lines) = told(Journal::of(Subject { visitor: Some(0), place: Some(0) }));
    assert_eq!((plain, none.len()), (noted, 0));
    assert!(
        lines.iter().any(|line| line.contains("visitor 0")) && !lines.iter().any(|line| line.contains("visitor 1"))
    );
}
