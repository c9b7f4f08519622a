//! Draining pods, and which of their pages must reload now.
//!
//! ```text
//! draining   one pod: why it drains, since when, and whether one of its pages must reload
//! mark       one pod: whether its responses signal that it is draining
//! hooks      one pod: when its pages were last used
//! evictions  all pods: those that an operator has evicted
//! operator   applies evictions to all pods
//! ```
//!
//! A page is told to reload when it opens its next receiver stream, once per roll time. Open streams are not
//! ended, and other requests of a page are not affected.

mod draining;
mod evictions;
mod hooks;
mod mark;
mod operator;

pub(crate) use draining::{Draining, Leaves, Listed};
pub(crate) use evictions::Evictions;
pub use evictions::{KnownEviction, Target};
pub(crate) use mark::Mark;
