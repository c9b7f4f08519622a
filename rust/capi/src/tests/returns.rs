//! Tests that each function returns exactly the statuses that the header lists. `guard` compares every status
//! returned in any test with the list, and one test reaches each status of each list.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::LazyLock;

use crate::check::*;
use crate::cidrs::*;
use crate::cipher::*;
use crate::numbers::*;
use crate::router::*;
use crate::status::Status;
use crate::tests::{HEADER, Handles, POD, SECRET, chars, config};
use crate::types::*;

type Returns = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The functions that return a status, each with the names in its list, without DOORS_STATUS_.
static LISTED: LazyLock<Returns> = LazyLock::new(|| {
    let mut listed = Returns::new();
    let mut comment = Vec::new();
    for line in HEADER.lines() {
        if let Some(text) = line.strip_prefix("//") {
            comment.push(text.trim());
            continue;
        }
        let declared = line.strip_prefix("int32_t doors_").and_then(|rest| rest.split_once('('));
        if declared.is_some() {
            let name = line["int32_t ".len()..].split('(').next().expect("a name");
            listed.insert(name, list(&comment).unwrap_or_else(|| panic!("{name} does not say what it returns")));
        }
        comment.clear();
    }
    listed
});

/// Parses `Returns DOORS_STATUS_OK, _A (when) or _B.` up to the end of the paragraph. Ignores text in
/// parentheses.
fn list(comment: &[&'static str]) -> Option<BTreeSet<&'static str>> {
    let start = comment.iter().position(|line| line.starts_with("Returns "))?;
    let paragraph = comment[start..].iter().take_while(|line| !line.is_empty());
    let mut list = BTreeSet::new();
    let (mut depth, mut over) = (0, false);
    for word in paragraph.flat_map(|line| line.split(' ')) {
        let outside = depth == 0 && !over;
        depth += word.matches('(').count();
        depth -= word.matches(')').count();
        let name = word.trim_end_matches([',', '.', ';']);
        if outside && let Some(name) = name.strip_prefix("DOORS_STATUS").unwrap_or(name).strip_prefix('_') {
            list.insert(name);
        }
        over |= depth == 0 && word.ends_with(['.', ';']);
    }
    Some(list)
}

thread_local! {
    static REACHED: RefCell<BTreeSet<(&'static str, String)>> = const { RefCell::new(BTreeSet::new()) };
}

/// Called by `guard` with the body of each export. The name of the body's type contains the name of the
/// export.
pub(crate) fn returned<B>(status: Option<Status>) {
    let path = std::any::type_name::<B>();
    let export = path.split("::").find(|part| part.starts_with("doors_") && *part != "doors_caddy");
    let export = export.unwrap_or_else(|| panic!("no export in {path}"));
    let name = status.map_or("OK".into(), |status| shouted(&format!("{status:?}")));
    let (listed_name, list) = LISTED.get_key_value(export).unwrap_or_else(|| panic!("{export} is not in the header"));
    assert!(
        name == "PANIC" || list.contains(name.as_str()),
        "{export} returned {name}, which its list lacks: {list:?}"
    );
    REACHED.with_borrow_mut(|reached| reached.insert((listed_name, name)));
}

/// Converts NullPointer to NULL_POINTER.
fn shouted(name: &str) -> String {
    let mut shouted = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !shouted.is_empty() {
            shouted.push('_');
        }
        shouted.extend(letter.to_uppercase());
    }
    shouted
}

/// Statuses that no test can cause, since the operating system always supplies random bytes.
const BEYOND_REACH: [(&str, &str); 1] = [("doors_cipher_encode", "RANDOM")];

#[test]
fn every_listed_status_is_reached() {
    REACHED.take();
    crate::tests::null_is_refused_or_harmless();
    crate::tests::outputs_are_written_only_on_success();
    crate::tests::flow::a_request_goes_its_way();
    crate::tests::flow::the_user_chooses();
    crate::tests::flow::strangers_are_done();
    crate::tests::flow::a_source_has_a_router_and_upstreams();
    crate::tests::evictions::pods_are_evicted();
    crate::tests::evictions::evictions_without_a_valid_target_are_refused();
    crate::tests::misuse::values_outside_their_range_are_refused();
    crate::tests::misuse::null_and_panics();
    crate::tests::misuse::rest();
    rest();
    let reached = REACHED.take();
    let missing: Vec<_> = LISTED
        .iter()
        .flat_map(|(export, list)| list.iter().map(|name| (*export, *name)))
        .filter(|(export, name)| {
            !reached.contains(&(*export, (*name).to_owned())) && !BEYOND_REACH.contains(&(export, name))
        })
        .collect();
    assert!(missing.is_empty(), "no test reaches {missing:#?}");
}

/// The calls that the other tests do not make.
fn rest() {
    let handles = Handles::new();
    let Handles { cipher, cidrs, router } = handles;
    let (mut addr, mut index, mut size) = (POD.addr, 0, 0);
    let (mut text, mut list, mut new) = ([0; 60], null_mut(), null_mut());
    let nowhere = doors_pod { addr: doors_addr { bytes: [0; 16], len: 5 }, ..POD };
    let outside = doors_addr { bytes: [192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 4 };
    let (secret, secret_len) = chars(SECRET);
    let (x, _) = chars("x");
    unsafe {
        for (field, value, len) in [
            (DOORS_FIELD_CIDR, x, 1),
            (DOORS_FIELD_SECRET, secret, secret_len),
            (DOORS_FIELD_SECRET, x, 1),
            (DOORS_FIELD_SECRET, x, usize::MAX),
            (0, x, 1),
        ] {
            doors_check(field, value, len, null_mut());
        }
        doors_cipher_new(x, usize::MAX, &mut new, null_mut());
        doors_cipher_decode(cipher, chars("=").0, 1, &mut addr, &mut index);
        doors_cipher_encode(cipher, &nowhere.addr, text.as_mut_ptr(), 60, &mut size);
        doors_cidrs_new(x, 1, &mut list, null_mut());
        doors_cidrs_new(x, usize::MAX, &mut list, null_mut());
        for addr in [&POD.addr, &outside, &nowhere.addr] {
            doors_cidrs_lookup(cidrs, addr, &mut index);
        }
        let mut refused = null_mut();
        for json in [config(), config().replace(SECRET, "x"), config().replace("127.0.0.0/8", "x")] {
            let (json, len) = chars(&json);
            if doors_router_new(json, len, &mut refused, null_mut()) == DOORS_STATUS_OK {
                doors_router_free(refused);
            }
        }
        doors_router_new(x, usize::MAX, &mut refused, null_mut());
        doors_router_decide(router, x, usize::MAX, x, 1, MaybeUninit::uninit().as_mut_ptr());
        let inside = doors_addr { bytes: [127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 4 };
        for addr in [&inside, &outside, &nowhere.addr] {
            doors_router_lookup(router, addr, &mut index);
        }
        doors_router_upstreams(router, &mut index);
    }
}

#[test]
fn lists_of_statuses_are_parsed() {
    let read = |text: &'static str| list(&text.lines().collect::<Vec<_>>()).unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(read("Returns DOORS_STATUS_OK or _NULL_POINTER."), ["NULL_POINTER", "OK"]);
    let text = "Makes it.\n\nReturns DOORS_STATUS_OK, _CIDR (`err` says\nwhich, _SECRET never), _RANGE\nor _ADDRESS. Not _CONFIG.\n\nMore.";
    assert_eq!(read(text), ["ADDRESS", "CIDR", "OK", "RANGE"]);
    assert!(list(&["Says it."]).is_none());
}
