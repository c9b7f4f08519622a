//! Compares random histories with a slow model. Lookups, their times and their order must be equal, and so
//! must the reports to requests.

mod slow;

use std::num::NonZeroU32;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Host, Hosts, LookupFailure, Missing};
use super::{MILLISECOND, one};
use crate::SECOND;
use slow::{AT_ONCE, Model, NAMES, RATE, SLOW, State};

const REFRESHES: [u64; 3] = [50 * MILLISECOND, SECOND, 7 * SECOND];
const STALE: [u64; 3] = [0, 2 * SECOND, 300 * SECOND];

#[derive(Clone, Debug)]
enum Op {
    Join(usize, usize),
    Leave(usize, usize),
    Touch(usize, usize, bool),
    Due,
    End(usize, bool),
    Late(usize),
    Pass(u64),
    PassToNext(bool),
}

fn op() -> impl Strategy<Value = Op> {
    let name = 0..NAMES;
    let time = prop_oneof![Just(0), Just(1), 0..SECOND / 10, 0..SECOND, 0..10 * SECOND, Just(61 * SECOND)];
    prop_oneof![
        2 => (name.clone(), 0..3_usize).prop_map(|(name, refresh)| Op::Join(name, refresh)),
        1 => (name.clone(), 0..3_usize).prop_map(|(name, which)| Op::Leave(name, which)),
        6 => (name.clone(), 0..3_usize, any::<bool>()).prop_map(|(name, stale, waits)| Op::Touch(name, stale, waits)),
        3 => Just(Op::Due),
        5 => (0..3_usize, any::<bool>()).prop_map(|(which, answered)| Op::End(which, answered)),
        1 => name.prop_map(Op::Late),
        2 => time.prop_map(Op::Pass),
        6 => any::<bool>().prop_map(Op::PassToNext),
    ]
}

/// Compares the state after each step.
fn compare(model: &Model, hosts: &Hosts, old: &[Option<Arc<Host>>; NAMES]) {
    for (host, old) in model.hosts.iter().zip(old) {
        let Some(slow) = host else {
            assert!(old.as_ref().is_none_or(|old| hosts.find(old.id()).is_none()), "not forgotten: {old:?}");
            continue;
        };
        let known = hosts.known(slow.host.id(), model.now).expect("it is not forgotten");
        let active = !slow.users.is_empty() && slow.state != State::Idle;
        assert_eq!((known.users as usize, known.refresh, known.active), (slow.users.len(), slow.refresh(), active));
        assert_eq!(known.age, slow.answered.map(|at| model.now - at));
        assert_eq!((slow.host.lookups_ended(), known.failure.is_some()), (slow.ended, slow.ever_failed));
    }
}

fn run(ops: &[Op]) {
    let some = |n| NonZeroU32::new(n).unwrap();
    let hosts = Hosts::new(some(AT_ONCE as u32), SLOW as u32, some(RATE as u32));
    let mut model = Model::new();
    let mut last: [Option<Arc<Host>>; NAMES] = Default::default();
    for op in ops {
        match *op {
            Op::Join(name, refresh) => {
                let host = hosts.join(&format!("host{name}"), 0, REFRESHES[refresh]);
                if let Some(known) = &model.hosts[name] {
                    assert_eq!(known.host.id(), host.id(), "what is known is lost");
                }
                last[name] = Some(host.clone());
                model.join(name, host, REFRESHES[refresh]);
            }
            Op::Leave(name, which) => {
                if let (Some(refresh), Some(host)) = (model.leave(name, which), &last[name]) {
                    hosts.leave(host, refresh);
                }
            }
            Op::Touch(name, stale, waits) => {
                if let Some(host) = &last[name] {
                    let touch = host.touch(model.now, STALE[stale], waits);
                    assert_eq!(touch, model.touch(name, STALE[stale], waits), "{op:?}");
                }
            }
            Op::Due => {
                let mut begun = Vec::new();
                let next = hosts.due(model.now, 0, |lookup| begun.push(lookup.host));
                let want = model.due();
                let want: Vec<_> = want.iter().map(|name| last[*name].as_ref().unwrap().id()).collect();
                model.announced = model.next();
                assert_eq!((begun, next), (want, model.announced));
            }
            Op::End(which, answered) => {
                let mut running: Vec<usize> = model.all_running().map(|running| running.2).collect();
                if which < running.len() {
                    let name = running.swap_remove(which);
                    let Some(slow) = &model.hosts[name] else { continue };
                    let id = slow.host.id();
                    let wanted = slow.wanted(model.now);
                    let wake = slow.awaited.is_some() || wanted && answered && slow.answered.is_none();
                    let learned = match answered {
                        true => hosts.resolved(id, &one(), Missing::default(), model.now, 0),
                        false => hosts.lookup_failed(id, LookupFailure::Failed, model.now, 0),
                    };
                    model.end(name, answered);
                    assert_eq!((learned.report.wake, learned.report.lookups_due), (wake, model.is_due()));
                }
            }
            Op::Late(name) => {
                if let Some(slow) = &mut model.hosts[name] {
                    let report = hosts.resolved_late(slow.host.id(), &one(), model.now);
                    if slow.answered.is_none() && matches!(slow.state, State::Waiting { .. }) {
                        Model::queue(&mut model.orders, slow, false);
                    }
                    assert_eq!(report.lookups_due, model.is_due());
                }
            }
            Op::Pass(time) => model.now += time,
            Op::PassToNext(just_before) => {
                let next = model.next().unwrap_or(model.now);
                model.now = model.now.max(next - u64::from(just_before && next > 0));
            }
        }
        compare(&model, &hosts, &last);
    }
}

/// During a reload, a host briefly has no user while its lookup counts as lost. A request just before keeps
/// its lookups going.
#[test]
fn a_request_before_the_last_user_left_counts_for_the_next() {
    let ops = [
        Op::Join(2, 0),
        Op::Touch(2, 0, false),
        Op::Due,
        Op::PassToNext(false),
        Op::Touch(2, 0, false),
        Op::Leave(2, 0),
        Op::Join(2, 0),
        Op::Due,
        Op::Pass(50 * MILLISECOND),
        Op::Due,
    ];
    run(&ops);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_was_promised(ops in prop::collection::vec(op(), 1..150)) {
        run(&ops);
    }
}
