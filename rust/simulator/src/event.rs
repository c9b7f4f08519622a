//! What can happen in the world. Events are small and copied; what they are about is in the world.

use doors_routing::Outcome;

use crate::slab::Key;
use crate::world::operator::Aim;

/// A page of a visitor, as it was when the event was planned: after it has loaded again its timers are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    pub visitor: u16,
    pub page: u8,
    pub boot: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A packet that opens a connection is sent: the first, or one that repeats it.
    Dial(Key, u8),
    DialEnds(Key, Outcome),
    /// The request gets to the pod.
    Arrives(Key),
    /// The pod sends the first byte of an answer.
    Answers(Key),
    /// The pod ends an answer that was a stream.
    StreamEnds(Key),
    Resume(Key),
    /// The reply gets to the client.
    Delivered(Key),
    /// The client has waited long enough.
    GivesUp(Key),
    /// A proxy looks which lookups are due.
    Due(u8),
    LookupEnds(Key),
    Pod(u32, PodEvent),
    Deploy(u8, Deploy),
    Replica(u8, ReplicaEvent),
    Page(PageKey, PageEvent),
    Visitor(u16, VisitorEvent),
    /// The next fault begins.
    Fault,
    /// The next step of a change of keys.
    Rotate,
    /// An operator evicts pods, or takes that back.
    Evict,
    Undo(Aim),
    Look,
    /// No fault from now on.
    Calm,
    /// Every visitor has a live page.
    Settled(u8),
    End,
}

#[derive(Clone, Copy, Debug)]
pub enum PodEvent {
    /// It listens.
    Ready,
    /// DNS gets to know, or to forget it.
    Named,
    Unnamed,
    /// Are there still pages?
    Drained,
    /// It is killed, whether or not there are.
    Deadline,
}

#[derive(Clone, Copy, Debug)]
pub enum Deploy {
    /// Starts what is missing.
    Reconcile,
    /// Replaces all pods by new ones.
    Rollout,
    /// Replaces the next one.
    Replace,
    /// From now on there are to be so many.
    Scale(u8),
}

#[derive(Clone, Copy, Debug)]
pub enum ReplicaEvent {
    Reload,
    /// The process is there again.
    Starts,
}

#[derive(Clone, Copy, Debug)]
pub enum PageEvent {
    /// It is time for the next stream, or for the next try to open one.
    Roll(u32),
    Reopen,
    /// The same for the stream of reports.
    Report,
    Act,
    /// The page that says "one moment, please" loads again.
    Refresh,
    /// The visitor loads the page by hand.
    ByHand,
}

#[derive(Clone, Copy, Debug)]
pub enum VisitorEvent {
    /// Comes, or opens one more page.
    Opens,
    /// Looks at another page, or away.
    Turns,
    Leaves,
    /// Leaves, and somebody else comes.
    IsReplaced,
}
