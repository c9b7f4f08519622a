//! Chooses a pod for a request that several pods can serve.
//!
//! ```text
//! tiers     how well a pod suits a request
//! search    the best pod, without looking at every upstream
//! turns     which upstream is next, for requests that any of them can serve
//! policy    the pods that a user's policy may choose from
//! tried     the pods that a request could not reach
//! dice      random numbers
//! ```

mod dice;
mod policy;
mod search;
mod tiers;
mod tried;
mod turns;

pub(crate) use dice::Dice;
pub(crate) use search::Wanted;
pub(crate) use tiers::Tier;
pub(crate) use tried::Tried;
pub(crate) use turns::Turns;
