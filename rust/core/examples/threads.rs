//! Measures whether calls about different pods wait for each other: how many requests two threads bring through their whole
//! way, compared with one thread. Each request makes its pod busy and idle again.
//!
//! ```text
//! cargo run --release --package doors_routing --example threads [PAIRS]
//! ```
//!
//! One thread and two take turns, in short bursts. The median counts on an idle machine; on a busy one the two threads rarely
//! run at the same time, and the best of all bursts says what the code can do if they did so once.

use std::hint::spin_loop;
use std::net::IpAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use doors_routing::{
    Action, Incoming, Marks, Method, Missing, Options, Outcome, Request, Router, Source, State, TokenCipher,
};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";
const UPSTREAMS: u8 = 4;

/// Requests of one thread in one burst.
const BURST: usize = 5_000;

/// How often the threads wait for each other before a burst.
const TURNS: u32 = 3;

/// Every so many requests open a connection of their own.
const DIAL_EVERY: usize = 10;

struct Bed {
    source: Source,
    start: Instant,
}

impl Bed {
    /// Some upstreams, of which each has 250 pods.
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

    /// When it began and ended.
    fn burst(&self, paths: &[String]) -> [u64; 2] {
        let begun = self.now();
        for (number, path) in paths.iter().cycle().take(BURST).enumerate() {
            let (now, random) = (self.now(), number as u64);
            let incoming = Incoming { method: Method::Get, has_body: false, path: path.as_bytes(), cookies: b"" };
            let mut request = Request::new();
            let Action::Dial { upstream, pod, .. } = self.source.begin(&incoming, now, random, &mut request).action
            else {
                panic!("{path} is dialled");
            };
            if number % DIAL_EVERY == 0 {
                let _ = self.source.dialled(upstream, pod, Outcome::Connected, now, random);
            }
            let _ = self.source.answered(&mut request, Marks::default(), now, random);
            self.source.ended(&mut request, now);
        }
        [begun, self.now()]
    }

    /// Nanoseconds for a request of each of as many threads as there are lists of paths, from the first that begins to the
    /// last that ends: a thread that does not run while another does counts for nothing.
    fn bursts(&self, paths: &[Vec<String>]) -> f64 {
        let (ready, running) = (Barrier::new(paths.len()), AtomicU32::new(0));
        let threads = paths.len() as u32;
        std::thread::scope(|scope| {
            let workers: Vec<_> = paths
                .iter()
                .map(|paths| {
                    scope.spawn(|| {
                        ready.wait();
                        // By turns, so that all have a processor when it begins.
                        for turn in 1..=TURNS {
                            running.fetch_add(1, Ordering::SeqCst);
                            while running.load(Ordering::SeqCst) < turn * threads {
                                spin_loop();
                            }
                        }
                        self.burst(paths)
                    })
                })
                .collect();
            let times: Vec<[u64; 2]> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
            let begun = times.iter().map(|[begun, _]| *begun).min().unwrap_or(0);
            let ended = times.iter().map(|[_, ended]| *ended).max().unwrap_or(0);
            (ended - begun) as f64 / BURST as f64
        })
    }
}

fn main() {
    let pairs = std::env::args().nth(1).map_or(300, |pairs| pairs.parse().expect("PAIRS is a number"));
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
        bed.bursts(&paths);
        let mut times: Vec<[f64; 2]> = (0..pairs).map(|_| [bed.bursts(&paths[..1]), bed.bursts(&paths)]).collect();
        let mut sorted = |which: usize| {
            times.sort_unstable_by(|one, other| one[which].total_cmp(&other[which]));
            [times[0][which], times[times.len() / 2][which]]
        };
        let ([one, one_median], [two, two_median]) = (sorted(0), sorted(1));
        println!(
            "{name}: {one:.0} ns a request; two threads {:.2} times as many (median: {one_median:.0} ns, {:.2} times)",
            2.0 * one / two,
            2.0 * one_median / two_median
        );
    }
}
