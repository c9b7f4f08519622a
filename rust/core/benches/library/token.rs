//! The benchmarks `token/encode`, `token/decode` and `token/refuse`, each by form and family, over 4096
//! tokens without a cache.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use doors_routing::TokenCipher;

use crate::data::{self, Family};

pub fn token(criterion: &mut Criterion) {
    let cipher = TokenCipher::new(data::SECRET.as_bytes()).expect("a valid secret");
    let mut group = criterion.benchmark_group("token");
    for family in Family::BOTH {
        let addresses = data::addresses(family, 1000, true);
        let mut next = addresses.iter().cycle();
        group.bench_function(BenchmarkId::new("encode", family.name()), |bencher| {
            bencher.iter(|| cipher.encode(*next.next().expect("endless")));
        });
        let good = data::tokens(&addresses);
        let forged = data::forged(&addresses);
        // One token is wrong at its end, so that all of it is read. The other lacks its end.
        let malformed: Vec<_> = good.iter().map(|token| format!("{}+", &token[1..])).collect();
        let length: Vec<_> = good.iter().map(|token| token[1..].to_string()).collect();
        for (name, tokens) in [
            ("decode", &good),
            ("refuse/forged", &forged),
            ("refuse/malformed", &malformed),
            ("refuse/length", &length),
        ] {
            let mut next = tokens.iter().cycle();
            group.bench_function(BenchmarkId::new(name, family.name()), |bencher| {
                bencher.iter(|| cipher.decode(black_box(next.next().expect("endless").as_bytes())));
            });
        }
    }
    group.finish();
}
