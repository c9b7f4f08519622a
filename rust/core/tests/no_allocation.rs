//! Decisions do not allocate, whatever the request, and neither do the steps of requests to known pods.

mod counting;

use std::collections::BTreeMap;

use counting::allocations;
use doors_routing::{Action, Incoming, Kind, Method, Missing, Options, Request, Router, Source, State, TokenCipher};

#[test]
fn decisions_allocate_nothing() {
    const NEW: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OLD: &str = "AAECAwQFBgcICQoLDA0ODw==";
    let upstream =
        |index: u8| format!(r#"{{"cidrs": ["10.0.{index}.0/24", "2001:db8:{index}::/48"], "host": "h", "port": 1}}"#);
    let upstreams: Vec<String> = (0..100).map(upstream).collect();
    let json = format!(r#"{{"secret": "{NEW} {OLD}", "cookie_name": "up", "upstreams": [{}]}}"#, upstreams.join(","));
    let router = Router::from_json(json.as_bytes()).unwrap();
    let token = |secret: &str, address: &str| {
        let cipher = TokenCipher::new(secret.as_bytes()).unwrap();
        cipher.encode(address.parse().unwrap()).unwrap().as_str().to_owned()
    };
    let tokens = [
        token(NEW, "10.0.7.1"),
        token(OLD, "2001:db8:7::1"),
        token(NEW, "10.1.0.1"),
        "A".repeat(43),
        "x".repeat(5000),
        "%".into(),
    ];
    let mut requests: Vec<(String, String)> = tokens
        .iter()
        .flat_map(|token| [(format!("/~/{token}/s/1"), String::new()), ("/".into(), format!("a=b; up=\"{token}\""))])
        .collect();
    requests.push(("/".into(), format!("up={}; ", tokens[2]).repeat(200)));
    requests.push((String::new(), String::new()));
    assert!(allocations(|| drop(vec![1])) > 0, "the counter must count");
    // More tokens than the router caches.
    requests.extend((0..2000u16).map(|number| {
        let address = format!("10.0.{}.{}", number % 100, number / 100);
        (format!("/~/{}/h/1", token(NEW, &address)), String::new())
    }));
    let mut kinds = BTreeMap::new();
    // On first use a token is decrypted; later it is cached or has been evicted.
    for (path, cookies) in requests.iter().chain(&requests) {
        let mut kind = None;
        let count = allocations(|| kind = Some(router.decide(path.as_bytes(), cookies.as_bytes()).kind));
        assert_eq!(count, 0, "{path} {cookies}");
        *kinds.entry(kind.unwrap() as u32).or_insert(0) += 1;
    }
    let [pod, gone, upstream, any] =
        [Kind::Pod, Kind::Gone, Kind::Upstream, Kind::Any].map(|kind| kinds[&(kind as u32)]);
    assert_eq!((pod, gone, upstream, any), (2 * 2002, 2 * 4, 2 * 2, 2 * 6));
}

/// Every kind of request with every outcome of its attempts, to known pods.
#[test]
fn steps_allocate_nothing() {
    const SECOND: u64 = 1_000_000_000;
    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";
    let upstream = |index: u8| format!(r#"{{"cidr": "10.0.{index}.0/24", "host": "app{index}", "port": 80}}"#);
    let upstreams: Vec<String> = (0..20).map(upstream).collect();
    let json = format!(r#"{{"secret": "{SECRET}", "cookie_name": "up", "upstreams": [{}]}}"#, upstreams.join(","));
    let state = State::default();
    let source = Source::new(&state, Router::from_json(json.as_bytes()).unwrap(), Options::default());
    let cipher = TokenCipher::new(SECRET.as_bytes()).unwrap();
    let token = |address: [u8; 4]| cipher.encode(address.into()).unwrap().as_str().to_owned();
    let mut incoming = vec![("/".to_owned(), String::new()), ("/~/%/s/1".into(), String::new())];
    for number in 0..40 {
        let token = token([10, 0, number / 2, number % 8]);
        incoming.extend(['s', 'h', 'u', 'r'].map(|kind| (format!("/~/{token}/{kind}/1"), String::new())));
        incoming.push(("/".into(), format!("up={token}")));
    }
    // A host that is used again joins the hosts that are due.
    let look_up = |now| {
        let mut hosts = Vec::new();
        state.due(now, now, |lookup| hosts.push((lookup.host, lookup.name[3..].parse::<u8>().unwrap())));
        for (host, index) in hosts {
            let addresses: Vec<_> = (0..4).map(|last| [10, 0, index, last].into()).collect();
            let _ = state.resolved(host, &addresses, Missing::default(), now, now);
        }
    };
    let outcomes = {
        use doors_routing::Outcome::*;
        [Refused, Unreachable, OwnFault, Dropped, Cancelled]
    };
    let (mut seen, mut later) = (0, 0);
    for round in 0..60 {
        let mut counted = 0;
        for (index, (path, cookies)) in incoming.iter().enumerate() {
            let now = round * 3 * SECOND + index as u64 * SECOND / 100;
            look_up(now);
            let method = if index % 7 == 3 { Method::Other } else { Method::Get };
            let incoming = Incoming {
                method,
                has_body: method == Method::Other,
                path: path.as_bytes(),
                cookies: cookies.as_bytes(),
            };
            let mut request = Request::new();
            counted += allocations(|| {
                let mut action = source.begin(&incoming, now, now, &mut request).action;
                seen |= 1
                    << match action {
                        Action::Dial { .. } => 0,
                        Action::Choose => 1,
                        Action::Wait { .. } => 2,
                        Action::Answer { .. } => 3,
                        Action::Done => 4,
                    };
                for step in 0..12 {
                    action = match action {
                        Action::Dial { upstream, pod, .. } if (index as u64 + round + step).is_multiple_of(3) => {
                            let _ = source.dialled(upstream, pod, doors_routing::Outcome::Connected, now, now);
                            let _ = source.answered(&mut request, Default::default(), now, now);
                            break;
                        }
                        Action::Dial { .. } => {
                            let outcome = outcomes[(index + step as usize) % outcomes.len()];
                            source.failed(&mut request, outcome, now, now).action
                        }
                        Action::Wait { until } => source.resume(&mut request, until, now).action,
                        _ => break,
                    };
                }
                source.ended(&mut request, now);
            });
        }
        later += if round < 20 { 0 } else { counted };
    }
    // The first witness of an upstream allocates room for others.
    assert!(later <= 20, "{later} allocations");
    assert_eq!(seen, 0b01101, "dials, waits and answers");
}
