//! A simulator of what the core is for: proxies, pods, name servers, links and browsers, in virtual time.
//!
//! In: a seed. Out: a tally of what its world has seen, or the first rule that was broken. One seed is one world, the same each time: what
//! happens is planned in one agenda, time jumps from event to event, and each part of the world has random numbers of its own. The
//! proxies are the real core; everything else is written here, also the books by which the checks judge.
//!
//! ```text
//! scenario  a seed -> sizes, options, and which kinds of faults there are
//! world     replicas, pods, name servers, links; what goes wrong, until it is calm
//! browser   visitors and their pages, which follow the rules of the client of Doors
//! checks    what must be true at every event, and some time after the last fault
//! journal   the last events that concern one visitor and one address
//! run       a seed -> a tally, or a report
//! ```
//!
//! # How to read a seed that fails
//!
//! The report begins with the rule that was broken and what broke it, then comes what the world is made of, then the last events that
//! concern the visitor and the address in question. `make simulate ARGS='--seed N'` prints it again; `--visitor N` and `--place N`
//! show the events of others. Times are hours, minutes, seconds and milliseconds since the world began; the times in the report of a
//! rule are nanoseconds, and those in steps are of the clock of that replica.
//!
//! A place is one address; `fault:` lines name an upstream, a replica and a name server, and count for those that the kind of fault is
//! about. Upstream 1 of 3 is found under the host names `u1` and `u4`, or by addresses. `hears of` is what a name server said to a
//! replica, by places; `half` means that the addresses of one IP version were lost, and come later if `late` names them. Indented lines are the core's steps for a request.
//!
//! A seed that has failed is added to [`run::ONCE_FAILED`] when the core is mended, and gets a test in the core that tells its story.
//! As long as scenarios are drawn in the same way it stays the same world.
//!
//! # Does it see?
//!
//! Each patch in `faults/` plants one fault in a copy of the core. `scripts/simulate-faults.sh` runs them; all must be found.

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
