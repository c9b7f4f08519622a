//! Which of several pods gets a request.

mod balance;
mod policy;
mod turns;
