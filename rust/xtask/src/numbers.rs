//! Generates the constants of the C API for Node. The names have no DOORS_ prefix.

use std::fmt::Write;

use crate::groups::{groups, translated};
use crate::parse::{Item, Kind};

const GENERATED: &str = "Generated from include/doors_caddy.h by `make header`. Do not edit.";

/// Constants, and a constant object with a type of the same name for each group.
pub fn node(items: &[Item]) -> Result<String, String> {
    let mut out = format!("// The numbers of libdoors_caddy. {GENERATED}\n\n");
    for (name, value, comment) in constants(items) {
        let big = if value > u32::MAX.into() { "n" } else { "" };
        let _ = writeln!(out, "/** {} */\nexport const {name} = {value}{big};\n", translated(comment));
    }
    for group in groups(items)? {
        let (name, about) = (group.name, group.about);
        let added = if group.flags { " Combined with `|`." } else { "" };
        let _ = writeln!(out, "/** {about}{added} */\nexport const {name} = {{");
        for (number, value, comment) in group.numbers() {
            let _ = writeln!(out, "    /** {} */\n    {number}: {value},", translated(comment));
        }
        let _ = writeln!(out, "}} as const;\nexport type {name} = (typeof {name})[keyof typeof {name}];\n");
    }
    out.truncate(out.trim_end().len());
    Ok(out + "\n")
}

/// The constants in no group, with their comments. Without those of the version, which may differ from that
/// of the loaded library.
pub fn constants(items: &[Item]) -> impl Iterator<Item = (&str, i64, &str)> {
    items.iter().filter_map(|item| match &item.kind {
        Kind::Macro { name, value } if !name.starts_with("DOORS_VERSION") => {
            Some((name.trim_start_matches("DOORS_"), number(value), item.comment.as_str()))
        }
        _ => None,
    })
}

fn number(value: &str) -> i64 {
    match value {
        "UINT32_MAX" => u32::MAX.into(),
        "INT64_MAX" => i64::MAX,
        value => value.parse().expect("a number"),
    }
}
