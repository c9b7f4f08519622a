//! In: the words of a token. Out: in which set of the cache it is looked for.

use std::hash::{BuildHasher, RandomState};

/// Multilinear hashing with a random key (M. Dietzfelbinger, "Universal hashing and k-wise independent random variables
/// via integer arithmetic without primes", 1996). Two texts, chosen without knowing the key, meet in one of `n` sets with
/// the probability 1/n. Nobody can do better by trying, because what is in the cache was sealed with a random nonce.
pub(super) struct Hash<const WORDS: usize> {
    /// Two factors for each word, one for each half of it.
    factors: [[u64; 2]; WORDS],
    start: u64,
}

impl<const WORDS: usize> Hash<WORDS> {
    /// With a key of its own, drawn from the random key that the standard library gives to each hash table. For that it needs
    /// no file: a static program may run where there is no `/dev`.
    pub(super) fn random() -> Self {
        let random = RandomState::new();
        let mut factors = [[0; 2]; WORDS];
        for (number, factor) in factors.as_flattened_mut().iter_mut().enumerate() {
            *factor = random.hash_one(number);
        }
        Hash { factors, start: random.hash_one("start") }
    }

    /// 32 bits, all of them good. The time does not depend on the words or on the key.
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
