//! Generates the C header from the source of rust/capi.

use std::path::Path;

use cbindgen::{Builder, Config, DocumentationLength, DocumentationStyle, Language, Style};

/// The modules with exports, in the order of the header.
const SOURCES: [&str; 14] = [
    "numbers",
    "types",
    "text",
    "cipher",
    "cidrs",
    "router",
    "check",
    "options",
    "state",
    "evictions",
    "lookups",
    "source",
    "step",
    "request",
];

const RULES: &str = include_str!("rules.txt");

pub fn generate(folder: &Path) -> Result<String, String> {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("DOORS_CADDY_H".into()),
        header: Some(RULES.trim_end().into()),
        after_includes: Some(version_macros()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        line_length: 120,
        tab_width: 4,
        documentation_style: DocumentationStyle::C99,
        documentation_length: DocumentationLength::Full,
        usize_is_size_t: true,
        ..Config::default()
    };
    config.function.sort_by = Some(cbindgen::SortKey::None);
    config.constant.sort_by = Some(cbindgen::SortKey::None);
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(folder.join(source).with_extension("rs"));
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    Ok(crate::enums::with_enums(&text))
}

/// The version macros. The generator cannot read values that the compiler takes from Cargo.toml. All members
/// of the workspace have the same version.
fn version_macros() -> String {
    let part = |text: &str| text.parse::<u32>().expect("a number");
    let (major, minor, patch) = (
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
    );
    format!(
        "\n// Version of this header. Compare with doors_version(), the version of the linked library. The number is\n\
         // major * 1000000 + minor * 1000 + patch.\n\
         #define DOORS_VERSION \"{}\"\n\
         #define DOORS_VERSION_MAJOR {major}\n\
         #define DOORS_VERSION_MINOR {minor}\n\
         #define DOORS_VERSION_PATCH {patch}\n\
         #define DOORS_VERSION_NUMBER {}",
        env!("CARGO_PKG_VERSION"),
        major * 1_000_000 + minor * 1000 + patch,
    )
}
