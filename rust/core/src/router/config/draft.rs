//! Collects the checked values of a configuration while it is parsed, or the first error.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

use super::member::Member;
use super::scalar::Scalar;
use super::{Place, Upstream};
use crate::error::{Error, Status, shown};
use crate::router::cidr::Collected;
use crate::router::{cidr, cookie, host, port, warning};
use crate::token::TokenCipher;

/// The values parsed so far, and the first error.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) cipher: Option<TokenCipher>,
    pub(super) cookie_name: Option<Box<str>>,
    pub(super) upstreams: Option<Vec<Upstream>>,
    pub(super) cidrs: Collected<Place>,
    pub(super) warnings: Vec<Error>,
    pub(super) error: Option<Error>,
}

impl Draft {
    /// Keeps the first error. The returned error only stops the parser.
    pub(super) fn fail<E: serde::de::Error>(&mut self, error: Error) -> E {
        self.error.get_or_insert(error);
        E::custom("refused")
    }

    pub(super) fn set_secret(&mut self, value: Scalar<'_>) -> Result<(), Error> {
        let cipher = match text(value, Member::Secret)? {
            Cow::Borrowed(text) => TokenCipher::new(text.as_bytes()),
            Cow::Owned(text) => TokenCipher::new(Zeroizing::new(text).as_bytes()),
        };
        self.cipher = Some(cipher.map_err(|error| error.at(&Member::Secret))?);
        Ok(())
    }

    pub(super) fn set_cookie_name(&mut self, value: Scalar<'_>) -> Result<(), Error> {
        let name = text(value, Member::CookieName)?;
        cookie::check_name(&name).map_err(|rule| config(Member::CookieName, rule))?;
        self.cookie_name = Some(name.into());
        Ok(())
    }

    /// Adds one CIDR. `item` is its index in `cidrs`, or `None` for `cidr`.
    pub(super) fn add_cidr(&mut self, upstream: u32, item: Option<u32>, value: Scalar<'_>) -> Result<(), Error> {
        let place = Place { upstream, cidr: item };
        let member = member(place);
        let refuse = |rule| Error::new(Status::Cidr, Some(upstream), rule).at(&member);
        let text = text(value, member)?;
        let net = cidr::parse(&text).map_err(refuse)?;
        cidr::collect(&mut self.cidrs, net, place).map_err(|same| {
            refuse(format!(
                "{} is the same network as {}; remove one of them",
                cidr::spelled(&text, net),
                self::member(same)
            ))
        })?;
        if let Some(reason) = warning::about(net) {
            self.warnings.push(Error::new(Status::Cidr, Some(upstream), format!("{text} {reason}")).at(&member));
        }
        Ok(())
    }
}

fn member(place: Place) -> Member {
    match place.cidr {
        None => Member::Cidr(place.upstream),
        Some(item) => Member::CidrsItem(place.upstream, item),
    }
}

/// The maximum number of hosts per upstream.
const MAX_HOSTS: usize = 64;

/// Adds the value of `host` or one element of `hosts`.
pub(super) fn add_host(hosts: &mut Vec<String>, member: Member, value: Scalar<'_>) -> Result<(), Error> {
    let host = text(value, member)?;
    host::check(&host).map_err(|rule| config(member, rule))?;
    if hosts.iter().any(|earlier| earlier.eq_ignore_ascii_case(&host)) {
        return Err(config(member, format!("{} is listed twice; remove one of them", shown(&host))));
    }
    if hosts.len() == MAX_HOSTS {
        return Err(config(member, format!("is one host too many; the limit is {MAX_HOSTS} hosts per upstream")));
    }
    hosts.push(host.into_owned());
    Ok(())
}

/// Parses the value of `port`.
pub(super) fn read_port(upstream: u32, value: Scalar<'_>) -> Result<u16, Error> {
    let member = Member::Port(upstream);
    let port = match value {
        Scalar::Whole(number) => port::from_number(number),
        Scalar::Number(number) => Err(port::not_a_port(&short(number))),
        other => Err(format!("must be a number, not {}; {}", other.kind(), port::RULE)),
    };
    port.map_err(|rule| config(member, rule))
}

/// Formats a number for a message; 8080.0 stays different from 8080.
fn short(number: f64) -> String {
    let text = if number < 0.0 { number.to_string() } else { format!("{number:?}") };
    if text.len() <= 20 { text } else { format!("{number:.3e}") }
}

fn text(value: Scalar<'_>, member: Member) -> Result<Cow<'_, str>, Error> {
    match value {
        Scalar::Text(text) => Ok(text),
        other => Err(config(member, format!("must be a string, not {}", other.kind()))),
    }
}

/// An error about a member.
pub(super) fn config(member: Member, rule: impl Into<String>) -> Error {
    Error::new(Status::Config, member.index(), rule).at(&member)
}

/// The error for a member that is not allowed in `member`.
pub(super) fn unknown(member: Member, name: &str, known: &str) -> Error {
    let name = match shown(name) {
        short if short.starts_with('"') => format!("unknown member {short}"),
        _ => format!("unknown member (its name has {} characters)", name.chars().count()),
    };
    config(member, format!("{name}; the valid members are {known}"))
}

/// The error for text that is not valid JSON or is nested too deeply.
pub(super) fn syntax(member: Member, error: &dyn fmt::Display) -> Error {
    config(member, format!("is not valid JSON: {error}"))
}
