//! In: the items of the header. Out: its numbers for another language, by their names without DOORS_.

use std::fmt::Write;

use crate::parse::{Item, Kind};

const GENERATED: &str = "Generated from include/doors_caddy.h by `make header`. Do not edit.";

pub fn python(items: &[Item]) -> String {
    let mut out = format!("\"\"\"The numbers of libdoors_caddy. {GENERATED}\"\"\"\n\n");
    for (name, value) in numbers(items) {
        let _ = writeln!(out, "{name} = {value}");
    }
    out
}

pub fn node(items: &[Item]) -> String {
    let mut out = format!("// The numbers of libdoors_caddy. {GENERATED}\n");
    for (name, value) in numbers(items) {
        let big = if value > u32::MAX.into() { "n" } else { "" };
        let _ = writeln!(out, "export const {name} = {value}{big};");
    }
    out
}

pub fn java(items: &[Item]) -> String {
    let mut out = format!(
        "package dev.doors.caddy;\n\n/** The numbers of libdoors_caddy. {GENERATED} */\npublic final class Numbers {{\n    private Numbers() {{}}\n\n"
    );
    for (name, value) in numbers(items) {
        let _ = match u32::try_from(value) {
            // As Java holds an unsigned number of 32 bits.
            Ok(value) => writeln!(out, "    public static final int {name} = {};", value as i32),
            Err(_) => writeln!(out, "    public static final long {name} = {value}L;"),
        };
    }
    out + "}\n"
}

/// In the order of the header. Those of its version say nothing about the library that is loaded.
fn numbers(items: &[Item]) -> impl Iterator<Item = (&str, i64)> {
    let macros = items.iter().filter_map(|item| match &item.kind {
        Kind::Macro { name, value } if !name.starts_with("DOORS_VERSION") => Some((name, value)),
        _ => None,
    });
    let enums = items.iter().filter_map(|item| match &item.kind {
        Kind::Enum { numbers, .. } => Some(numbers.iter().map(|number| (&number.name, &number.value))),
        _ => None,
    });
    macros.chain(enums.flatten()).map(|(name, value)| {
        let value = match value.as_str() {
            "UINT32_MAX" => u32::MAX.into(),
            "INT64_MAX" => i64::MAX,
            value => value.parse().expect("a number"),
        };
        (name.trim_start_matches("DOORS_"), value)
    })
}
