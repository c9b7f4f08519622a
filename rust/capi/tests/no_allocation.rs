//! Tests that a request for a known pod allocates nothing in the library.

#[path = "../../core/tests/counting/mod.rs"]
mod counting;

use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use counting::allocations;
use doors_caddy::{lookups::*, numbers::*, request::*, source::*, state::*, step::*, types::doors_addr};
use doors_routing::TokenCipher;

const SECOND: i64 = 1_000_000_000;
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw==";

/// Runs the lookups that are due.
unsafe fn resolve(state: *mut doors_state, now: i64) {
    let (mut lookup, mut count, mut next) = (MaybeUninit::<doors_lookup>::uninit(), 0, 0);
    let mut report = MaybeUninit::uninit();
    let list = [7, 8].map(|last| doors_addr { bytes: [10, 0, 0, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 4 });
    unsafe {
        assert_eq!(doors_state_due(state, now, 1, lookup.as_mut_ptr(), 1, &mut count, &mut next), DOORS_STATUS_OK);
        if count == 1 {
            let host = lookup.assume_init().host;
            doors_state_resolved(state, host, list.as_ptr(), 2, 0, 0, now, 1, report.as_mut_ptr());
        }
    }
}

#[test]
fn a_request_allocates_nothing() {
    let json =
        format!(r#"{{"secret": "{SECRET}", "upstreams": [{{"cidr": "10.0.0.0/8", "host": "svc", "port": 8080}}]}}"#);
    let token = TokenCipher::new(SECRET.as_bytes()).unwrap().encode([10, 0, 0, 7].into()).unwrap();
    let paths = ["/".to_string(), format!("/~/{}/s/1", token.as_str()), format!("/~/{}/s/1", "A".repeat(43))];
    let (mut state, mut source) = (null_mut(), null_mut());
    let mut request = doors_request { opaque: [0; 40] };
    let mut step = MaybeUninit::<doors_step>::uninit();
    let mut report = MaybeUninit::<doors_report>::uninit();
    let (step, report) = (step.as_mut_ptr(), report.as_mut_ptr());
    let mut kinds = [0; 6];
    unsafe {
        assert_eq!(doors_state_new(null(), &mut state), DOORS_STATUS_OK);
        let start = json.as_ptr().cast();
        assert_eq!(doors_source_new(state, start, json.len(), null(), &mut source, null_mut()), DOORS_STATUS_OK);
        // Serves a request that the pod answers, or one that several pods refuse.
        let mut serve = |path: &str, refuse: bool, now: i64| {
            let start = path.as_ptr().cast();
            let (get, none) = (DOORS_METHOD_GET, null());
            doors_request_begin(source, get, 0, start, path.len(), none, 0, now, now as u64, &mut request, step);
            for _ in 0..8 * u32::from(refuse) {
                if (*step).kind != DOORS_STEP_DIAL {
                    break;
                }
                kinds[DOORS_STEP_DIAL as usize] += 1;
                let pod = (*step).pod;
                doors_source_dialled(
                    source,
                    (*step).upstream,
                    &pod,
                    DOORS_OUTCOME_UNREACHABLE,
                    now,
                    now as u64,
                    report,
                );
                doors_request_next(source, &mut request, DOORS_OUTCOME_UNREACHABLE, now, now as u64, step);
            }
            kinds[(*step).kind as usize] += 1;
            if (*step).kind == DOORS_STEP_DIAL {
                let pod = (*step).pod;
                doors_source_dialled(source, (*step).upstream, &pod, DOORS_OUTCOME_CONNECTED, now, now as u64, report);
                doors_request_answered(source, &mut request, 0, now, now as u64, step);
            } else {
                doors_request_resume(source, &mut request, now, now as u64, step);
            }
            doors_request_ended(source, &mut request, now);
        };
        serve("/", false, 0);
        resolve(state, 0);
        let mut round = |minute: i64| {
            for second in minute * 60..minute * 60 + 50 {
                for path in &paths {
                    serve(path, second % 7 == 0, second * SECOND);
                }
            }
        };
        round(1);
        resolve(state, 110 * SECOND);
        let count = allocations(|| round(2));
        assert_eq!(count, 0);
        doors_source_free(source);
        doors_state_free(state);
    }
    for kind in [DOORS_STEP_DIAL, DOORS_STEP_WAIT, DOORS_STEP_ANSWER] {
        assert!(kinds[kind as usize] > 1, "no step {kind}: {kinds:?}");
    }
}
