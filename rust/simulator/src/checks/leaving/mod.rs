//! Checks pages of live pods that must reload because their pod is evicted or has drained for too long, and
//! which pods are reported as drained.
//!
//! ```text
//! books      the evictions that a replica knows, and how the pages of evicted pods were used
//! evicted    no new page on an evicted pod; which of its pages must reload, why, how soon, and in which order
//! drained    only pods without pages are reported, and in time; after the last fault no page is left behind
//! ```

mod books;
mod drained;
mod evicted;

pub use books::{Evictions, Uses};
