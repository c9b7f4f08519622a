//! What a client asks, how far a request has got, and what the client gets.

use std::rc::Rc;

use doors_routing::{Method, Request};

use super::replica::Bound;
use crate::agenda::{SECOND, Time};
use crate::event::PageKey;
use crate::slab::Key;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Page,
    /// The receiver stream of a page.
    Receiver,
    /// One report, or a stream of them.
    Report,
    Reports,
    Hook,
    /// A hook of a link: it ends the page if its pod drains.
    Link,
    History,
    Resource,
}

impl Kind {
    pub fn method(self) -> Method {
        match self {
            Kind::Page | Kind::Receiver | Kind::History | Kind::Resource => Method::Get,
            Kind::Report | Kind::Reports | Kind::Hook | Kind::Link => Method::Other,
        }
    }

    pub fn segment(self) -> char {
        match self {
            Kind::Page => '-',
            Kind::Receiver | Kind::Report | Kind::Reports => 's',
            Kind::Hook | Kind::Link => 'h',
            Kind::History => 'u',
            Kind::Resource => 'r',
        }
    }

    /// For how long its client waits for the end of the answer.
    pub fn patience(self) -> Time {
        match self {
            // The browser has no limit, but people load the page again.
            Kind::Page => 40 * SECOND,
            // Four thirds of a roll, and a bit: the pod is to end it before.
            Kind::Receiver | Kind::Reports => 21 * SECOND,
            Kind::Report | Kind::Hook | Kind::Link | Kind::History | Kind::Resource => 30 * SECOND,
        }
    }

    pub fn is_sync(self) -> bool {
        self.segment() == 's'
    }
}

/// A request as the client sees it.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub kind: Kind,
    pub page: PageKey,
    /// Where the page lives; nothing for a page load.
    pub home: Option<Home>,
}

/// The process and the instance of a page.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    pub process: u32,
    pub instance: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Dialling,
    Sent,
    Answered,
    Waiting,
    /// The reply is on its way to the client.
    Over,
}

/// What the client gets.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Page {
        home: Home,
        cookie: bool,
    },
    Fine,
    Gone,
    /// 503 with the mark: the pod drains, and takes no page.
    Refused,
    Unavailable {
        refresh: Option<u32>,
    },
    /// The connection or the answer failed.
    Failed,
}

pub struct Exchange {
    pub ask: Ask,
    pub replica: usize,
    pub bound: Rc<Bound>,
    pub request: Request,
    pub phase: Phase,
    pub began: Time,
    /// The process that its cookie named.
    pub cookie_of: Option<u32>,
    /// The place and the process that it was last sent to.
    pub place: usize,
    pub process: Option<u32>,
    pub dial: Option<Key>,
    /// Places that could not be reached since it last waited, and how often it was dialled.
    pub tried: Vec<usize>,
    pub dials: u32,
    /// When it was last dialled.
    pub dialled: Time,
    /// The pod is to take it even if it drains.
    pub last_choice: bool,
    /// Pods that took it back since they drain, each with its process.
    pub refused: Vec<(usize, u32)>,
    /// A connection was made: it must not be sent again.
    pub connected: bool,
    /// The user's policy has taken none of those that were offered.
    pub passed_over: bool,
    /// Its pod may have been held to be gone when it began.
    pub failing: bool,
    /// When to go on.
    pub resume: Time,
    /// It waits certainly for a pod, and not for DNS.
    pub awaits_pod: bool,
    pub reply: Reply,
}
