//! Checks invariants in random worlds.

use std::collections::{BTreeMap, BTreeSet};

use doors_routing::{Action, AnswerStatus, Cause, Incoming, Method, Options, Outcome, Pod, Request, SECOND};

use crate::shown::{self, Known, upstream_of};
use crate::world::*;

const PAGE_WAIT: u64 = 5 * SECOND;

/// What happens when a pod is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Well,
    Refuses,
    /// No packet comes back.
    Silent,
    /// The pod accepts connections and closes them.
    Drops,
}

struct Open {
    request: Request,
    action: Action,
    began: u64,
    token: Option<Pod>,
    kind: char,
    reads: bool,
    has_body: bool,
    named: Option<Pod>,
    tried: Vec<Pod>,
    dials: u32,
    /// Whether a connection was made for the request.
    connected: bool,
    is_elsewhere: bool,
}

struct Run {
    seed: u64,
    random: u64,
    world: World,
    health: BTreeMap<Pod, Health>,
    dns: Vec<Vec<Pod>>,
    known: Known,
    open: Vec<Open>,
    background: Vec<Pod>,
    told: BTreeMap<&'static str, u32>,
}

fn all_pods(upstreams: u8) -> impl Iterator<Item = Pod> {
    (0..upstreams).flat_map(|upstream| (1..=4).map(move |last| pod(upstream, last)))
}

impl Run {
    fn new(seed: u64) -> Self {
        let upstreams = 1 + (seed % 3) as u8;
        let options =
            Options { gone_after: shown::GONE_AFTER, page_wait: PAGE_WAIT, gone_rate: 0, ..Options::default() };
        let mut run = Run {
            seed,
            random: seed,
            world: World::new(upstreams.into(), options),
            health: all_pods(upstreams).map(|pod| (pod, Health::Well)).collect(),
            dns: vec![Vec::new(); upstreams.into()],
            known: Known::default(),
            open: Vec::new(),
            background: Vec::new(),
            told: BTreeMap::new(),
        };
        (0..upstreams).for_each(|upstream| run.change_dns(upstream));
        run
    }

    fn roll(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn any_pod(&mut self) -> Pod {
        let upstreams = self.dns.len() as u64;
        pod(self.roll(upstreams) as u8, 1 + self.roll(4) as u8)
    }

    fn change_dns(&mut self, upstream: u8) {
        let named = self.roll(16);
        let pods: Vec<Pod> =
            (1..=4).filter(|last| named & (1 << (last - 1)) != 0).map(|last| pod(upstream, last)).collect();
        let takes = self.roll(300) * MS;
        self.world.slow_dns(&format!("app{upstream}"), &pods, takes);
        self.dns[usize::from(upstream)] = pods;
    }

    fn step(&mut self) {
        self.happen();
        self.known.look_at_dns(self.fresh());
        self.count();
    }

    fn happen(&mut self) {
        match self.roll(20) {
            0 => {
                let upstream = self.roll(self.dns.len() as u64) as u8;
                self.change_dns(upstream);
            }
            1 => {
                let (pod, health) = (self.any_pod(), self.roll(6));
                let health = match health {
                    0 => Health::Refuses,
                    1 => Health::Silent,
                    2 => Health::Drops,
                    _ => Health::Well,
                };
                self.health.insert(pod, health);
            }
            2..=6 => self.begin(),
            7 | 8 => {
                let time = self.roll(3000) * MS;
                self.world.pass(time);
            }
            9 => {
                if let Some(pod) = self.background.pop() {
                    self.dial(pod);
                }
            }
            10 if !self.open.is_empty() => {
                let index = self.roll(self.open.len() as u64) as usize;
                let open = self.open.swap_remove(index);
                self.world.ended(open.request);
            }
            _ if !self.open.is_empty() => {
                let index = self.roll(self.open.len() as u64) as usize;
                let open = self.open.swap_remove(index);
                self.go_on(open);
            }
            _ => (),
        }
        let named = self.world.take_background();
        for pod in &named {
            assert!(self.health.contains_key(pod), "{pod:?} in the background");
        }
        self.background.extend(named);
    }

    /// Makes a dial that no request waits for.
    fn dial(&mut self, pod: Pod) {
        let outcome = match self.health[&pod] {
            Health::Well | Health::Drops => Outcome::Connected,
            Health::Refuses => Outcome::Refused,
            Health::Silent => Outcome::Unreachable,
        };
        self.known.show(self.world.now, pod, outcome);
        self.world.tell(pod, outcome);
    }

    fn begin(&mut self) {
        let (pod, has_token) = (self.any_pod(), self.roll(3) > 0);
        let kind = ['s', 'h', 'u', 'r'][self.roll(4) as usize];
        let reads = self.roll(3) > 0;
        let named = self.roll(2) == 0;
        let path = if has_token { path(pod, kind) } else { "/".to_owned() };
        let cookies = if named { cookie(pod) } else { String::new() };
        let method = if reads { Method::Get } else { Method::Other };
        let incoming = Incoming { method, has_body: !reads, path: path.as_bytes(), cookies: cookies.as_bytes() };
        let (request, action) = self.world.begin(&incoming);
        let named = Some(pod).filter(|_| named && !has_token);
        let (token, began) = (Some(pod).filter(|_| has_token), self.world.now);
        let open = Open {
            request,
            action,
            began,
            token,
            kind,
            reads,
            has_body: !reads,
            named,
            tried: Vec::new(),
            dials: 0,
            connected: false,
            is_elsewhere: false,
        };
        self.take(open);
    }

    /// Follows one step.
    fn go_on(&mut self, mut open: Open) {
        let random = self.world.random();
        match open.action {
            Action::Dial { pod, .. } => {
                let (health, is_fault) = (self.health[&pod], self.roll(10) == 0);
                let outcome = match health {
                    Health::Well if is_fault => Outcome::OwnFault,
                    Health::Well => Outcome::Answered,
                    Health::Refuses => Outcome::Refused,
                    Health::Silent => Outcome::Unreachable,
                    Health::Drops => Outcome::Dropped,
                };
                match outcome {
                    Outcome::Answered => {
                        self.known.show(self.world.now, pod, outcome);
                        self.world.tell(pod, Outcome::Connected);
                        let step =
                            self.world.source.answered(&mut open.request, Default::default(), self.world.now, random);
                        self.world.obey(step.report);
                        self.world.ended(open.request);
                        return;
                    }
                    Outcome::Dropped => {
                        self.known.show(self.world.now, pod, Outcome::Connected);
                        self.world.tell(pod, Outcome::Connected);
                        open.connected = true;
                    }
                    _ => (),
                }
                if outcome != Outcome::OwnFault {
                    self.known.show(self.world.now, pod, outcome);
                }
                open.tried.push(pod);
                let step = self.world.source.failed(&mut open.request, outcome, self.world.now, random);
                self.world.obey(step.report);
                open.action = step.action;
            }
            Action::Wait { until } => {
                if self.roll(2) == 0 {
                    self.world.pass(until.saturating_sub(self.world.now));
                }
                let held = self.world.state.waiting();
                open.action = self.world.resume(&mut open.request);
                // After waiting for a pod, it may try pods again.
                if self.world.state.waiting() < held {
                    (open.tried, open.dials) = (Vec::new(), 0);
                }
            }
            _ => {
                self.world.ended(open.request);
                return;
            }
        }
        self.take(open);
    }

    /// Checks whether an action is allowed.
    fn take(&mut self, mut open: Open) {
        self.known.look_at_dns(self.fresh());
        let now = self.world.now;
        let context = format!("seed {}, at {now}: {:?}", self.seed, open.action);
        match open.action {
            Action::Dial { pod, upstream, .. } => {
                open.dials += 1;
                open.is_elsewhere |= open.token.is_some_and(|own| own != pod) || open.token.is_some() && open.dials > 1;
                assert!(open.dials <= 9, "{context}");
                // A held stream goes to its pod again. So may a resource if nothing was sent.
                let again = open.token == Some(pod) && (open.kind == 's' || open.kind == 'r' && !open.connected);
                assert!(!open.tried.contains(&pod) || again, "{context}: tried before");
                let resource = open.kind == 'r' && open.reads && !open.has_body;
                assert!(!open.connected || open.token.is_some() && resource, "{context}: sent twice");
                match open.token {
                    Some(own) if !open.is_elsewhere => assert_eq!(pod, own, "{context}"),
                    Some(own) => {
                        assert!(resource, "{context}: a token on another pod");
                        assert_eq!(upstream_of(pod), upstream_of(own), "{context}");
                        self.is_fresh(upstream, pod, &context);
                    }
                    None => {
                        self.is_fresh(upstream, pod, &context);
                        self.is_best(&open, upstream, pod, &context);
                    }
                }
                *self.told.entry("dial").or_default() += 1;
            }
            Action::Wait { until } => {
                assert!(until > now, "{context}");
                let receiver = open.token.is_some() && open.kind == 's' && open.reads;
                assert!(
                    open.token.is_none() || receiver || open.is_elsewhere || open.kind == 'r',
                    "{context}: is held"
                );
                assert!(now < open.began + PAGE_WAIT.max(3 * SECOND) || open.is_elsewhere, "{context}: waits too long");
                *self.told.entry("wait").or_default() += 1;
            }
            Action::Answer { status: AnswerStatus::Gone, cause, .. } => {
                assert_eq!(cause, Cause::PodGone, "{context}");
                let own = open.token.expect("a page without a token is gone");
                assert!(self.known.is_dead(now, own), "{context}: {own:?} is alive");
                let may_be_fresh = |pod: Pod| {
                    let fresh = self.world.source.fresh(upstream_of(pod));
                    fresh.is_none_or(|fresh| fresh.all().contains(&pod))
                };
                let takes_page = self.known.working(now).any(may_be_fresh);
                assert!(open.kind == 'r' || takes_page, "{context}: nothing to reload onto");
                *self.told.entry("gone").or_default() += 1;
            }
            Action::Answer { cause, page, .. } => {
                assert_eq!(page, open.token.is_none() && open.reads && !open.has_body, "{context}");
                *self.told.entry(cause.name()).or_default() += 1;
            }
            Action::Done => {
                assert!(open.token.is_none() && open.connected, "{context}");
            }
            Action::Choose => panic!("{context}"),
        }
        self.open.push(open);
    }

    fn fresh(&self) -> BTreeSet<Pod> {
        let fresh = (0..self.dns.len() as u32).filter_map(|upstream| self.world.source.fresh(upstream));
        fresh.flat_map(|fresh| fresh.all().to_vec()).collect()
    }

    fn is_fresh(&self, upstream: u32, pod: Pod, context: &str) {
        let fresh = self.world.source.fresh(upstream);
        assert!(fresh.is_some_and(|fresh| fresh.all().contains(&pod)), "{context}: not fresh");
    }

    /// Checks that a page goes to a healthy pod if there is an untried one, of its own upstream if possible.
    fn is_best(&self, open: &Open, upstream: u32, pod: Pod, context: &str) {
        let now = self.world.now;
        let well = |pod: &Pod| !open.tried.contains(pod) && !self.known.ever_failed(*pod);
        let is_failing = self.known.is_failing(now, pod);
        let own = match (open.named, self.dns.len()) {
            (Some(named), _) => Some(upstream_of(named)),
            (None, 1) => Some(0),
            _ => None,
        };
        let fresh_of = |upstream| self.world.source.fresh(upstream).map_or(Vec::new(), |fresh| fresh.inside().to_vec());
        if is_failing {
            assert!(!self.fresh().iter().any(well), "{context}: another pod is well");
        }
        if let Some(own) = own
            && own != upstream
        {
            assert!(!fresh_of(own).iter().any(well), "{context}: its own upstream has pods that are well");
        }
        if let Some(named) = open.named.filter(|named| open.dials == 1 && well(named)) {
            let is_there = own.is_some_and(|own| fresh_of(own).contains(&named));
            assert!(!is_there || pod == named, "{context}: not the cookie's pod");
        }
    }

    /// Checks that exactly the requests sent to a pod are counted there.
    fn count(&self) {
        let mut sent: BTreeMap<Pod, u32> = BTreeMap::new();
        for open in &self.open {
            if let Action::Dial { pod, .. } = open.action {
                *sent.entry(pod).or_default() += 1;
            }
        }
        let known = self.world.state.pods(None, usize::MAX);
        let counted: BTreeMap<Pod, u32> =
            known.iter().filter(|known| known.in_flight > 0).map(|known| (known.pod, known.in_flight)).collect();
        assert_eq!(counted, sent, "seed {}", self.seed);
        let waits = self.open.iter().filter(|open| matches!(open.action, Action::Wait { .. })).count();
        assert!(self.world.state.waiting() as usize <= waits, "seed {}", self.seed);
    }
}

#[test]
fn promises_hold() {
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..150 {
        let mut run = Run::new(seed);
        for _ in 0..400 {
            run.step();
        }
        for open in std::mem::take(&mut run.open) {
            run.world.ended(open.request);
        }
        run.count();
        assert_eq!(run.world.state.waiting(), 0);
        run.told.iter().for_each(|(name, count)| *told.entry(name).or_default() += count);
    }
    println!("{told:?}");
    for name in ["dial", "wait", "gone", "no_pod", "no_fresh_pod", "own_fault", "pod_unreachable", "pod_dropped"] {
        assert!(told.get(name).is_some_and(|count| *count > 3), "{name} was hardly tried: {told:?}");
    }
}
