//! The benchmarks `decide/...`: each row of the decision table, with a router of three upstreams unless the
//! name says otherwise.
//!
//! ```text
//! pod_seen, upstream_cookie_seen         a cached token; .../many: 100 of them in turn
//! pod_new, upstream_cookie_new           4096 tokens in turn, more than are cached; by family and number of upstreams
//! gone_forged, gone_malformed          tokens of the right length that no key decrypts, or that are not base64url
//! gone_no_cidr_seen, gone_no_cidr_new  tokens of addresses in no CIDR
//! cookie_unusable/N                    N forged cookies
//! only_upstream, any_no_cookie         no cookie, with one upstream and with three
//! ```

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use doors_routing::{Reason, Router};

use crate::data::{self, Family, Family::Four};

/// Measures decisions about requests in turn, after checking what is decided.
fn bench(
    group: &mut BenchmarkGroup<WallTime>,
    name: &str,
    router: &Router,
    (paths, cookies): (&[String], &[String]),
    reason: Reason,
) {
    let root = ["/".to_string()];
    let none = [String::new()];
    let paths = if paths.is_empty() { &root } else { paths };
    let cookies = if cookies.is_empty() { &none } else { cookies };
    let decide =
        |path: &String, cookie: &String| router.decide(black_box(path.as_bytes()), black_box(cookie.as_bytes()));
    for (path, cookie) in paths.iter().zip(cookies.iter().cycle()) {
        assert_eq!(decide(path, cookie).reason, reason, "{name}");
    }
    let mut requests = paths.iter().cycle().zip(cookies.iter().cycle());
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let (path, cookie) = requests.next().expect("endless");
            decide(path, cookie)
        });
    });
}

pub fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let group = &mut group;
    let three = data::router(&data::prefixes(Four, 3));
    let inside = data::tokens(&data::addresses(Four, 3, true));
    let outside = data::tokens(&data::addresses(Four, 3, false));
    let forged = data::forged(&data::addresses(Four, 3, true));
    let malformed: Vec<_> = inside.iter().map(|token| format!("{}+", &token[1..])).collect();

    let (paths, cookies) = (data::paths(&inside), data::cookies(&inside));
    bench(group, "pod_seen", &three, (&paths[..1], &[]), Reason::None);
    bench(group, "pod_seen/many", &three, (&paths[..100], &[]), Reason::None);
    bench(group, "upstream_cookie_seen", &three, (&[], &cookies[..1]), Reason::Cookie);
    bench(group, "upstream_cookie_new", &three, (&[], &cookies), Reason::Cookie);
    for family in Family::BOTH {
        for size in data::SIZES {
            let router = data::router(&data::prefixes(family, size));
            let paths = data::paths(&data::tokens(&data::addresses(family, size, true)));
            bench(group, &format!("pod_new/{}/{size}", family.name()), &router, (&paths, &[]), Reason::None);
        }
    }
    bench(group, "gone_forged", &three, (&data::paths(&forged), &[]), Reason::Refused);
    bench(group, "gone_malformed", &three, (&data::paths(&malformed), &[]), Reason::Malformed);
    bench(group, "gone_no_cidr_seen", &three, (&data::paths(&outside)[..1], &[]), Reason::NoCidr);
    bench(group, "gone_no_cidr_new", &three, (&data::paths(&outside), &[]), Reason::NoCidr);
    for count in 1..=8 {
        let header = |tokens: &[String]| data::cookies(tokens).join("; ");
        let cookies: Vec<_> = forged.chunks_exact(count).map(header).collect();
        bench(group, &format!("cookie_unusable/{count}"), &three, (&[], &cookies), Reason::CookieUnusable);
    }
    let one = data::router(&data::prefixes(Four, 1));
    bench(group, "only_upstream", &one, (&[], &["theme=dark".into()]), Reason::OnlyUpstream);
    bench(group, "any_no_cookie", &three, (&[], &["theme=dark".into()]), Reason::NoCookie);
}
