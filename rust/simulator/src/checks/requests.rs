//! Checks that each request gets one answer, makes at most 8 dials and none after a connection was made, and
//! never waits endlessly.

use doors_routing::{Action, Cause, Pod};

use super::World;
use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::journal::{Subject, clock};
use crate::slab::Key;
use crate::world::RETRIES;
use crate::world::proxy::ask::{Exchange, Kind, Phase};

/// The maximum number of dials before a request is answered or waits.
pub(super) const DIALS: u32 = 8;
/// The longest total wait for DNS, unless nothing is known at all.
const DNS: Time = 500 * MILLISECOND;
/// Dials of 3 s each, plus everything else between two waits.
const DIALLING: Time = RETRIES as Time * 3 * SECOND + SECOND;

impl World {
    /// Checks a dial that the core requests. Returns its place.
    pub fn check_dial(&mut self, key: Key, upstream: u32, pod: Pod, probe: bool) -> Option<usize> {
        let exchange = self.exchanges.get(key)?;
        let (ask, connected, dials, phase) = (exchange.ask, exchange.connected, exchange.dials, exchange.phase);
        let retries = exchange.bound.settings.user_retries;
        // If the last pod drains, a draining one is dialled again and serves the request.
        let most = DIALS + u32::from(!exchange.refused.is_empty());
        let world_upstream = exchange.bound.upstreams.get(upstream as usize).copied();
        let about = Subject { visitor: Some(ask.page.visitor), place: self.pods.at(pod.address()) };
        let (Some(place), Some(world_upstream)) = (about.place, world_upstream) else {
            self.blame("only pods are dialled", about, format!("{pod:?} of upstream {upstream} does not exist"));
            return None;
        };
        if pod.port() != self.scenario.port(world_upstream) {
            self.blame("the port is that of the upstream", about, format!("{pod:?} for upstream {world_upstream}"));
        }
        if phase == Phase::Over {
            self.blame("one answer", about, format!("{:?} is dialled after it was answered", ask.kind));
        }
        if connected && ask.kind != Kind::Resource {
            self.blame(
                "nothing is repeated after a connection",
                about,
                format!("{:?} is dialled again at {pod:?}", ask.kind),
            );
        }
        if dials >= most && !retries {
            self.blame("at most 8 dials", about, format!("{:?} is dialled again after {dials} dials", ask.kind));
        }
        if ask.home.is_some() {
            self.check_own_pod(key, world_upstream, place);
        } else {
            self.check_choice(key, world_upstream, place);
        }
        if probe && let Some(exchange) = self.exchanges.get(key) {
            self.checks.ledgers[exchange.replica].pods[place].probed = Some(self.agenda.now());
        }
        Some(place)
    }

    pub fn check_wait(&mut self, key: Key, until: Time) {
        let now = self.now();
        let skew = self.scenario.skew;
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        // It may try all of them again.
        exchange.dials = 0;
        let &mut Exchange { ask, began, connected, .. } = exchange;
        let settings = exchange.bound.settings;
        let most = began + settings.page_wait + settings.first_lookup.max(DNS) + DIALLING + 2 * skew;
        let about = Subject::visitor(ask.page.visitor);
        if connected && ask.kind != Kind::Resource {
            self.blame(
                "nothing is repeated after a connection",
                about,
                format!("{:?} waits to be dialled again", ask.kind),
            );
        }
        if until > most || now > most {
            let what = format!("{:?} began at {} and waits until {}", ask.kind, clock(began), clock(until));
            self.blame("waits end", about, what);
        }
        if let Some(home) = ask.home {
            self.check_prompt(key, Cause::NoPod, home.process);
        }
        if until + skew < now {
            self.blame("waits are in the future", about, format!("{:?} waits until {}", ask.kind, clock(until)));
        }
    }

    /// Checks that a cancelled request gets no further step.
    pub fn check_cancelled(&mut self, key: Key, action: Action) {
        if !matches!(action, Action::Done) {
            let Some(exchange) = self.exchanges.get(key) else { return };
            let about = Subject::visitor(exchange.ask.page.visitor);
            self.blame("nothing is done for a client that is gone", about, format!("{action:?}"));
        }
    }

    /// Checks an attempt that ends without a further step: only allowed after a connection was made.
    pub fn check_done(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        if !exchange.connected {
            let about = Subject::visitor(exchange.ask.page.visitor);
            let what = format!("{:?} gets no answer and was not sent to a pod", exchange.ask.kind);
            self.blame("each request is answered", about, what);
        }
    }
}
