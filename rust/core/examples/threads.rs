//! Measures whether calls about different pods wait for each other: compares the request rate of two threads
//! with that of one. Each request makes its pod busy and idle again.
//!
//! ```text
//! cargo run --release --package doors_routing --example threads [SECONDS]
//! ```
//!
//! Also works on a busy machine. Two threads run for some seconds, and only the parts during which both were
//! running count. Use more seconds if there are few such parts.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use doors_routing::{
    Action, Incoming, Marks, Method, Missing, Options, Outcome, Request, Router, Source, State, TokenCipher,
};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";
const UPSTREAMS: u8 = 4;

/// The number of requests per thread in one part.
const PART: usize = 200;

/// A part that took this many times as long as the median was interrupted.
const INTERRUPTED: u64 = 5;

/// One request in this many opens a new connection.
const DIAL_EVERY: usize = 10;

struct Bed {
    source: Source,
    start: Instant,
}

impl Bed {
    /// Several upstreams with 250 pods each.
    fn new() -> Self {
        let one = |index| format!(r#"{{"cidr": "10.0.{index}.0/24", "host": "app{index}", "port": 8080}}"#);
        let upstreams: Vec<String> = (0..UPSTREAMS).map(one).collect();
        let json = format!(r#"{{"secret": "{SECRET}", "cookie_name": "up", "upstreams": [{}]}}"#, upstreams.join(","));
        let state = State::default();
        let router = Router::from_json(json.as_bytes()).expect("the configuration is right");
        let bed = Bed { source: Source::new(&state, router, Options::default()), start: Instant::now() };
        (0..u32::from(UPSTREAMS)).for_each(|upstream| _ = bed.source.use_upstream(upstream, 0));
        let mut hosts = Vec::new();
        state.due(0, 0, |lookup| hosts.push((lookup.host, lookup.name[3..].parse::<u8>())));
        for (host, index) in hosts {
            let index = index.expect("the number of a host");
            let pods: Vec<IpAddr> = (0..250).map(|last| [10, 0, index, last].into()).collect();
            let _ = state.resolved(host, &pods, Missing::default(), 0, 0);
        }
        bed
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// Runs for `time`. Returns when each part began and ended.
    fn run(&self, paths: &[String], time: Duration) -> Vec<[u64; 2]> {
        let (mut parts, mut paths) = (Vec::<[u64; 2]>::with_capacity(1 << 20), paths.iter().cycle());
        let until = self.now() + time.as_nanos() as u64;
        while parts.last().is_none_or(|[_, ended]| *ended < until) && parts.len() < parts.capacity() {
            let begun = self.now();
            paths.by_ref().take(PART).enumerate().for_each(|(number, path)| self.request(number, path));
            parts.push([begun, self.now()]);
        }
        parts
    }

    fn request(&self, number: usize, path: &str) {
        let (now, random) = (self.now(), number as u64);
        let incoming = Incoming { method: Method::Get, has_body: false, path: path.as_bytes(), cookies: b"" };
        let mut request = Request::new();
        let Action::Dial { upstream, pod, .. } = self.source.begin(&incoming, now, random, &mut request).action else {
            panic!("{path} must not be dialled");
        };
        if number.is_multiple_of(DIAL_EVERY) {
            let _ = self.source.dialled(upstream, pod, Outcome::Connected, now, random);
        }
        let _ = self.source.answered(&mut request, Marks::default(), now, random);
        self.source.ended(&mut request, now);
    }
}

/// The median duration of a range of parts.
fn median(times: impl Iterator<Item = u64>) -> u64 {
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

/// The parts of one thread during which the other was not interrupted.
fn beside<'a>(parts: &'a [[u64; 2]], others: &'a [[u64; 2]], usual: u64) -> impl Iterator<Item = u64> + 'a {
    let whole = move |[begun, ended]: &[u64; 2]| ended - begun < INTERRUPTED * usual;
    // The parts of the other thread from this time on.
    let ran = move |at: u64| {
        let index = others.partition_point(|[_, ended]| *ended < at);
        others.get(index).is_some_and(|[begun, ended]| *begun <= at && whole(&[*begun, *ended]))
    };
    let both = move |part: &&[u64; 2]| whole(part) && ran(part[0]) && ran(part[1]);
    parts.iter().filter(both).map(|[begun, ended]| ended - begun)
}

fn main() {
    let seconds = std::env::args().nth(1).map_or(2, |seconds| seconds.parse().expect("SECONDS is a number"));
    let time = Duration::from_secs(seconds);
    let cipher = TokenCipher::new(SECRET.as_bytes()).expect("the secret is right");
    let stream = |upstream: u8, last: u8| {
        let token = cipher.encode([10, 0, upstream, last].into()).expect("an address has a token");
        format!("/~/{}/s/1", token.as_str())
    };
    let streams =
        |upstream: u8, first: u8, count: u8| (first..first + count).map(|last| stream(upstream, last)).collect();
    let page = || vec!["/".to_owned()];
    let cases: [(&str, [Vec<String>; 2]); 5] = [
        ("each thread its own pod, both of one upstream", [streams(0, 0, 1), streams(0, 1, 1)]),
        ("each thread 100 pods, all of one upstream", [streams(0, 0, 100), streams(0, 100, 100)]),
        ("each thread 100 pods of its own upstream", [streams(0, 0, 100), streams(1, 0, 100)]),
        ("all threads the same 100 pods", [streams(0, 0, 100), streams(0, 0, 100)]),
        ("page loads, which any pod may take", [page(), page()]),
    ];
    for (name, paths) in cases {
        let bed = Bed::new();
        let usual = median(bed.run(&paths[0], time).iter().map(|[begun, ended]| ended - begun));
        let [one, other] = std::thread::scope(|scope| {
            let runs = paths.each_ref().map(|paths| scope.spawn(|| bed.run(paths, time)));
            runs.map(|run| run.join().expect("no panic"))
        });
        let both = || beside(&one, &other, usual).chain(beside(&other, &one, usual));
        println!(
            "{name}: {} ns a request; two threads {:.2} times as many ({} parts)",
            usual / PART as u64,
            2.0 * usual as f64 / median(both()) as f64,
            both().count()
        );
    }
}
