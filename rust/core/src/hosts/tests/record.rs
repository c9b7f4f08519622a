use std::net::IpAddr;

use super::super::addresses::MAX_ADDRESSES;
use super::super::record::Record;
use super::super::{HostChange, LookupFailure, Missing};
use super::{addresses, one, two};
use HostChange::{Changed, Failing, Recovered, Resolved};
use LookupFailure::{Failed, NotFound, ServerFailure, Timeout};

const NOTHING: Missing = Missing { v4: false, v6: false, failure: None };

fn answer(record: &mut Record, list: &[IpAddr]) -> HostChange {
    record.answer(0, list, NOTHING).change
}

/// An answer or a failure.
type Step<'a> = Result<&'a [IpAddr], LookupFailure>;

#[test]
fn each_change_is_reported_once() {
    let mut record = Record::default();
    let (a, b, both) = (addresses(&["127.0.1.1"]), addresses(&["127.0.1.2"]), two());
    let steps: [(&str, Step, HostChange, u64, &[IpAddr]); 13] = [
        ("a failure first", Err(Timeout), Failing, 0, &[]),
        ("the same again", Err(Timeout), HostChange::None, 0, &[]),
        ("first answer", Ok(&a), Resolved, 1, &a),
        ("same answer", Ok(&a), HostChange::None, 1, &a),
        ("one more", Ok(&both), Changed, 2, &both),
        ("SERVFAIL", Err(ServerFailure), Failing, 2, &both),
        ("SERVFAIL again", Err(ServerFailure), HostChange::None, 2, &both),
        ("NXDOMAIN", Err(NotFound), Failing, 2, &both),
        ("SERVFAIL once more", Err(ServerFailure), HostChange::None, 2, &both),
        ("back with another set", Ok(&b), Recovered, 3, &b),
        ("SERVFAIL anew", Err(ServerFailure), Failing, 3, &b),
        ("back with the same set", Ok(&b), Recovered, 3, &b),
        ("moved", Ok(&a), Changed, 4, &a),
    ];
    for (name, step, change, generation, list) in steps {
        let got = match step {
            Ok(list) => answer(&mut record, list),
            Err(failure) => record.fail(0, failure, true),
        };
        assert_eq!((got, record.generation(), record.list()), (change, generation, list), "{name}");
    }
}

#[test]
fn an_unreported_failure_is_reported_later() {
    let mut record = Record::default();
    answer(&mut record, &one());
    assert_eq!(record.fail(0, Timeout, false), HostChange::None);
    assert_eq!(answer(&mut record, &one()), HostChange::None, "nobody knows what it recovers from");
    record.fail(0, Timeout, false);
    assert_eq!(record.fail(0, Timeout, true), Failing);
    assert_eq!(answer(&mut record, &one()), Recovered);
}

#[test]
fn times() {
    let mut record = Record::default();
    assert_eq!((record.age(9), record.failing_for(9)), (None, None));
    record.fail(10, Timeout, true);
    record.fail(12, NotFound, true);
    assert_eq!((record.age(15), record.failing_for(15), record.failure()), (None, Some(5), Some(NotFound)));
    record.answer(20, &one(), NOTHING);
    assert_eq!((record.age(23), record.failing_for(23), record.failure()), (Some(3), None, None));
    assert_eq!(record.age(1), Some(0), "a time from before the answer");
}

#[test]
fn only_what_is_gone_from_dns_is_dropped() {
    let both = two();
    let cases: [(&[LookupFailure], bool); 5] = [
        (&[], false),
        (&[ServerFailure], false),
        (&[Timeout, Failed], false),
        (&[NotFound], true),
        (&[NotFound, Timeout], true),
    ];
    for (fails, drops) in cases {
        let mut record = Record::default();
        answer(&mut record, &both);
        for failure in fails {
            record.fail(0, *failure, true);
        }
        let before = record.addresses().unwrap().clone();
        assert_eq!(record.drop_refused(both[0]), drops, "{fails:?}");
        assert_eq!(before.list(), both, "what is shared was changed");
        if !drops {
            continue;
        }
        assert_eq!(record.list(), &both[1..]);
        assert!(!record.drop_refused(both[0]), "dropped twice");
        assert!(!record.drop_refused("127.0.9.9".parse().unwrap()), "dropped an address that was never there");
        assert!(record.drop_refused(both[1]));
        assert_eq!((record.addresses(), record.generation()), (None, 3));
        assert_eq!(answer(&mut record, &both), Recovered);
        assert_eq!(record.list(), both);
        assert!(!record.drop_refused(both[0]), "dropped an address that DNS names");
    }
}

/// The addresses of an IP version that an answer lacks are kept.
#[test]
fn missing_versions_keep_theirs() {
    let (four, six, moved) = (one(), addresses(&["fd00::1"]), addresses(&["127.0.1.2"]));
    let both = addresses(&["127.0.1.1", "fd00::1"]);
    let (no4, no6) = (Missing { v4: true, ..NOTHING }, Missing { v6: true, ..NOTHING });
    let cases = [
        ("IPv4 fails", &both, &six, no4, both.clone(), HostChange::None, true),
        ("IPv6 fails, IPv4 moves", &both, &moved, no6, addresses(&["127.0.1.2", "fd00::1"]), Changed, true),
        ("IPv4 is gone", &both, &six, NOTHING, six.clone(), Changed, false),
        ("IPv6 is gone", &both, &four, NOTHING, four.clone(), Changed, false),
        ("IPv6 fails and never was", &four, &four, no6, four.clone(), HostChange::None, false),
        ("cut", &two(), &moved, no4, two(), HostChange::None, true),
        ("cut with one more", &four, &moved, no4, two(), Changed, true),
    ];
    for (name, known, next, missing, want, change, withheld) in cases {
        let mut record = Record::default();
        answer(&mut record, known);
        record.fail(0, Timeout, true);
        let answered = record.answer(0, next, missing);
        assert_eq!((record.list(), answered.withheld), (&want[..], withheld), "{name}");
        let recovered = if withheld { change } else { Recovered };
        assert_eq!((answered.change, record.failure().is_some()), (recovered, withheld), "{name}");
        assert!(!record.drop_refused(want[0]), "{name}: dropped what DNS names");
    }
}

/// A name server that truncates its answers, each time differently, and does not answer over TCP.
#[test]
fn parts_of_a_version_do_not_pile_up() {
    let mut record = Record::default();
    let part = |n: u32| -> Vec<IpAddr> {
        (0..MAX_ADDRESSES as u32 / 2)
            .map(|i| IpAddr::from((0x0a00_0000 + n * MAX_ADDRESSES as u32 + i).to_be_bytes()))
            .collect()
    };
    for n in 0..20 {
        let next = part(n);
        record.answer(0, &next, Missing { v4: true, v6: false, failure: Some(Timeout) });
        assert!(next.iter().all(|address| record.list().contains(address)), "an address in DNS is not current");
    }
    assert_eq!(record.list().len(), MAX_ADDRESSES);
    assert!(record.list().is_sorted());
}
