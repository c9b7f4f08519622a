//! In: why a pod drains, and the requests of its pages. Out: which of its pages are to reload now.
//!
//! ```text
//! draining   one pod: why it drains, since when, and whether one of its pages is to reload
//! mark       its answers say so
//! hooks      when its pages were last used
//! evictions  all pods: which of them an operator has evicted
//! operator   what becomes of all pods when he does
//! ```
//!
//! A page is told to reload by the answer to its next receiver stream, of which it opens one in each roll; no open stream is
//! ended, and nothing else of a page is answered here.

mod draining;
mod evictions;
mod hooks;
mod mark;
mod operator;

pub(crate) use draining::{Draining, Leaves, Named};
pub(crate) use evictions::Evictions;
pub use evictions::{KnownEviction, Target};
pub(crate) use mark::Mark;
