//! The benchmarks `cidr/match`, `cidr/miss` and `cidr/worst`, each by family and number of prefixes, over
//! 4096 addresses.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};

use crate::data::{self, Family};

pub fn cidr(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cidr");
    for family in Family::BOTH {
        for size in data::SIZES {
            let disjoint = data::prefixes(family, size);
            let (nested, far) = data::worst(family, size);
            for (name, prefixes, addresses) in [
                ("match", &disjoint, data::addresses(family, size, true)),
                ("miss", &disjoint, data::addresses(family, size, false)),
                ("worst", &nested, far),
            ] {
                let list = data::list(prefixes);
                let mut next = addresses.iter().cycle();
                group.bench_function(BenchmarkId::new(format!("{name}/{}", family.name()), size), |bencher| {
                    bencher.iter(|| list.lookup(black_box(*next.next().expect("endless"))));
                });
            }
        }
    }
    group.finish();
}
