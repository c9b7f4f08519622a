//! Generates docs/c-api.md from the rules and items of the header.

use std::fmt::Write;

use crate::parse::{Field, Item, Kind, Number};

/// The sections of functions, by prefix. The last one takes the rest.
const GROUPS: [(&str, &str); 7] = [
    ("doors_cipher_", "Tokens: doors_cipher"),
    ("doors_cidrs_", "CIDRs: doors_cidrs"),
    ("doors_router_", "Decisions: doors_router"),
    ("doors_state_", "Hosts and pods: doors_state"),
    ("doors_source_", "Configurations in use: doors_source"),
    ("doors_request_", "Requests: doors_request"),
    ("doors_", "Checks, names and versions"),
];

pub fn render(rules: &str, items: &[Item]) -> String {
    let mut out = String::from(
        "# C API reference\n\nGenerated from `include/doors_caddy.h` by `cargo run -p xtask -- reference`. Do not edit. See [README.md](../README.md) for how to install \
         and link the library.\n\n",
    );
    let rules = rules.split_once("Do not edit.").map_or(rules, |(_, rules)| rules).trim();
    let _ = write!(out, "```text\n{rules}\n```\n\n## All functions\n\n| Function | What it does |\n|---|---|\n");
    for (group, _) in grouped(items).iter().flat_map(|(_, group)| group) {
        let Kind::Function { name, .. } = &group.kind else { continue };
        let _ = writeln!(out, "| [`{name}`](#{name}) | {} |", escaped(first_sentence(&group.comment)));
    }
    for (title, functions) in grouped(items) {
        let _ = write!(out, "\n## {title}\n");
        for (item, prototype) in functions {
            let Kind::Function { name, .. } = &item.kind else { continue };
            let _ = write!(out, "\n### {name}\n\n```c\n{}\n```\n\n{}\n", wrapped(prototype), item.comment);
        }
    }
    out.push_str("\n## Handles\n\n| Type | What it is |\n|---|---|\n");
    for item in items {
        if let Kind::Handle { name } = &item.kind {
            let _ = writeln!(out, "| `{name}` | {} |", escaped(&item.comment.replace('\n', " ")));
        }
    }
    out.push_str("\n## Structs\n");
    for item in items {
        if let Kind::Struct { name, fields } = &item.kind {
            let _ = write!(out, "\n### {name}\n\n{}\n\n| Member | Type | Meaning |\n|---|---|---|\n", item.comment);
            for Field { comment, name, c_type } in fields {
                let _ = writeln!(out, "| `{name}` | `{c_type}` | {} |", escaped(&comment.replace('\n', " ")));
            }
        }
    }
    out.push_str("\n## Numbers\n\nNumbers are never changed or reused.\n\n");
    out.push_str("| Macro | Value | Meaning |\n|---|---|---|\n");
    for item in items {
        if let Kind::Macro { name, value } = &item.kind {
            let _ = writeln!(out, "| `{name}` | `{value}` | {} |", escaped(&item.comment));
        }
    }
    for item in items {
        if let Kind::Enum { name, numbers } = &item.kind {
            let _ = write!(out, "\n### {name}\n\n| Name | Value | Meaning |\n|---|---|---|\n");
            for Number { comment, name, value } in numbers {
                let _ = writeln!(out, "| `{name}` | `{value}` | {} |", escaped(comment));
            }
        }
    }
    out
}

type Section<'a> = (&'static str, Vec<(&'a Item, &'a str)>);

fn grouped(items: &[Item]) -> Vec<Section<'_>> {
    let mut sections: Vec<Section> = GROUPS.iter().map(|(_, title)| (*title, Vec::new())).collect();
    for item in items {
        if let Kind::Function { name, prototype } = &item.kind {
            let place = GROUPS.iter().position(|(prefix, _)| name.starts_with(prefix)).unwrap_or(GROUPS.len() - 1);
            sections[place].1.push((item, prototype));
        }
    }
    sections
}

/// The first sentence of a comment.
fn first_sentence(comment: &str) -> &str {
    let paragraph = comment.split("\n\n").next().unwrap_or_default();
    let end = [". ", ".\n"].into_iter().filter_map(|end| paragraph.find(end)).min();
    end.map_or(paragraph, |end| &paragraph[..end + 1])
}

fn escaped(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// A prototype on one line or, if it is long, with one parameter per line.
fn wrapped(prototype: &str) -> String {
    if prototype.len() <= 110 {
        return prototype.into();
    }
    prototype.replacen('(', "(\n    ", 1).replace(", ", ",\n    ")
}
