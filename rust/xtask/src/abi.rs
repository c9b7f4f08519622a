//! Generates rust/capi/abi.json from the header and the compiled layouts, and detects changes that break
//! existing programs.

use std::mem::{align_of, offset_of, size_of};

use doors_caddy::{evictions::*, lookups::*, numbers, options::*, state::*, step::*, types::*};
use serde_json::{Map, Value, json};

use crate::parse::{Field, Item, Kind};

/// Where the compiler put the members of a struct.
pub struct Layout {
    pub name: &'static str,
    pub size: usize,
    align: usize,
    pub offsets: Vec<(&'static str, usize)>,
}

macro_rules! layouts {
    ($($name:ident { $($field:ident),* })*) => {
        vec![$(Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            align: align_of::<$name>(),
            offsets: vec![$((stringify!($field), offset_of!($name, $field))),*],
        }),*]
    };
}

pub fn layouts() -> Vec<Layout> {
    layouts! {
        doors_error { status, index, message }
        doors_addr { bytes, len }
        doors_decision { kind, reason, upstream, key, port, path, addr, reserved }
        doors_pod { addr, port, reserved }
        doors_idle { answer, in_flight, streams, used, last_seen, wait }
        doors_limits { max_pods, max_waiting, max_lookups, max_slow_lookups, refreshes_per_second, reserved }
        doors_options {
            gone_after, drain_max, roll_time, page_wait, refresh, stale_max, first_lookup, resolver, gone_rate, flags, reserved
        }
        doors_known_pod {
            pod, upstream, first_seen, last_seen, unreachable_since, marked_since, draining_since,
            drained_since, evicted_since, refused, in_flight, streams, verdict, fresh, marked, reserved
        }
        doors_eviction { addr, bits, upstream, rate, flags, since, told, reserved }
        doors_event { number, at, upstream, pod, bits, kind, pages, reserved }
        doors_lookup { host, resolver, name_len, name, reserved }
        doors_host_report { change, flags }
        doors_host_state {
            resolver, generation, age, failing_for, refresh, failure, users, active, partial, reserved, name_len, name
        }
        doors_request { opaque }
        doors_report {
            flags, suppressed, dropped_host, dropped_addr, changed_upstream, changed_pod, changed_verdict,
            draining_upstream, draining_pod, draining,
            background_upstream, background_pod, outside_upstream, outside_addr, reserved
        }
        doors_step { kind, upstream, pod, probe, status, retry_after, cause, page, last_choice, until, report }
        doors_place { upstream, tier, pod }
    }
}

/// The description for a 64-bit Unix. Does not contain the version, which changes with every release.
pub fn describe(items: &[Item]) -> Result<String, String> {
    let (mut functions, mut constants, mut structs) = (Map::new(), Map::new(), Map::new());
    let mut handles = Vec::new();
    let layouts = layouts();
    for item in items {
        match &item.kind {
            Kind::Function { name, prototype } => drop(functions.insert(name.clone(), json!(prototype))),
            Kind::Macro { name, value } if !name.starts_with("DOORS_VERSION") => {
                constants.insert(name.clone(), json!(value));
            }
            Kind::Macro { .. } => {}
            Kind::Enum { numbers, .. } => {
                constants.extend(numbers.iter().map(|number| (number.name.clone(), json!(number.value))));
            }
            Kind::Handle { name } => handles.push(name.clone()),
            Kind::Struct { name, fields } => {
                let layout = layouts.iter().find(|layout| layout.name == name);
                let layout = layout.ok_or_else(|| format!("{name} is missing in rust/xtask/src/abi.rs"))?;
                structs.insert(name.clone(), described(layout, fields)?);
            }
        }
    }
    if structs.len() != layouts.len() {
        return Err("rust/xtask/src/abi.rs lists a struct that the header does not have".into());
    }
    handles.sort();
    let description = json!({
        "abi": numbers::DOORS_ABI,
        "soname": soname(env!("CARGO_PKG_VERSION")),
        "handles": handles,
        "functions": functions,
        "constants": constants,
        "structs": structs,
    });
    serde_json::to_string_pretty(&description).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn described(layout: &Layout, fields: &[Field]) -> Result<Value, String> {
    if !fields.iter().map(|field| field.name.as_str()).eq(layout.offsets.iter().map(|(name, _)| *name)) {
        return Err(format!("rust/xtask/src/abi.rs and the header list different members of {}", layout.name));
    }
    let members: Vec<Value> = fields
        .iter()
        .zip(&layout.offsets)
        .map(|(field, (name, offset))| json!({"name": name, "offset": offset, "type": field.c_type}))
        .collect();
    Ok(json!({"size": layout.size, "align": layout.align, "members": members}))
}

/// The SONAME as set by cargo-c: below 1.0, each minor version may break programs.
fn soname(version: &str) -> String {
    match version.split('.').collect::<Vec<_>>()[..] {
        ["0", minor, _] => format!("libdoors_caddy.so.0.{minor}"),
        [major, ..] => format!("libdoors_caddy.so.{major}"),
        [] => unreachable!("split gives at least one part"),
    }
}

/// Differences between the old description and the new one that break programs. Allowed with a new DOORS_ABI.
pub fn breaks(old: &str, new: &str) -> Result<Vec<String>, String> {
    let read = |text| serde_json::from_str::<Value>(text).map_err(|error| format!("rust/capi/abi.json: {error}"));
    let (old, new) = (read(old)?, read(new)?);
    if old["abi"] != new["abi"] {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for part in ["functions", "constants", "structs"] {
        for (name, value) in old[part].as_object().into_iter().flatten() {
            let kept =
                new[part].get(name).is_some_and(|new| if part == "structs" { holds(new, value) } else { new == value });
            if !kept {
                found.push(format!("{name} was {value}"));
            }
        }
    }
    Ok(found)
}

/// Whether a struct is unchanged except for new members in place of reserved ones.
fn holds(new: &Value, old: &Value) -> bool {
    let members = |of: &Value| of["members"].as_array().cloned().unwrap_or_default();
    let fresh = members(new);
    let kept = |member: &Value| member["name"] == "reserved" || fresh.contains(member);
    new["size"] == old["size"] && new["align"] == old["align"] && members(old).iter().all(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_library() {
        assert_eq!(soname("0.1.0"), "libdoors_caddy.so.0.1");
        assert_eq!(soname("0.12.3"), "libdoors_caddy.so.0.12");
        assert_eq!(soname("2.5.1"), "libdoors_caddy.so.2");
    }

    #[test]
    fn additions_break_nothing() {
        let old = r#"{"abi": 1, "functions": {"a": "int a(void);"}, "constants": {"X": "1"}, "structs": {}}"#;
        let more = r#"{"abi": 1, "functions": {"a": "int a(void);", "b": "int b(void);"}, "constants": {"X": "1"}, "structs": {}}"#;
        assert_eq!(breaks(old, more), Ok(vec![]));
        assert_eq!(breaks(more, old), Ok(vec![r#"b was "int b(void);""#.into()]));
        let changed = old.replace(r#""X": "1""#, r#""X": "2""#);
        assert_eq!(breaks(old, &changed), Ok(vec![r#"X was "1""#.into()]));
        assert_eq!(breaks(old, &changed.replace(r#""abi": 1"#, r#""abi": 2"#)), Ok(vec![]));
        assert!(breaks("{", old).is_err());
    }

    #[test]
    fn reserved_members_may_be_used() {
        let member = |name: &str, offset| json!({"name": name, "offset": offset, "type": "uint32_t"});
        let described = |members: &[Value], size| {
            json!({"abi": 1, "structs": {"s": {"size": size, "align": 4, "members": members}}}).to_string()
        };
        let old = described(&[member("a", 0), member("reserved", 4)], 12);
        let count = |new: &str| breaks(&old, new).unwrap().len();
        assert_eq!(count(&described(&[member("a", 0), member("b", 4), member("reserved", 8)], 12)), 0);
        assert_eq!(count(&described(&[member("a", 0), member("b", 4), member("reserved", 8)], 16)), 1);
        assert_eq!(count(&described(&[member("b", 0), member("reserved", 4)], 12)), 1);
        assert_eq!(count(&described(&[member("reserved", 0), member("a", 4)], 12)), 1);
    }
}
