//! Tests of the flow of requests in virtual time.

mod choosing;
mod clicks;
mod hosts;
mod late;
mod leaving;
mod pages;
mod promises;
mod shown;
mod tokens;
mod waiting;
mod world;
