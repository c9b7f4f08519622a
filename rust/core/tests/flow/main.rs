//! The flow of requests in virtual time.

mod lookups;
mod pages;
mod tokens;
mod world;
