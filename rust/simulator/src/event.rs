//! The events of the world. They are small values and refer to objects in the world.

use doors_routing::Outcome;

use crate::slab::Key;
use crate::world::operator::Aim;

/// A page of a visitor at the time when an event was planned. A reload invalidates its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    pub visitor: u16,
    pub page: u8,
    pub boot: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A packet that opens a connection is sent, for the first time or again.
    Dial(Key, u8),
    DialEnds(Key, Outcome),
    /// A request reaches its pod.
    Arrives(Key),
    /// A pod sends the first byte of a response.
    Answers(Key),
    /// A pod ends a streamed response.
    StreamEnds(Key),
    Resume(Key),
    /// A reply reaches its client.
    Delivered(Key),
    /// A client's timeout expires.
    GivesUp(Key),
    /// A proxy checks for due lookups.
    Due(u8),
    LookupEnds(Key),
    Pod(u32, PodEvent),
    Deploy(u8, Deploy),
    Replica(u8, ReplicaEvent),
    Page(PageKey, PageEvent),
    Visitor(u16, VisitorEvent),
    /// The next fault begins.
    Fault,
    /// The next step of a key rotation.
    Rotate,
    /// An operator evicts pods or cancels an eviction.
    Evict,
    Undo(Aim),
    Look,
    /// There are no faults from now on.
    Calm,
    /// Checks that every visitor has a live page.
    Settled(u8),
    End,
}

#[derive(Clone, Copy, Debug)]
pub enum PodEvent {
    /// It begins to listen.
    Ready,
    /// DNS adds or removes it.
    Named,
    Unnamed,
    /// Checks whether there are still pages.
    Drained,
    /// The process is killed, even if there are pages.
    Deadline,
}

#[derive(Clone, Copy, Debug)]
pub enum Deploy {
    /// Starts missing pods.
    Reconcile,
    /// Replaces all pods with new ones.
    Rollout,
    /// Replaces the next pod.
    Replace,
    /// Changes the number of pods.
    Scale(u8),
}

#[derive(Clone, Copy, Debug)]
pub enum ReplicaEvent {
    Reload,
    /// The process starts again.
    Starts,
}

#[derive(Clone, Copy, Debug)]
pub enum PageEvent {
    /// The next stream is due, or the next attempt to open one.
    Roll(u32),
    Reopen,
    /// The same for the stream of reports.
    Report,
    Act,
    /// The "one moment, please" page reloads by itself.
    Refresh,
    /// The visitor reloads the page manually.
    ByHand,
}

#[derive(Clone, Copy, Debug)]
pub enum VisitorEvent {
    /// Arrives, or opens one more page.
    Opens,
    /// Makes the visitor look at another page or at none.
    Turns,
    Leaves,
    /// Leaves, and another visitor arrives.
    IsReplaced,
}
