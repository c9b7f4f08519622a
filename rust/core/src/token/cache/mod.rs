//! In: the text of a token, and a way to open it. Out: what it holds, mostly without opening it again.
//!
//! All pages of a pod carry the same token, so a router meets few of them, each very often. Only tokens that a key
//! opened are kept: whoever has no key can push none of them out. Reading takes no lock and writes no memory.

mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering, fence};
}
mod hash;
mod slot;

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU16;

use super::secret::MAX_KEYS;
use super::{TOKEN_IPV4, TOKEN_IPV6};

use hash::Hash;
use slot::Slot;

/// Words of the text of a token: up to 59 characters, and in the last byte how many they are.
const TEXT: usize = 8;
/// Words of a slot: a mark, the key and the target (see [`Mark`]), the text, the address.
const WORDS: usize = 1 + TEXT + 2;
/// A token can be in any slot of its set. By chance some sets get more tokens: when half of all slots are in use, one
/// token in seven belongs to such a set; when a quarter is, one in fifty.
const WAYS: usize = 4;
/// 512 slots, 48 KiB for each router: tokens of some hundred live pods. With more pods some tokens are opened each time.
const SETS: usize = 128;

// The key has four bits of a slot.
const _: () = assert!(MAX_KEYS <= 1 << (16 - Mark::BITS));

/// Where the pods of a CIDR are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) upstream: u32,
    /// That of the upstream, so that a decision reads nothing else of it.
    pub(crate) port: NonZeroU16,
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Never an IPv4-mapped IPv6 address.
    pub(crate) address: IpAddr,
    /// Which key opened the token, from 0.
    pub(crate) key: u32,
    /// Of the CIDR in which the address lies.
    pub(crate) target: Option<Target>,
}

/// Neighbours, so that a token that is in its first slot costs two cache lines.
#[repr(align(64))]
struct Set([Slot<WORDS>; WAYS]);

/// The tokens that were opened last. Usable from any number of threads.
pub(crate) struct TokenCache {
    hash: Hash<TEXT>,
    sets: Box<[Set]>,
}

impl TokenCache {
    pub(crate) fn new() -> Self {
        let set = || Set(std::array::from_fn(|_| Slot::new()));
        TokenCache { hash: Hash::random(), sets: std::iter::repeat_with(set).take(SETS).collect() }
    }

    /// What `open` said of this token before, or says now. It must say the same every time. Allocates nothing.
    pub(crate) fn get_or_open<E>(
        &self,
        token: &[u8],
        open: impl FnOnce() -> Result<Resolved, E>,
    ) -> Result<Resolved, E> {
        // A token that is here has a valid form, so a text of any bytes may be looked for.
        let Some(text) = words(token) else { return open() };
        let hash = self.hash.of(&text);
        let (set, mark) = (&self.sets[hash as usize % SETS], Mark::of(hash));
        if let Some(resolved) = set.find(mark, &text) {
            return Ok(resolved);
        }
        let resolved = open()?;
        set.put(mark, &text, resolved);
        Ok(resolved)
    }
}

/// The upper 12 bits of the first word of a slot, from the hash of the text, so that mostly only the slot that holds a
/// token is read whole. Below are 4 bits for the key, 16 for the port, zero if there is no target, and 32 for the
/// upstream.
#[derive(Clone, Copy)]
struct Mark(u64);

impl Mark {
    const BITS: u32 = 12;

    fn of(hash: u32) -> Self {
        Mark(u64::from(hash >> (32 - Self::BITS)))
    }

    fn is_of(self, first: u64) -> bool {
        first >> (64 - Self::BITS) == self.0
    }
}

impl Set {
    fn find(&self, mark: Mark, text: &[u64; TEXT]) -> Option<Resolved> {
        self.0.iter().find_map(|slot| {
            let words = slot.read_if(|first| mark.is_of(first))?;
            let (kept, resolved) = unpacked(&words);
            // All words, and only then the answer: how long it takes does not tell how much is the same.
            let difference = kept.iter().zip(text).fold(0, |difference, (kept, text)| difference | (kept ^ text));
            (difference == 0).then_some(resolved)
        })
    }

    fn put(&self, mark: Mark, text: &[u64; TEXT], resolved: Resolved) {
        // Another thread may have been quicker. If both are at it, it is here twice, which does no harm.
        if self.find(mark, text).is_some() {
            return;
        }
        // In turn, since readers leave no trace of what they use.
        let writes = self.0.iter().map(Slot::writes).sum::<u64>();
        self.0[writes as usize % WAYS].write(&packed(mark, text, resolved));
    }
}

/// The text of a token as words, different for different texts. `None` if no token has this length.
fn words(token: &[u8]) -> Option<[u64; TEXT]> {
    let mut bytes = [0; TEXT * 8];
    if let Ok(token) = <&[u8; TOKEN_IPV4]>::try_from(token) {
        bytes[..TOKEN_IPV4].copy_from_slice(token);
    } else {
        bytes[..TOKEN_IPV6].copy_from_slice(<&[u8; TOKEN_IPV6]>::try_from(token).ok()?);
    }
    bytes[TEXT * 8 - 1] = token.len() as u8;
    let (chunks, _) = bytes.as_chunks::<8>();
    Some(std::array::from_fn(|index| u64::from_le_bytes(chunks[index])))
}

fn packed(mark: Mark, text: &[u64; TEXT], Resolved { address, key, target }: Resolved) -> [u64; WORDS] {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    };
    let (upstream, port) = target.map_or((0, 0), |target| (target.upstream, target.port.get()));
    let first = mark.0 << (64 - Mark::BITS) | u64::from(key) << 48 | u64::from(port) << 32 | u64::from(upstream);
    let [a, b, c, d, e, f, g, h] = *text;
    [first, a, b, c, d, e, f, g, h, (address >> 64) as u64, address as u64]
}

fn unpacked(words: &[u64; WORDS]) -> ([u64; TEXT], Resolved) {
    let [first, a, b, c, d, e, f, g, h, high, low] = *words;
    let address = Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low));
    let resolved = Resolved {
        address: IpAddr::V6(address).to_canonical(),
        key: (first >> 48) as u32 % (1 << (16 - Mark::BITS)),
        target: NonZeroU16::new((first >> 32) as u16).map(|port| Target { upstream: first as u32, port }),
    };
    ([a, b, c, d, e, f, g, h], resolved)
}

#[cfg(test)]
mod tests;
