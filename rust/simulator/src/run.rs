//! Runs the world of a seed and returns its tally or a report of what went wrong.

use std::fmt::Write;

use crate::journal::{Journal, Subject};
use crate::scenario::Scenario;
use crate::tally::Tally;
use crate::world::World;

/// Seeds that once failed, or that found a planted fault which few others find. They run first.
pub const ONCE_FAILED: [u64; 26] =
    [0, 2, 4, 12, 13, 17, 22, 36, 38, 53, 54, 69, 71, 72, 76, 83, 94, 148, 184, 229, 312, 330, 370, 688, 2670, 2921];

/// A seed that failed, with everything a reader needs.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub rule: &'static str,
    pub report: String,
}

/// Runs the world of a seed. If it fails, runs it again and records the events about the visitor and the pod
/// of the violation, or about those in `about`.
///
/// # Errors
/// The first violation.
pub fn run(seed: u64, about: Subject) -> Result<Tally, Box<Failure>> {
    let mut world = World::new(Scenario::draw(seed), Journal::default());
    let Err(violation) = world.run() else { return Ok(world.tally) };
    let mut again = World::new(
        Scenario::draw(seed),
        Journal::of(Subject {
            visitor: about.visitor.or(violation.about.visitor),
            place: about.place.or(violation.about.place),
        }),
    );
    let same = again.run();
    let mut report = format!("seed {seed} {violation}\n\nto run it again: make simulate ARGS='--seed {seed}'\n\n");
    write!(report, "{}\n\n", again.scenario).expect("writing to a string cannot fail");
    for line in again.journal.lines() {
        report.push_str(line);
        report.push('\n');
    }
    if same.err().map(|again| again.what) != Some(violation.what.clone()) {
        report.push_str("\nThe second run was different, so something in it does not depend on the seed alone.\n");
    }
    Err(Box::new(Failure { seed, rule: violation.rule, report }))
}
