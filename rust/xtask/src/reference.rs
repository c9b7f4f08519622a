//! Generates the reference of the C API from the rules and items of the header: an index, docs/c-api.md, and the pages
//! in docs/c-api.

use std::fmt::Write;

use crate::pages::{PAGES, assigned};
use crate::parse::{Field, Item, Kind, Number};

/// The maximum length of a page in lines. A longer page must be split.
const LONGEST: usize = 250;

/// The files with their contents.
pub fn render(rules: &str, items: &[Item]) -> Result<Vec<(String, String)>, String> {
    let pages = assigned(items)?;
    let mut files = vec![("docs/c-api.md".to_string(), index(rules, &pages))];
    for (page, items) in PAGES.iter().zip(&pages) {
        files.push((format!("docs/c-api/{}.md", page.file), rendered(page.title, items)));
    }
    for (file, text) in &files {
        let lines = text.lines().count();
        if lines > LONGEST {
            return Err(format!("{file} has {lines} lines: split it in rust/xtask/src/pages.rs"));
        }
    }
    Ok(files)
}

fn index(rules: &str, pages: &[Vec<&Item>]) -> String {
    let mut out = String::from(
        "# C API reference\n\nGenerated from `include/doors_caddy.h` by `cargo run -p xtask -- reference`. Do not edit. See \
         [c.md](c.md) for how to install and link the library.\n\n",
    );
    let rules = rules.split_once("Do not edit.").map_or(rules, |(_, rules)| rules).trim();
    let _ = write!(out, "```text\n{rules}\n```\n");
    for (page, items) in PAGES.iter().zip(pages) {
        let link = format!("c-api/{}.md", page.file);
        let _ = write!(out, "\n## [{}]({link})\n", page.title);
        let functions = items.iter().filter_map(|item| match &item.kind {
            Kind::Function { name, .. } => Some((name, &item.comment)),
            _ => None,
        });
        for (at, (name, comment)) in functions.enumerate() {
            out.push_str(if at == 0 { "\n| Function | What it does |\n|---|---|\n" } else { "" });
            let _ = writeln!(out, "| [`{name}`]({link}#{name}) | {} |", escaped(first_sentence(comment)));
        }
    }
    out
}

/// Renders a page: the functions first, then the types that they use.
fn rendered(title: &str, items: &[&Item]) -> String {
    let mut out = format!("# {title}\n\nPart of the [C API reference](../c-api.md). Generated, do not edit.\n");
    for item in items {
        if let Kind::Handle { name } = &item.kind {
            let _ = write!(out, "\n`{name}`: {}\n", item.comment);
        }
    }
    for item in items {
        if let Kind::Function { name, prototype } = &item.kind {
            let _ = write!(out, "\n## {name}\n\n```c\n{}\n```\n\n{}\n", wrapped(prototype), item.comment);
        }
    }
    for item in items {
        if let Kind::Struct { name, fields } = &item.kind {
            let _ = write!(out, "\n## {name}\n\n{}\n\n| Member | Type | Meaning |\n|---|---|---|\n", item.comment);
            for Field { comment, name, c_type } in fields {
                let _ = writeln!(out, "| `{name}` | `{c_type}` | {} |", escaped(comment));
            }
        }
    }
    for item in items {
        if let Kind::Enum { name, numbers } = &item.kind {
            let _ = write!(out, "\n## {name}\n\n| Name | Value | Meaning |\n|---|---|---|\n");
            for Number { comment, name, value } in numbers {
                let _ = writeln!(out, "| `{name}` | `{value}` | {} |", escaped(comment));
            }
        }
    }
    let macros = items.iter().filter_map(|item| match &item.kind {
        Kind::Macro { name, value } => Some((name, value, &item.comment)),
        _ => None,
    });
    for (at, (name, value, comment)) in macros.enumerate() {
        out.push_str(if at == 0 { "\n## Macros\n\n| Macro | Value | Meaning |\n|---|---|---|\n" } else { "" });
        let _ = writeln!(out, "| `{name}` | `{value}` | {} |", escaped(comment));
    }
    out
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
