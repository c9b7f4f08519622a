//! Pods whose pages are to reload although they live, since an operator has evicted them, or since they have drained for longer than they may;
//! and when it is said that a pod has drained.
//!
//! ```text
//! books      what a replica was told to evict, and how the pages of evicted pods were used
//! evicted    no new page on an evicted pod; who of its pages is told to reload, with what right, how soon, and in which order
//! drained    it is said of a pod without pages, and in time; after the last fault no page is left behind
//! ```

mod books;
mod drained;
mod evicted;

pub use books::{Evictions, Uses};
