//! Generates Java enums for the constants of the C API, and descriptions of its functions and structs.

use std::fmt::Write;

use crate::abi::Layout;
use crate::groups::{groups, translated};
use crate::numbers::constants;
use crate::parse::{Item, Kind};

const GENERATED: &str = "Generated from include/doors_caddy.h by {@code make header}. Do not edit.";

/// The declarations that all enums share.
const HELPERS: &str = "
    /** A number of the C API. */
    public interface Number {
        /** {@return the number} */
        int number();
    }

    /**
     * Combines flags.
     *
     * @param flags the flags
     * @return their sum
     */
    public static int sum(Set<? extends Number> flags) {
        return flags.stream().mapToInt(Number::number).sum();
    }

    private static <E extends Enum<E> & Number> E named(E[] all, int number) {
        for (E one : all) if (one.number() == number) return one;
        throw new IllegalArgumentException(
                all[0].getDeclaringClass().getSimpleName() + \" has no number \" + number + \": the library is newer\");
    }
";

pub fn numbers(items: &[Item]) -> Result<String, String> {
    let mut out = format!(
        "package dev.doors.caddy;\n\nimport dev.doors.caddy.c.Abi.Function;\nimport dev.doors.caddy.c.C;\nimport java.util.Arrays;\nimport java.util.EnumSet;\nimport java.util.Set;\nimport \
         java.util.stream.Collectors;\n\n/** The numbers of libdoors_caddy. {GENERATED} */\npublic final class Numbers \
         {{\n    private Numbers() {{}}\n{HELPERS}"
    );
    for (name, value, comment) in constants(items) {
        // Java has no unsigned 32-bit integers.
        let (kind, value) = match u32::try_from(value) {
            Ok(value) => ("int", (value as i32).to_string()),
            Err(_) => ("long", format!("{value}L")),
        };
        let _ = writeln!(
            out,
            "\n    /** {} */\n    public static final {kind} {name} = {value};",
            documented(&translated(comment))
        );
    }
    for group in groups(items)? {
        let (name, about) = (group.name, group.about);
        let _ = writeln!(out, "\n    /** {about} */\n    public enum {name} implements Number {{");
        let members: Vec<String> = group
            .numbers()
            .map(|(member, value, comment)| {
                format!("        /** {} */\n        {member}({value})", documented(&translated(comment)))
            })
            .collect();
        let words = format!("doors_{}_str", group.header.to_lowercase());
        let has_words = items.iter().any(|item| matches!(&item.kind, Kind::Function { name, .. } if *name == words));
        let words = has_words.then(|| words.to_uppercase());
        let _ = write!(out, "{};\n\n{}", members.join(",\n"), body(name, group.flags, words.as_deref()));
    }
    Ok(out + "}\n")
}

fn body(name: &str, flags: bool, words: Option<&str>) -> String {
    let words = words.map_or(String::new(), |function| {
        format!(
            "
        /** {{@return a short text or identifier, suitable for a log}} */
        public String words() {{
            return C.text(Function.{function}, number);
        }}
"
        )
    });
    let of = if flags {
        format!(
            "        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<{name}> in(int sum) {{
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf({name}.class)));
        }}
"
        )
    } else {
        format!(
            "        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static {name} of(int number) {{
            return named(values(), number);
        }}
"
        )
    };
    format!(
        "        private final int number;

        {name}(int number) {{
            this.number = number;
        }}

        @Override
        public int number() {{
            return number;
        }}

{of}{words}    }}
"
    )
}

/// The signatures of the functions and the layouts of the structs.
pub fn interface(items: &[Item], layouts: &[Layout]) -> Result<String, String> {
    let mut out = format!(
        "package dev.doors.caddy.c;\n\nimport java.util.Locale;\n\n/** The functions of libdoors_caddy, and where the members of its structs are: size \
         and offsets in bytes. {GENERATED} */\npublic final class Abi {{\n    private Abi() {{}}\n\n    /** A function. */\n    public enum \
         Function {{\n"
    );
    let mut functions = Vec::new();
    for item in items {
        if let Kind::Function { name, prototype } = &item.kind {
            functions.push(format!(
                "        /** {{@code {prototype}}} */\n        {}(\"{}\")",
                name.to_uppercase(),
                signature(prototype)?
            ));
        }
    }
    let _ = write!(
        out,
        "{};

        private final String signature;

        Function(String signature) {{
            this.signature = signature;
        }}

        /** {{@return the name of the function in the library}} */
        public String symbol() {{
            return name().toLowerCase(Locale.ROOT);
        }}

        /**
         * Returns the signature: a letter for the result, then one for each parameter. {{@code i}} is 32 bits, {{@code l}}
         * 64 bits, {{@code p}} a pointer and {{@code v}} nothing.
         *
         * @return the letters
         */
        public String signature() {{
            return signature;
        }}
    }}
",
        functions.join(",\n")
    );
    for layout in layouts {
        let name = layout.name.trim_start_matches("doors_").to_uppercase();
        let _ = writeln!(
            out,
            "\n    /** The size of {{@code {}}}, in bytes. */\n    public static final int {name}_SIZE = {};",
            layout.name, layout.size
        );
        for (member, offset) in &layout.offsets {
            let _ = writeln!(
                out,
                "    /** The offset of {{@code {member}}} in {{@code {}}}, in bytes. */\n    public static final int {name}_{} = {offset};",
                layout.name,
                member.to_uppercase()
            );
        }
    }
    Ok(out + "}\n")
}

/// The signature of a function: letters for the result and the parameters.
fn signature(prototype: &str) -> Result<String, String> {
    let (before, parameters) = prototype.split_once('(').ok_or_else(|| format!("`{prototype}` has no parameters"))?;
    let parameters = parameters.trim_end_matches([')', ';']);
    let result = before.rsplit_once("doors_").map_or(before, |(result, _)| result);
    let parameters = parameters.split(", ").filter(|parameter| *parameter != "void");
    std::iter::once(result).chain(parameters).map(letter).collect()
}

fn letter(declaration: &str) -> Result<char, String> {
    if declaration.contains('*') {
        return Ok('p');
    }
    match declaration.split(' ').next().unwrap_or_default() {
        "int32_t" | "uint32_t" => Ok('i'),
        "int64_t" | "uint64_t" | "size_t" => Ok('l'),
        "void" => Ok('v'),
        _ => Err(format!("rust/xtask/src/java.rs does not know the type of `{declaration}`")),
    }
}

/// Converts a comment to Javadoc: replaces backticks and escapes HTML.
fn documented(comment: &str) -> String {
    let escaped = comment.replace('\n', " ").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = String::new();
    for (at, part) in escaped.split('`').enumerate() {
        out.push_str(if at % 2 == 1 { "{@code " } else { "" });
        out.push_str(part);
        out.push_str(if at % 2 == 1 { "}" } else { "" });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let cases = [
            ("uint32_t doors_abi(void);", "i"),
            ("const char *doors_version(void);", "p"),
            ("void doors_cipher_free(struct doors_cipher *cipher);", "vp"),
            ("int32_t doors_x(const char *text, size_t len, uint32_t n, int64_t now);", "iplil"),
        ];
        for (prototype, letters) in cases {
            assert_eq!(signature(prototype).as_deref(), Ok(letters));
        }
        assert!(signature("int32_t doors_x(float n);").is_err());
    }

    #[test]
    fn comments() {
        assert_eq!(documented("`/~/s` and\n<none>"), "{@code /~/s} and &lt;none&gt;");
    }
}
