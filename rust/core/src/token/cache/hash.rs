//! A keyed hash that selects the cache set for a token.

use std::hash::{BuildHasher, RandomState};

/// Multilinear hashing with a random key (M. Dietzfelbinger, "Universal hashing and k-wise independent random
/// variables via integer arithmetic without primes", 1996). Two texts chosen without knowledge of the key
/// collide in one of `n` sets with probability 1/n. Trying does not help an attacker, because cached tokens
/// were encrypted with random nonces.
pub(super) struct Hash<const WORDS: usize> {
    /// Two factors for each word, one per half.
    factors: [[u64; 2]; WORDS],
    start: u64,
}

impl<const WORDS: usize> Hash<WORDS> {
    /// Creates a hash with its own key, derived from the random key that the standard library gives each hash
    /// table. Needs no file: a static program may run without `/dev`.
    pub(super) fn random() -> Self {
        let random = RandomState::new();
        let mut factors = [[0; 2]; WORDS];
        for (number, factor) in factors.as_flattened_mut().iter_mut().enumerate() {
            *factor = random.hash_one(number);
        }
        Hash { factors, start: random.hash_one("start") }
    }

    /// A hash of 32 well-mixed bits. The time does not depend on the words or the key.
    pub(super) fn of(&self, words: &[u64; WORDS]) -> u32 {
        let mut sum = self.start;
        for (word, [low, high]) in words.iter().zip(&self.factors) {
            sum = sum.wrapping_add(low.wrapping_mul(word & u64::from(u32::MAX)));
            sum = sum.wrapping_add(high.wrapping_mul(word >> 32));
        }
        (sum >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_of_each_word_has_its_factor() {
        let words = [0x1111_2222_3333_4444, 0x5555_6666_7777_8888];
        let with = |factors, start| Hash { factors, start }.of(&words);
        assert_eq!(with([[1 << 32, 0], [0, 0]], 0), 0x3333_4444);
        assert_eq!(with([[0, 1 << 32], [0, 0]], 0), 0x1111_2222);
        assert_eq!(with([[0, 0], [1 << 32, 0]], 0), 0x7777_8888);
        assert_eq!(with([[0, 0], [0, 1 << 32]], 0), 0x5555_6666);
        assert_eq!(with([[0, 0], [0, 0]], 7 << 32), 7);
        assert_eq!(with([[1, 0], [0, 0]], u64::MAX), 0, "the sum wraps");
        let (one, other) = (Hash::<2>::random(), Hash::<2>::random());
        assert_ne!(one.factors, other.factors, "the key is random");
    }
}
