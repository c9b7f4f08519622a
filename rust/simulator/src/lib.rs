//! Simulates the environment of the core in virtual time: proxies, pods, name servers, links and browsers.
//!
//! A seed determines a world. The world is the same in each run: all events are planned in one agenda, time
//! jumps from event to event, and each part of the world has its own random numbers. The proxies run the real
//! core. Everything else is written here, including the records that the checks use. A run gives a tally of
//! what the world has seen, or the first violation of an invariant.
//!
//! ```text
//! scenario  derives the sizes, options and kinds of faults from a seed
//! world     replicas, pods, name servers and links, and their faults until it is calm
//! browser   visitors and their pages, which behave like the Doors client
//! checks    invariants at every event, and some time after the last fault
//! journal   the last events that concern one visitor and one address
//! run       runs a seed, and returns a tally or a report
//! ```
//!
//! # How to read a seed that fails
//!
//! The report starts with the violation. Then follow the scenario and the last events that concern the
//! visitor and the address in question. `make simulate ARGS='--seed N'` prints the report again; `--visitor
//! N` and `--place N` show other events. Times are hours, minutes, seconds and milliseconds since the start
//! of the world. Times in violations are nanoseconds, and times in steps are those of the replica's clock.
//!
//! A place is one address. `fault:` lines name an upstream, a replica and a name server; which of them are
//! affected depends on the kind of fault. Upstream 1 of 3 is found under the host names `u1` and `u4`, or by
//! addresses. `hears of` is the answer of a name server to a replica, by places. `half` means that the
//! addresses of one IP version were lost; they come later if `late` lists them. Indented lines are the core's
//! steps for a request.
//!
//! When the core is fixed, add the seed to [`run::ONCE_FAILED`], and a test of the scenario to the core. A
//! seed stays the same world as long as scenarios are drawn in the same way.
//!
//! # Sensitivity
//!
//! Each patch in `faults/` plants one fault in a copy of the core. `scripts/stages/simulate-faults.sh` checks that
//! the simulator finds all of them.

pub mod agenda;
pub mod browser;
pub mod checks;
pub mod event;
pub mod journal;
pub mod random;
pub mod run;
pub mod scenario;
pub mod slab;
pub mod tally;
pub mod world;
