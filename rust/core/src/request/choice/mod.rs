//! In: a request that several pods may take. Out: the one it goes to.
//!
//! ```text
//! tiers     how good a pod is for a request
//! search    the best pod, without looking at all of very many upstreams
//! turns     which upstream, where any will do
//! policy    what a policy of the user may choose from
//! tried     the pods that a request could not reach
//! dice      chance
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
