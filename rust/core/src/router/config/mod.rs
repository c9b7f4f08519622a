//! Parses the JSON configuration into checked values. Errors name the field, the value and the rule.
//!
//! Values are checked while the text is parsed, so parsing stops at the first mistake. Messages repeat values
//! of the wrong type and unknown names only if they are too short to be a key.

mod draft;
mod member;
mod scalar;
mod walk;

use std::num::NonZeroU16;

use serde::de::DeserializeSeed;

use super::cidr::Table;
use crate::error::{Error, MAX_INPUT, Status};
use crate::token::TokenCipher;
use crate::token::cache::Target;

use draft::Draft;
use member::Member;
use walk::Root;

/// One upstream. The addresses of its hosts are its fresh pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// DNS names and IP addresses, 1 to 64.
    pub hosts: Vec<String>,
    /// The port of all pods of the upstream, 1 to 65535.
    pub port: u16,
}

/// The position of a CIDR: its upstream, and its index in `cidrs` or `None` for `cidr`.
#[derive(Clone, Copy)]
struct Place {
    upstream: u32,
    cidr: Option<u32>,
}

/// The checked values of a configuration.
pub(crate) struct Config {
    pub(crate) cipher: TokenCipher,
    pub(crate) cookie_name: Option<Box<str>>,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) table: Table<Target>,
    pub(crate) warnings: Vec<Error>,
}

pub(crate) fn parse(json: &[u8]) -> Result<Config, Error> {
    if json.len() > MAX_INPUT {
        return Err(Error::too_large("the configuration", json.len()));
    }
    let mut draft = Draft::default();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = Root(&mut draft).deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = read {
        return Err(draft.error.unwrap_or_else(|| draft::syntax(Member::Root, &error)));
    }
    // All strings were checked when they were parsed, except those in the ignored `source`.
    if std::str::from_utf8(json).is_err() {
        return Err(draft::config(Member::Source, "is not valid UTF-8"));
    }
    finish(draft)
}

/// Applies the rules that concern the configuration as a whole.
fn finish(draft: Draft) -> Result<Config, Error> {
    let required = |member: Member| Error::new(Status::Config, None, "is required").at(&member);
    let cipher = draft.cipher.ok_or_else(|| required(Member::Secret))?;
    let upstreams = draft.upstreams.ok_or_else(|| required(Member::Upstreams))?;
    if upstreams.len() > 1 && draft.cookie_name.is_none() {
        let rule =
            format!("is required when there is more than one upstream (this configuration has {})", upstreams.len());
        return Err(Error::new(Status::Config, None, rule).at(&Member::CookieName));
    }
    let target = |Place { upstream, .. }: Place| {
        let port = NonZeroU16::new(upstreams[upstream as usize].port).expect("the check of ports lets no zero pass");
        Target { upstream, port }
    };
    let table = Table::new(&draft.cidrs, target);
    Ok(Config { cipher, cookie_name: draft.cookie_name, upstreams, table, warnings: draft.warnings })
}

#[cfg(test)]
mod tests;
