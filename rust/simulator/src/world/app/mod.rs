//! The app: its processes, who starts and stops them, and what they answer.

pub mod deploy;
pub mod pods;
mod serving;

pub use serving::STREAM;
