//! A simulated proxy in virtual time: a source, name servers with delays, and a clock.

use std::collections::BTreeMap;
use std::net::IpAddr;

use doors_routing::{
    Action, AnswerStatus, Cause, HostId, Incoming, LookupFailure, Method, Missing, Options, Outcome, Pod, Report,
    Request, Router, SECOND, Source, State, Step, TokenCipher,
};

pub const MS: u64 = SECOND / 1000;
pub const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";

/// The answer for a name, and its delay.
#[derive(Clone)]
struct Dns {
    takes: u64,
    answer: Result<Vec<IpAddr>, LookupFailure>,
}

pub struct World {
    pub state: State,
    pub source: Source,
    pub now: u64,
    dns: BTreeMap<String, Dns>,
    /// Running lookups by end time.
    running: Vec<(u64, HostId, String)>,
    due: Option<u64>,
    woken: bool,
    random: u64,
    /// The names that were looked up.
    pub looked_up: Vec<String>,
    /// The reports since `take_reports`.
    reports: Vec<Report>,
}

pub fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The pod of an upstream with this last byte in its address.
pub fn pod(upstream: u8, last: u8) -> Pod {
    Pod::new([10, 0, upstream, last].into(), 80)
}

pub fn token(pod: Pod) -> String {
    TokenCipher::new(SECRET.as_bytes()).unwrap().encode(pod.address()).unwrap().as_str().to_owned()
}

/// A path of a page of this pod.
pub fn path(pod: Pod, kind: char) -> String {
    format!("/~/{}/{kind}/1", token(pod))
}

pub fn dial(upstream: u8, last: u8) -> Action {
    Action::Dial { upstream: upstream.into(), pod: pod(upstream, last), probe: false, last_choice: false }
}

pub fn unavailable(cause: Cause, page: bool) -> Action {
    Action::Answer { status: AnswerStatus::Unavailable, retry_after: 1, cause, page }
}

pub fn gone(cause: Cause) -> Action {
    Action::Answer { status: AnswerStatus::Gone, retry_after: 0, cause, page: false }
}

/// The pod that an action dials.
pub fn dialled(action: Action) -> Pod {
    match action {
        Action::Dial { pod, .. } => pod,
        other => panic!("{other:?} does not dial a pod"),
    }
}

impl World {
    /// Upstreams app0 with 10.0.0.0/24, app1 with 10.0.1.0/24 and so on, not yet in DNS.
    pub fn new(upstreams: usize, options: Options) -> Self {
        let hosts: Vec<String> = (0..upstreams).map(|index| format!("app{index}")).collect();
        World::with_hosts(&hosts.iter().map(String::as_str).collect::<Vec<_>>(), options)
    }

    pub fn with_hosts(hosts: &[&str], options: Options) -> Self {
        let state = State::default();
        let source = World::source(&state, hosts, options);
        World {
            state,
            source,
            now: 1000 * SECOND,
            dns: BTreeMap::new(),
            running: Vec::new(),
            due: None,
            woken: false,
            random: 0,
            looked_up: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Creates a source. Spaces separate the hosts of one upstream.
    pub fn source(state: &State, hosts: &[&str], options: Options) -> Source {
        let upstream = |(index, host): (usize, &&str)| {
            let (high, low) = (index / 256, index % 256);
            let hosts: Vec<&str> = host.split(' ').collect();
            format!(r#"{{"cidr": "10.{high}.{low}.0/24", "hosts": {hosts:?}, "port": 80}}"#)
        };
        let upstreams: Vec<String> = hosts.iter().enumerate().map(upstream).collect();
        let json = format!(r#"{{"secret": "{SECRET}", "cookie_name": "up", "upstreams": [{}]}}"#, upstreams.join(","));
        Source::new(state, Router::from_json(json.as_bytes()).unwrap(), options)
    }

    /// Loads the same configuration again.
    pub fn reload(&mut self, hosts: &[&str], options: Options) {
        self.source = World::source(&self.state, hosts, options);
        self.drive();
    }

    pub fn random(&mut self) -> u64 {
        self.random += 1;
        self.random.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Sets the pods of a name from now on.
    pub fn dns(&mut self, name: &str, pods: &[Pod]) {
        self.slow_dns(name, pods, 0);
    }

    pub fn slow_dns(&mut self, name: &str, pods: &[Pod], takes: u64) {
        let answer = Ok(pods.iter().map(|pod| pod.address()).collect());
        self.dns.insert(name.into(), Dns { takes, answer });
    }

    pub fn no_dns(&mut self, name: &str, failure: LookupFailure, takes: u64) {
        self.dns.insert(name.into(), Dns { takes, answer: Err(failure) });
    }

    /// Looks up all upstreams, so that their addresses are known.
    pub fn know_all(&mut self) {
        for _ in 0..40 {
            let mut request = Request::new();
            let step = self.source.begin(&page("", ""), self.now, 0, &mut request);
            self.obey(step.report);
            self.pass(0);
            self.source.ended(&mut request, self.now);
        }
        self.reports.clear();
    }

    /// Starts the lookups that are due.
    pub fn drive(&mut self) {
        let mut begun = Vec::new();
        let random = self.random();
        self.due = self.state.due(self.now, random, |lookup| begun.push((lookup.host, lookup.name.to_owned())));
        for (host, name) in begun {
            let takes = self.dns.get(&name).map_or(0, |dns| dns.takes);
            self.looked_up.push(name.clone());
            self.running.push((self.now.saturating_add(takes), host, name));
        }
    }

    pub fn obey(&mut self, report: Report) {
        self.woken |= report.wake;
        if report.lookups_due {
            self.drive();
        }
        if report != Report::default() {
            self.reports.push(report);
        }
    }

    /// The reports since the last call.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// The pods to dial in the background since the last call.
    pub fn take_background(&mut self) -> Vec<Pod> {
        self.take_reports().iter().filter_map(|report| report.background.map(|(_, pod)| pod)).collect()
    }

    /// Advances time.
    pub fn pass(&mut self, time: u64) {
        let end = self.now + time;
        while !self.pass_until(end) {}
    }

    /// Advances time to `end`, or until waiting requests must be resumed. Returns true in that case.
    fn pass_until(&mut self, end: u64) -> bool {
        loop {
            let next = self.running.iter().map(|running| running.0).chain(self.due).min();
            match next.filter(|at| *at <= end) {
                None => {
                    self.now = self.now.max(end);
                    return true;
                }
                Some(at) => self.now = self.now.max(at),
            }
            if self.due.is_some_and(|due| due <= self.now) {
                self.drive();
            }
            while let Some(place) = self.running.iter().position(|running| running.0 <= self.now) {
                let (_, host, name) = self.running.remove(place);
                let random = self.random();
                let answer = self.dns.get(&name).map_or(Err(LookupFailure::NotFound), |dns| dns.answer.clone());
                let report = match answer {
                    Ok(found) => self.state.resolved(host, &found, Missing::default(), self.now, random),
                    Err(failure) => self.state.lookup_failed(host, failure, self.now, random),
                };
                self.woken |= report.wake;
                self.drive();
            }
            if std::mem::take(&mut self.woken) {
                return false;
            }
        }
    }

    /// Begins a request, and waits as long as its steps say.
    pub fn request(&mut self, incoming: &Incoming<'_>) -> (Request, Action) {
        let (mut request, action) = self.begin(incoming);
        let action = self.wait(&mut request, action);
        (request, action)
    }

    pub fn begin(&mut self, incoming: &Incoming<'_>) -> (Request, Action) {
        let mut request = Request::new();
        let random = self.random();
        let step = self.source.begin(incoming, self.now, random, &mut request);
        self.obey(step.report);
        (request, step.action)
    }

    pub fn wait(&mut self, request: &mut Request, mut action: Action) -> Action {
        while let Action::Wait { until } = action {
            assert!(until > self.now, "a wait that is over");
            self.pass_until(until);
            action = self.resume(request);
        }
        action
    }

    pub fn resume(&mut self, request: &mut Request) -> Action {
        let random = self.random();
        let step = self.source.resume(request, self.now, random);
        self.act(step)
    }

    fn act(&mut self, step: Step) -> Action {
        self.obey(step.report);
        step.action
    }

    /// Fails the attempt of a request. Returns the next action, after waiting if necessary.
    pub fn failed(&mut self, request: &mut Request, outcome: Outcome) -> Action {
        let random = self.random();
        let step = self.source.failed(request, outcome, self.now, random);
        let action = self.act(step);
        self.wait(request, action)
    }

    /// Reports a dial of another request.
    pub fn tell(&mut self, pod: Pod, outcome: Outcome) {
        let IpAddr::V4(address) = pod.address() else { panic!("{pod:?}") };
        let [_, high, low, _] = address.octets();
        let (upstream, random) = (u32::from(high) * 256 + u32::from(low), self.random());
        let report = self.source.dialled(upstream, pod, outcome, self.now, random);
        self.obey(report);
    }

    pub fn ended(&mut self, mut request: Request) {
        self.source.ended(&mut request, self.now);
    }

    /// Makes a request that ends at once, whatever its action.
    pub fn ask(&mut self, incoming: &Incoming<'_>) -> Action {
        let (request, action) = self.request(incoming);
        self.ended(request);
        action
    }

    /// The number of requests in flight at a pod.
    pub fn in_flight(&self, pod: Pod) -> u32 {
        self.state.pods(None, usize::MAX).iter().filter(|known| known.pod == pod).map(|known| known.in_flight).sum()
    }
}

/// A request for a page, with this `Cookie` header unless empty.
pub fn page<'a>(path: &'a str, cookies: &'a str) -> Incoming<'a> {
    let path = if path.is_empty() { "/" } else { path };
    Incoming { method: Method::Get, has_body: false, path: path.as_bytes(), cookies: cookies.as_bytes() }
}

pub fn post(path: &str) -> Incoming<'_> {
    Incoming { method: Method::Other, has_body: true, path: path.as_bytes(), cookies: b"" }
}

pub fn cookie(pod: Pod) -> String {
    format!("up={}", token(pod))
}
