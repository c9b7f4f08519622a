//! The names of groups of constants in the bindings, and the translation of names in the header's comments.

use crate::parse::{Item, Kind, Number};

/// The group in the header, its name in the bindings, and its description.
const NAMES: [(&str, &str, &str); 19] = [
    ("STATUS", "Status", "Why a call failed."),
    ("DECISION", "DecisionKind", "Where a request goes, judging only by its token or cookie."),
    ("REASON", "Reason", "The reason for a decision."),
    ("PATH", "PathKind", "The kind of a request, by its path."),
    ("FIELD", "Field", "A value of a configuration."),
    ("OUTCOME", "Outcome", "The outcome of a dial or of an attempt."),
    ("VERDICT", "Verdict", "The verdict on a pod."),
    ("IDLE", "IdleAnswer", "Whether the pods at an address can be stopped."),
    ("STEP", "StepKind", "What to do next for a request."),
    ("CAUSE", "Cause", "Why a request is answered without a pod."),
    ("REPORT", "ReportFlag", "What to do after a call, and what was learned."),
    ("MARK", "Mark", "What a response signals about its pod."),
    ("METHOD", "Method", "The HTTP method of a request."),
    ("OPTION", "OptionFlag", "Options of a source."),
    ("EVICT", "EvictFlag", "Options of an eviction."),
    ("EVENT", "EventKind", "A change of a pod."),
    ("MISSING", "Missing", "The IP versions with a missing or partial answer."),
    ("LOOKUP", "LookupFailure", "Why a lookup failed."),
    ("HOST", "HostChange", "What the end of a lookup has changed."),
];

/// The groups of flags, which are combined with `|`.
const FLAGS: [&str; 5] = ["REPORT", "MARK", "OPTION", "EVICT", "MISSING"];

/// The types with methods: the handles, and the request.
const HANDLES: [&str; 6] = ["cipher", "cidrs", "router", "state", "source", "request"];

pub struct Group<'a> {
    pub header: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub flags: bool,
    prefix: String,
    numbers: &'a [Number],
}

impl<'a> Group<'a> {
    /// The name without the group, the value and the comment of each constant.
    pub fn numbers(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let prefix = self.prefix.clone();
        self.numbers.iter().map(move |number| {
            let name = number.name.strip_prefix(&prefix).expect("a number has the name of its enum");
            (name, number.value.as_str(), number.comment.as_str())
        })
    }
}

/// All groups, in the order of the header.
pub fn groups(items: &[Item]) -> Result<Vec<Group<'_>>, String> {
    let enums = items.iter().filter_map(|item| match &item.kind {
        Kind::Enum { name, numbers } => Some((name, numbers)),
        _ => None,
    });
    enums
        .map(|(tag, numbers)| {
            let group = tag.trim_start_matches("doors_").trim_end_matches("_code").to_uppercase();
            let (header, name, about) = NAMES
                .iter()
                .find(|(known, ..)| *known == group)
                .ok_or_else(|| format!("{tag} has no name in rust/xtask/src/groups.rs"))?;
            let flags = FLAGS.contains(&group.as_str());
            Ok(Group { header, name, about, flags, prefix: format!("DOORS_{group}_"), numbers })
        })
        .collect()
}

/// Translates a comment of the header for a binding and puts it on one line: `DOORS_STEP_DIAL` becomes
/// `StepKind.DIAL`, and `doors_request_chose_none()` becomes `Request.choseNone()`.
pub fn translated(comment: &str) -> String {
    translated_with(comment, camel)
}

/// Like [`translated`], but `doors_request_chose_none()` becomes `Request.chose_none()`.
pub fn translated_snake(comment: &str) -> String {
    translated_with(comment, str::to_owned)
}

fn translated_with(comment: &str, member: fn(&str) -> String) -> String {
    let identifier = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = comment;
    while let Some(start) = rest.find(identifier) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !identifier(c)).unwrap_or(from.len()));
        out.push_str(before);
        out.push_str(&renamed(word, member).unwrap_or_else(|| word.into()));
        rest = if word.starts_with("DOORS_") && word.ends_with('_') {
            after.strip_prefix('*').unwrap_or(after)
        } else {
            after
        };
    }
    out.push_str(rest);
    out.replace('\n', " ")
}

fn renamed(word: &str, member: fn(&str) -> String) -> Option<String> {
    if let Some(number) = word.strip_prefix("DOORS_") {
        let known = number.split_once('_').and_then(|(group, name)| {
            // The size of a text, such as DOORS_HOST_SIZE, is in no group.
            let (_, known, _) = NAMES.iter().filter(|_| name != "SIZE").find(|(known, ..)| *known == group)?;
            Some(if name.is_empty() { (*known).to_string() } else { format!("{known}.{name}") })
        });
        return Some(known.unwrap_or_else(|| number.into()));
    }
    let word = word.strip_prefix("doors_")?;
    let (handle, name) = word.split_once('_').unwrap_or((word, ""));
    let handle = Some(handle).filter(|word| HANDLES.contains(word)).map(capital)?;
    Some(if name.is_empty() || name == "new" { handle } else { format!("{handle}.{}", member(name)) })
}

fn camel(name: &str) -> String {
    name.split('_').enumerate().map(|(at, word)| if at == 0 { word.into() } else { capital(word) }).collect()
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_speak_of_the_binding() {
        let cases = [
            ("With DOORS_STEP_DIAL,\nor DOORS_NEVER.", "With StepKind.DIAL, or NEVER."),
            ("DOORS_CAUSE_*: why.", "Cause: why."),
            ("Call doors_request_chose_none() or doors_state_due().", "Call Request.choseNone() or State.due()."),
            ("`doors_router_new()` makes it", "`Router()` makes it"),
            ("DOORS_TOKEN_IPV4, DOORS_HOST_SIZE, doors_abi()", "TOKEN_IPV4, HOST_SIZE, doors_abi()"),
        ];
        for (header, binding) in cases {
            assert_eq!(translated(header), binding);
        }
        assert_eq!(translated_snake("Call doors_request_chose_none()."), "Call Request.chose_none().");
    }

    #[test]
    fn a_group_without_a_name_is_an_error() {
        let kind = Kind::Enum { name: "doors_colour_code".into(), numbers: Vec::new() };
        assert!(groups(&[Item { comment: String::new(), kind }]).is_err());
    }
}
