//! The flow of requests in virtual time.

mod holding;
mod late;
mod lookups;
mod pages;
mod policy;
mod promises;
mod seeking;
mod shown;
mod tokens;
mod turns;
mod world;
