//! Tests of the flow of requests in virtual time.

mod balance;
mod clicks;
mod holding;
mod hosts;
mod late;
mod leaving;
mod lookups;
mod marks;
mod pages;
mod policy;
mod promises;
mod seeking;
mod shown;
mod tokens;
mod turns;
mod world;
