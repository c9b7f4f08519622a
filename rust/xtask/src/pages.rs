//! The pages of the C API reference, and the assignment of the header's items to them.

use crate::parse::{Item, Kind};

pub struct Page {
    /// The name of the file in docs/c-api, without its extension.
    pub file: &'static str,
    pub title: &'static str,
    /// Names of items, or prefixes of names followed by `*`.
    items: &'static [&'static str],
}

/// In the order of the index. An item is on the first page that matches.
pub const PAGES: [Page; 10] = [
    Page {
        file: "tokens",
        title: "Tokens",
        items: &["doors_cipher", "doors_cipher_*", "doors_addr", "DOORS_TOKEN_*", "DOORS_KEY_ID_SIZE"],
    },
    Page { file: "cidrs", title: "CIDRs", items: &["doors_cidrs", "doors_cidrs_*"] },
    Page {
        file: "decisions",
        title: "Decisions",
        items: &[
            "doors_router",
            "doors_router_*",
            "doors_check",
            "doors_decision",
            "doors_decision_code",
            "doors_reason_code",
            "doors_path_code",
            "doors_field_code",
            "DOORS_HOST_SIZE",
        ],
    },
    Page {
        file: "lookups",
        title: "Hosts and lookups",
        items: &[
            "doors_state_due",
            "doors_state_resolved",
            "doors_state_resolved_late",
            "doors_state_lookup_failed",
            "doors_state_host",
            "doors_lookup",
            "doors_host_report",
            "doors_host_state",
            "doors_host_code",
            "doors_lookup_code",
            "doors_missing_code",
        ],
    },
    Page {
        file: "evictions",
        title: "Evictions and events",
        items: &[
            "doors_state_evict",
            "doors_state_undo",
            "doors_state_evictions",
            "doors_state_events",
            "doors_eviction",
            "doors_event",
            "doors_evict_code",
            "doors_event_code",
        ],
    },
    Page {
        file: "pods",
        title: "Pods",
        items: &[
            "doors_state",
            "doors_state_*",
            "doors_limits_init",
            "doors_limits",
            "doors_pod",
            "doors_known_pod",
            "doors_idle",
            "doors_verdict_code",
            "doors_idle_code",
        ],
    },
    Page {
        file: "sources",
        title: "Configurations in use",
        items: &["doors_source", "doors_source_*", "doors_options_init", "doors_options", "doors_option_code"],
    },
    Page {
        file: "requests",
        title: "Requests",
        items: &["doors_request", "doors_request_*", "doors_place", "doors_method_code"],
    },
    Page {
        file: "steps",
        title: "Steps, reports and outcomes",
        items: &[
            "doors_step",
            "doors_report",
            "doors_step_code",
            "doors_cause_code",
            "doors_report_code",
            "doors_outcome_code",
            "doors_mark_code",
        ],
    },
    Page {
        file: "errors",
        title: "Errors, names and versions",
        items: &[
            "doors_error",
            "doors_status_code",
            "doors_status_str",
            "doors_decision_str",
            "doors_reason_str",
            "doors_path_str",
            "doors_step_str",
            "doors_cause_str",
            "doors_event_str",
            "doors_lookup_str",
            "doors_host_str",
            "doors_outcome_str",
            "doors_verdict_str",
            "doors_idle_str",
            "doors_version",
            "doors_abi",
            "DOORS_VERSION*",
            "DOORS_ABI",
            "DOORS_NEVER",
            "DOORS_NONE",
        ],
    },
];

/// The items of each page, in the order of the header. Fails if an item matches no page.
pub fn assigned(items: &[Item]) -> Result<[Vec<&Item>; PAGES.len()], String> {
    let mut pages = [const { Vec::new() }; PAGES.len()];
    for item in items {
        let name = name(item);
        let page = PAGES
            .iter()
            .position(|page| page.items.contains(&name))
            .or_else(|| PAGES.iter().position(|page| page.items.iter().any(|pattern| begins(name, pattern))));
        pages[page.ok_or_else(|| format!("no page in rust/xtask/src/pages.rs has {name}"))?].push(item);
    }
    Ok(pages)
}

fn begins(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|beginning| name.starts_with(beginning))
}

fn name(item: &Item) -> &str {
    match &item.kind {
        Kind::Macro { name, .. }
        | Kind::Enum { name, .. }
        | Kind::Handle { name }
        | Kind::Struct { name, .. }
        | Kind::Function { name, .. } => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> Item {
        Item { comment: String::new(), kind: Kind::Function { name: name.into(), prototype: String::new() } }
    }

    #[test]
    fn an_exact_name_precedes_a_prefix() {
        let items = [function("doors_state_evict"), function("doors_state_limit"), function("doors_abi")];
        let found = assigned(&items).unwrap();
        let pages = PAGES.iter().zip(&found).filter(|(_, items)| !items.is_empty());
        assert_eq!(pages.map(|(page, _)| page.file).collect::<Vec<_>>(), ["evictions", "pods", "errors"]);
    }

    #[test]
    fn an_item_without_a_page_is_an_error() {
        let error = assigned(&[function("doors_colour")]).err().unwrap();
        assert_eq!(error, "no page in rust/xtask/src/pages.rs has doors_colour");
    }
}
