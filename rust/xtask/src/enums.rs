//! Replaces the number macros of the generated header by enums, one per group, and gives struct members enum
//! types, so that debuggers show names.
//!
//! Members keep their 32 bits: through a fixed underlying type if the language has that, otherwise through a
//! check, since C before C23 leaves the size of an enum to the compiler. Parameters stay integers, because
//! callers may have read them from anywhere.

use std::fmt::Write;

/// Groups whose numbers are quantities rather than alternatives.
const SIZES: [&str; 2] = ["VERSION", "TOKEN"];

const DEFINITION: &str = "\
// An enum of 32 bits.
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define DOORS_ENUM(name, type) enum name : type
#else
#define DOORS_ENUM(name, type) enum name
#endif";

/// The tag of a group: `enum doors_step_code` for DOORS_STEP_*, because `doors_step` is a struct.
fn tag(group: &str) -> String {
    format!("doors_{}_code", group.to_lowercase())
}

/// The type of a group. Return values are signed.
fn integer(group: &str) -> &'static str {
    if group == "STATUS" { "int32_t" } else { "uint32_t" }
}

pub fn with_enums(header: &str) -> String {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    let mut last = None;
    for block in header.split("\n\n") {
        let found = number(block);
        if let Some((group, text)) = open.take_if(|(group, _)| found.as_ref().is_none_or(|found| found.group != *group))
        {
            blocks.push(text + "};");
            last = Some(group);
        }
        let Some(Number { group, comment, name, value }) = found else {
            blocks.extend(last.take().map(check));
            blocks.push(typed(block));
            continue;
        };
        if blocks.iter().all(|block| block != DEFINITION) {
            blocks.push(DEFINITION.into());
        }
        let (_, text) =
            open.get_or_insert_with(|| (group, format!("DOORS_ENUM({}, {}) {{\n", tag(group), integer(group))));
        for line in comment.lines() {
            let _ = writeln!(text, "    {line}");
        }
        let _ = writeln!(text, "    {name} = {value},");
    }
    blocks.join("\n\n")
}

/// One enum is enough: the compiler makes either all of them small or none.
fn check(group: &str) -> String {
    format!(
        "#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n\
         _Static_assert(sizeof(enum {}) == 4, \"compile without -fshort-enums\");\n#endif",
        tag(group)
    )
}

struct Number<'a> {
    group: &'a str,
    comment: &'a str,
    name: &'a str,
    value: &'a str,
}

/// Parses a comment with one macro, such as DOORS_PATH_PAGE.
fn number(block: &str) -> Option<Number<'_>> {
    let (comment, definition) = block.rsplit_once('\n')?;
    let (name, value) = definition.strip_prefix("#define ")?.split_once(' ')?;
    let (group, _) = name.strip_prefix("DOORS_")?.split_once('_')?;
    let commented = comment.lines().all(|line| line.starts_with("//"));
    (commented && !SIZES.contains(&group) && !name.ends_with("_SIZE")).then_some(Number { group, comment, name, value })
}

/// Gives a member the enum type of the group that its comment names first.
fn typed(block: &str) -> String {
    let mut commented = false;
    let mut group = None;
    let lines = block.lines().map(|line| {
        let text = line.trim_start();
        if let Some(comment) = text.strip_prefix("// ") {
            if !commented {
                group = comment.strip_prefix("DOORS_").and_then(|comment| Some(comment.split_once("_*")?.0));
            }
            commented = true;
            return line.to_owned();
        }
        commented = false;
        match (group.take(), text.strip_prefix("uint32_t ")) {
            (Some(group), Some(member)) if line.starts_with(' ') => format!("    enum {} {member}", tag(group)),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + if block.ends_with('\n') { "\n" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_become_enums() {
        let header = "\
#include <stdint.h>

// Version.
#define DOORS_VERSION_MAJOR 0

// No index.
#define DOORS_NONE UINT32_MAX

// One.
#define DOORS_PATH_ONE 1

// Two
// lines.
#define DOORS_PATH_TWO 2

// Dial.
#define DOORS_STEP_DIAL 1

typedef struct doors_step {
    // DOORS_STEP_*: what to do.
    uint32_t kind;
    // Seconds, with DOORS_STEP_*.
    uint32_t after;
} doors_step;

int32_t doors_do(uint32_t kind);
";
        let expected = format!(
            "\
#include <stdint.h>

// Version.
#define DOORS_VERSION_MAJOR 0

// No index.
#define DOORS_NONE UINT32_MAX

{DEFINITION}

DOORS_ENUM(doors_path_code, uint32_t) {{
    // One.
    DOORS_PATH_ONE = 1,
    // Two
    // lines.
    DOORS_PATH_TWO = 2,
}};

DOORS_ENUM(doors_step_code, uint32_t) {{
    // Dial.
    DOORS_STEP_DIAL = 1,
}};

{}

typedef struct doors_step {{
    // DOORS_STEP_*: what to do.
    enum doors_step_code kind;
    // Seconds, with DOORS_STEP_*.
    uint32_t after;
}} doors_step;

int32_t doors_do(uint32_t kind);
",
            check("STEP")
        );
        assert_eq!(with_enums(header), expected);
    }
}
