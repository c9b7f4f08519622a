//! Clients' requests: their kinds, their progress, and their replies.

use std::rc::Rc;

use doors_routing::{Method, Request};

use super::replica::Bound;
use crate::agenda::{SECOND, Time};
use crate::event::PageKey;
use crate::slab::Key;

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Page,
    /// The receiver stream of a page.
    Receiver,
    /// A single report, and a stream of reports.
    Report,
    Reports,
    Hook,
    /// The hook of a link. It ends the page if its pod is draining.
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

    /// How long the client waits for the end of the response.
    pub fn patience(self) -> Time {
        match self {
            // The browser has no limit, but visitors reload the page.
            Kind::Page => 40 * SECOND,
            // A little more than four thirds of a roll, within which the pod should end it.
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
    /// The location of the page; `None` for a page load.
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

/// The result for the client.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Page {
        home: Home,
        cookie: bool,
    },
    Fine,
    Gone,
    /// 503 with the mark: the pod is draining and refuses the page.
    Refused,
    Unavailable {
        refresh: Option<u32>,
    },
    /// The connection or the response failed.
    Failed,
}

pub struct Exchange {
    pub ask: Ask,
    pub replica: usize,
    pub bound: Rc<Bound>,
    pub request: Request,
    pub phase: Phase,
    pub began: Time,
    /// The process whose token is in the request's cookie.
    pub cookie_of: Option<u32>,
    /// The place and the process to which the request was last sent.
    pub place: usize,
    pub process: Option<u32>,
    pub dial: Option<Key>,
    /// Places that could not be reached since it last waited, and the number of dials.
    pub tried: Vec<usize>,
    pub dials: u32,
    /// When it was last dialled.
    pub dialled: Time,
    /// Whether the pod must serve the request even while draining.
    pub last_choice: bool,
    /// Draining pods that refused it, each with its process.
    pub refused: Vec<(usize, u32)>,
    /// Whether a connection was made, so that it must not be sent again.
    pub connected: bool,
    /// Whether the user's policy chose none of the offered pods.
    pub passed_over: bool,
    /// Whether the request's pod may have counted as gone when the request began.
    pub failing: bool,
    /// When to resume.
    pub resume: Time,
    /// Whether it certainly waits for a pod and not for DNS.
    pub awaits_pod: bool,
    pub reply: Reply,
}
