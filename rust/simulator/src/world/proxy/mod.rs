//! The proxy: its processes, and requests on their way through them.

pub mod ask;
mod dialling;
mod exchange;
mod lookups;
pub mod replica;

pub use dialling::Dial;
pub use exchange::RETRIES;
pub use lookups::Lookup;
