//! The app: its processes, their deployment, and their responses.

pub mod deploy;
pub mod pods;
mod serving;

pub use serving::STREAM;
