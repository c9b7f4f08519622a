//! Caches decrypted tokens.
//!
//! All pages of a pod carry the same token, so a router sees few tokens, each many times. Only tokens that a
//! key decrypted are cached, so forged tokens evict nothing. Reading takes no lock and writes no memory.

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

/// The number of words for the text of a token: up to 59 characters, with the length in the last byte.
const TEXT: usize = 8;
/// The number of words in a slot: a mark with the key and the target (see [`Mark`]), the text, the address.
const WORDS: usize = 1 + TEXT + 2;
/// A token may occupy any slot of its set. Sets fill unevenly: when half of all slots are in use, one token
/// in seven belongs to an overfull set; at a quarter, one in fifty.
const WAYS: usize = 4;
/// 512 slots, 48 KiB per router, for the tokens of some hundred live pods. With more pods, some tokens are
/// decrypted each time.
const SETS: usize = 128;

// A slot has four bits for the key.
const _: () = assert!(MAX_KEYS <= 1 << (16 - Mark::BITS));

/// The destination of a CIDR's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) upstream: u32,
    /// The upstream's port, stored here so that a decision need not read the upstream.
    pub(crate) port: NonZeroU16,
}

/// The meaning of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Never an IPv4-mapped IPv6 address.
    pub(crate) address: IpAddr,
    /// The zero-based index of the key that decrypted the token.
    pub(crate) key: u32,
    /// The target of the CIDR that contains the address.
    pub(crate) target: Option<Target>,
}

/// Adjacent in memory, so that a token in its first slot costs two cache lines.
#[repr(align(64))]
struct Set([Slot<WORDS>; WAYS]);

/// Recently decrypted tokens. Can be used from any number of threads.
pub(crate) struct TokenCache {
    hash: Hash<TEXT>,
    sets: Box<[Set]>,
}

impl TokenCache {
    pub(crate) fn new() -> Self {
        let set = || Set(std::array::from_fn(|_| Slot::new()));
        TokenCache { hash: Hash::random(), sets: std::iter::repeat_with(set).take(SETS).collect() }
    }

    /// Returns the cached result of `open` for this token, or calls it. `open` must be deterministic.
    /// Allocates nothing.
    pub(crate) fn get_or_open<E>(
        &self,
        token: &[u8],
        open: impl FnOnce() -> Result<Resolved, E>,
    ) -> Result<Resolved, E> {
        // Cached tokens are always valid, so looking up arbitrary bytes is safe.
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

/// The upper 12 bits of a slot's first word come from the hash of the text, so that usually only the matching
/// slot is read in full. Below are 4 bits for the key, 16 for the port (0 if there is no target) and 32 for
/// the upstream.
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
            // Compares all words before deciding: the time does not reveal how many are equal.
            let difference = kept.iter().zip(text).fold(0, |difference, (kept, text)| difference | (kept ^ text));
            (difference == 0).then_some(resolved)
        })
    }

    fn put(&self, mark: Mark, text: &[u64; TEXT], resolved: Resolved) {
        // Another thread may have been faster. If both write, the token is cached twice, which is harmless.
        if self.find(mark, text).is_some() {
            return;
        }
        // Round-robin, since readers leave no trace of which slots they use.
        let writes = self.0.iter().map(Slot::writes).sum::<u64>();
        self.0[writes as usize % WAYS].write(&packed(mark, text, resolved));
    }
}

/// The text of a token as words. Different texts give different words. `None` if no token has this length.
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
