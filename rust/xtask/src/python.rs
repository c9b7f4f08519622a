//! Generates the constants of the C API for Python, and `ctypes` declarations of its structs and functions.

use std::fmt::Write;

use crate::groups::{groups, translated_snake};
use crate::parse::{Item, Kind};

const GENERATED: &str = "Generated from include/doors_caddy.h by `make header`. Do not edit.";

/// An IntEnum for each group of constants, or an IntFlag for flags.
pub fn numbers(items: &[Item]) -> Result<String, String> {
    let mut out = format!("\"\"\"The numbers of libdoors_caddy. {GENERATED}\"\"\"\n\n");
    out.push_str("from enum import IntEnum, IntFlag\n\nfrom ._native.library import words as _words\n");
    for item in items {
        let Kind::Macro { name, value } = &item.kind else { continue };
        // The version may differ from that of the loaded library. Python uses None in place of the last two.
        if name.starts_with("DOORS_VERSION") || name == "DOORS_NONE" || name == "DOORS_NEVER" {
            continue;
        }
        let name = name.trim_start_matches("DOORS_");
        let _ = write!(out, "\n{name} = {value}\n\"\"\"{}\"\"\"\n", translated_snake(&item.comment));
    }
    for group in groups(items)? {
        let base = if group.flags { "IntFlag" } else { "IntEnum" };
        let _ = write!(out, "\n\nclass {}({base}):\n    \"\"\"{}\"\"\"\n", group.name, group.about);
        for (name, value, comment) in group.numbers() {
            let _ = write!(out, "\n    {name} = {value}\n    \"\"\"{}\"\"\"\n", translated_snake(comment));
        }
        let function = format!("doors_{}_str", group.header.to_lowercase());
        let told = |item: &&Item| matches!(&item.kind, Kind::Function { name, .. } if *name == function);
        if let Some(item) = items.iter().find(told) {
            let (about, _) = item.comment.split_once(". ").ok_or_else(|| format!("{function} is not documented"))?;
            let _ = write!(
                out,
                "\n    @property\n    def words(self) -> str:\n        \"\"\"{}.\"\"\"\n        return _words(\"{function}\", self)\n",
                translated_snake(about)
            );
        }
    }
    Ok(out)
}

/// A class for each struct, and a table of the functions.
pub fn declarations(items: &[Item]) -> Result<String, String> {
    let mut out = format!("\"\"\"The structs and functions of libdoors_caddy for ctypes. {GENERATED}\"\"\"\n\n");
    out.push_str(
        "from ctypes import POINTER, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p\n\
         from typing import Any\n\nfrom .integers import Structure\n",
    );
    for item in items {
        let Kind::Struct { name, fields } = &item.kind else { continue };
        let _ = write!(out, "\n\nclass {}(Structure):\n    _fields_ = [\n", class(name));
        for field in fields {
            let (element, extent) = field.c_type.split_once('[').unwrap_or((&field.c_type, ""));
            let array = extent.strip_suffix(']').map(|length| format!(" * {length}")).unwrap_or_default();
            let _ = writeln!(out, "        (\"{}\", {}{array}),", field.name, value(element)?);
        }
        out.push_str("    ]\n");
    }
    out.push_str("\n\nFUNCTIONS: dict[str, tuple[Any, ...]] = {\n");
    for item in items {
        let Kind::Function { name, prototype } = &item.kind else { continue };
        let (start, parameters) = prototype.split_once('(').ok_or("a prototype has no parameters")?;
        let mut types = vec![argument(start.strip_suffix(name.as_str()).unwrap_or(start), items)?];
        for parameter in parameters.trim_end_matches([';', ')']).split(", ").filter(|parameter| *parameter != "void") {
            let end = parameter.rfind([' ', '*']).ok_or_else(|| format!("{name}: `{parameter}` has no type"))?;
            types.push(argument(&parameter[..=end], items)?);
        }
        let _ = writeln!(out, "    \"{name}\": ({}),", types.join(", ") + if types.len() == 1 { "," } else { "" });
    }
    out.push_str("}\n\"\"\"The types of the result and the parameters of each function.\"\"\"\n");
    Ok(out)
}

/// The class for a struct: `CKnownPod` for `doors_known_pod`.
fn class(name: &str) -> String {
    let words = name.trim_start_matches("doors_").split('_');
    words.fold("C".to_owned(), |class, word| class + &word[..1].to_uppercase() + &word[1..])
}

/// The type of a member or of the target of a pointer.
fn value(c_type: &str) -> Result<String, String> {
    match c_type {
        "char" | "int32_t" | "int64_t" | "uint8_t" | "uint16_t" | "uint32_t" | "uint64_t" | "size_t" => {
            Ok(format!("c_{}", c_type.trim_end_matches("_t").replace("size", "size_t")))
        }
        _ if c_type.starts_with("enum ") => Ok("c_uint32".into()),
        _ => c_type.strip_prefix("struct ").map(class).ok_or_else(|| format!("`{c_type}` has no name in Python")),
    }
}

/// The type of a parameter or a result.
fn argument(c_type: &str, items: &[Item]) -> Result<String, String> {
    let c_type = c_type.trim();
    let c_type = c_type.strip_prefix("const ").unwrap_or(c_type);
    let handle =
        |name: &str| items.iter().any(|item| matches!(&item.kind, Kind::Handle { name: known } if known == name));
    match c_type.strip_suffix('*').map(str::trim_end) {
        None if c_type == "void" => Ok("None".into()),
        None => value(c_type),
        Some("char") => Ok("c_char_p".into()),
        Some(target) if target.ends_with('*') => Ok("POINTER(c_void_p)".into()),
        Some(target) if target.strip_prefix("struct ").is_some_and(handle) => Ok("c_void_p".into()),
        Some(target) => Ok(format!("POINTER({})", value(target)?)),
    }
}
