//! Walks through the JSON configuration and passes each value to the draft.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Upstream;
use super::draft::{Draft, add_host, config, read_port, syntax, unknown};
use super::member::Member;
use super::scalar::Scalar;
use crate::error::{Error, Status};

/// The name of a member, borrowed from the text unless it has escapes.
struct Name<'json>(Cow<'json, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(name) => Ok(Name(name)),
            // JSON member names are always strings.
            _ => Ok(Name(Cow::Borrowed(""))),
        }
    }
}

/// Marks a member as seen. Fails if it was seen before.
fn once(seen: &mut bool, member: Member) -> Result<(), Error> {
    if std::mem::replace(seen, true) { Err(config(member, "is set twice; remove one of them")) } else { Ok(()) }
}

/// Fails if an upstream has both a member and its plural form.
fn not_both(one: bool, several: bool, name: &str, upstream: Member) -> Result<(), Error> {
    let rule = || config(upstream, format!("has both {name} and {name}s; use only one of them"));
    if one && several { Err(rule()) } else { Ok(()) }
}

/// Parses the value of a member.
fn value<'de, A: MapAccess<'de>>(draft: &mut Draft, map: &mut A, member: Member) -> Result<Scalar<'de>, A::Error> {
    map.next_value().map_err(|error| draft.fail(syntax(member, &error)))
}

/// Defines the visitor methods for types that are not allowed.
macro_rules! refuse_others {
    ($expected:literal) => {
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str($expected)
        }
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "a boolean"))
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "a number"))
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "a number"))
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "a number"))
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "a string"))
        }
        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Err(self.refuse($expected, "null"))
        }
    };
}

/// Defines a visitor for a particular member.
macro_rules! seed {
    ($seed:ident, $value:ty, |$self:ident| $member:expr) => {
        impl $seed<'_> {
            fn refuse<E: serde::de::Error>($self, expected: &str, found: &str) -> E {
                let member = $member;
                $self.0.fail(config(member, format!("must be {expected}, not {found}")))
            }
        }

        impl<'de> DeserializeSeed<'de> for $seed<'_> {
            type Value = $value;
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }
    };
}

/// The whole configuration.
pub(super) struct Root<'draft>(pub(super) &'draft mut Draft);
/// The array `upstreams`.
struct Upstreams<'draft>(&'draft mut Draft);
/// One object in `upstreams`, by its index.
struct Entry<'draft>(&'draft mut Draft, u32);
/// The array `cidrs` of one upstream.
struct Cidrs<'draft>(&'draft mut Draft, u32);
/// The array `hosts` of one upstream.
struct Hosts<'draft>(&'draft mut Draft, u32);

seed!(Root, (), |self| Member::Root);
seed!(Upstreams, Vec<Upstream>, |self| Member::Upstreams);
seed!(Entry, Upstream, |self| Member::Upstream(self.1));
seed!(Cidrs, (), |self| Member::Cidrs(self.1));
seed!(Hosts, Vec<String>, |self| Member::Hosts(self.1));

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();
    refuse_others!("an object");

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse("an object", "an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let draft = self.0;
        let (mut secret, mut cookie_name, mut source, mut upstreams) = (false, false, false, false);
        while let Some(Name(name)) = map.next_key().map_err(|error| draft.fail(syntax(Member::Root, &error)))? {
            match name.as_ref() {
                "secret" => {
                    once(&mut secret, Member::Secret).map_err(|error| draft.fail(error))?;
                    let value = value(draft, &mut map, Member::Secret)?;
                    draft.set_secret(value).map_err(|error| draft.fail(error))?;
                }
                "cookie_name" => {
                    once(&mut cookie_name, Member::CookieName).map_err(|error| draft.fail(error))?;
                    let value = value(draft, &mut map, Member::CookieName)?;
                    draft.set_cookie_name(value).map_err(|error| draft.fail(error))?;
                }
                "source" => {
                    once(&mut source, Member::Source).map_err(|error| draft.fail(error))?;
                    map.next_value::<IgnoredAny>().map_err(|error| draft.fail(syntax(Member::Source, &error)))?;
                }
                "upstreams" => {
                    once(&mut upstreams, Member::Upstreams).map_err(|error| draft.fail(error))?;
                    let list = map.next_value_seed(Upstreams(draft));
                    draft.upstreams = Some(list.map_err(|error| draft.fail(syntax(Member::Upstreams, &error)))?);
                }
                name => return Err(draft.fail(unknown(Member::Root, name, "secret, cookie_name, upstreams, source"))),
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Upstreams<'_> {
    type Value = Vec<Upstream>;
    refuse_others!("an array of objects");

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.refuse("an array of objects", "an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let draft = self.0;
        let mut upstreams = Vec::new();
        for index in 0.. {
            let next = array.next_element_seed(Entry(draft, index));
            match next.map_err(|error| draft.fail(syntax(Member::Upstream(index), &error)))? {
                Some(upstream) => upstreams.push(upstream),
                None => break,
            }
        }
        if upstreams.is_empty() {
            return Err(draft.fail(config(Member::Upstreams, "is empty; at least one upstream is required")));
        }
        Ok(upstreams)
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = Upstream;
    refuse_others!("an object");

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Upstream, A::Error> {
        Err(self.refuse("an object", "an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Upstream, A::Error> {
        let Entry(draft, index) = self;
        let (mut cidr, mut cidrs, mut host, mut has_hosts, mut has_port) = (false, false, false, false, false);
        let (mut hosts, mut port) = (Vec::new(), None);
        let this = Member::Upstream(index);
        while let Some(Name(name)) = map.next_key().map_err(|error| draft.fail(syntax(this, &error)))? {
            match name.as_ref() {
                "cidr" => {
                    once(&mut cidr, Member::Cidr(index)).map_err(|error| draft.fail(error))?;
                    not_both(cidr, cidrs, "cidr", this).map_err(|error| draft.fail(error))?;
                    let value = value(draft, &mut map, Member::Cidr(index))?;
                    draft.add_cidr(index, None, value).map_err(|error| draft.fail(error))?;
                }
                "cidrs" => {
                    once(&mut cidrs, Member::Cidrs(index)).map_err(|error| draft.fail(error))?;
                    not_both(cidr, cidrs, "cidr", this).map_err(|error| draft.fail(error))?;
                    let list = map.next_value_seed(Cidrs(draft, index));
                    list.map_err(|error| draft.fail(syntax(Member::Cidrs(index), &error)))?;
                }
                "host" => {
                    once(&mut host, Member::Host(index)).map_err(|error| draft.fail(error))?;
                    not_both(host, has_hosts, "host", this).map_err(|error| draft.fail(error))?;
                    let value = value(draft, &mut map, Member::Host(index))?;
                    add_host(&mut hosts, Member::Host(index), value).map_err(|error| draft.fail(error))?;
                }
                "hosts" => {
                    once(&mut has_hosts, Member::Hosts(index)).map_err(|error| draft.fail(error))?;
                    not_both(host, has_hosts, "host", this).map_err(|error| draft.fail(error))?;
                    let list = map.next_value_seed(Hosts(draft, index));
                    hosts = list.map_err(|error| draft.fail(syntax(Member::Hosts(index), &error)))?;
                }
                "port" => {
                    once(&mut has_port, Member::Port(index)).map_err(|error| draft.fail(error))?;
                    let value = value(draft, &mut map, Member::Port(index))?;
                    port = Some(read_port(index, value).map_err(|error| draft.fail(error))?);
                }
                name => return Err(draft.fail(unknown(this, name, "cidr, cidrs, host, hosts, port"))),
            }
        }
        match (cidr || cidrs, host || has_hosts, port) {
            (true, true, Some(port)) => Ok(Upstream { hosts, port }),
            (false, ..) => Err(draft.fail(config(Member::Cidr(index), "is required (or cidrs, with an array)"))),
            (_, false, _) => Err(draft.fail(config(Member::Host(index), "is required (or hosts, with an array)"))),
            (.., None) => Err(draft.fail(config(Member::Port(index), "is required"))),
        }
    }
}

impl<'de> Visitor<'de> for Cidrs<'_> {
    type Value = ();
    refuse_others!("an array of strings");

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse("an array of strings", "an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let Cidrs(draft, index) = self;
        for item in 0.. {
            let member = Member::CidrsItem(index, item);
            let Some(value) = array.next_element().map_err(|error| draft.fail(syntax(member, &error)))? else {
                if item == 0 {
                    let rule = "is empty; at least one CIDR is required";
                    return Err(draft.fail(Error::new(Status::Cidr, Some(index), rule).at(&Member::Cidrs(index))));
                }
                break;
            };
            draft.add_cidr(index, Some(item), value).map_err(|error| draft.fail(error))?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Hosts<'_> {
    type Value = Vec<String>;
    refuse_others!("an array of strings");

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Vec<String>, A::Error> {
        Err(self.refuse("an array of strings", "an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Vec<String>, A::Error> {
        let Hosts(draft, index) = self;
        let mut hosts = Vec::new();
        for item in 0.. {
            let member = Member::HostsItem(index, item);
            let Some(value) = array.next_element().map_err(|error| draft.fail(syntax(member, &error)))? else { break };
            add_host(&mut hosts, member, value).map_err(|error| draft.fail(error))?;
        }
        if hosts.is_empty() {
            return Err(draft.fail(config(Member::Hosts(index), "is empty; at least one host is required")));
        }
        Ok(hosts)
    }
}
