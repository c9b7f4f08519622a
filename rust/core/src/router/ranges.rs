//! In: prefixes of one address family, each with a value. Out: for an address the value of the longest prefix that
//! holds it.
//!
//! Prefixes lie within each other or apart. So their ends cut all addresses into ranges that have one answer each, and a
//! lookup is the search for the last range that does not begin behind the address. The starts are searched as a tree
//! without pointers: with 100,000 prefixes few cache lines are touched that other lookups did not touch as well.

/// An address as a number.
pub(crate) trait Number: Copy + Ord {
    const ZERO: Self;

    /// The last address of a prefix that begins here.
    fn last(self, length: u8) -> Self;

    /// The one behind it, if there is one.
    fn next(self) -> Option<Self>;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            const ZERO: Self = 0;

            fn last(self, length: u8) -> Self {
                self | <$type>::MAX.checked_shr(length.into()).unwrap_or(0)
            }

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
        }
    };
}

number!(u32);
number!(u128);

/// Starts that lie next to each other and are searched together: one cache line of IPv4 addresses, four of IPv6 ones.
const BLOCK: usize = 16;
pub(crate) struct Ranges<A, T> {
    /// The first starts of all leaves, preceded by every 16th of them, and so on until a level is one block. None for
    /// one leaf.
    levels: Box<[Box<[A]>]>,
    leaves: Box<[Leaf<A, T>]>,
}

/// Neighbouring ranges. The value lies beside the start, since memory comes in neighbouring lines.
#[repr(align(64))]
struct Leaf<A, T> {
    starts: [A; BLOCK],
    values: [Option<T>; BLOCK],
}

impl<A: Number, T: Copy> Ranges<A, T> {
    /// Takes prefixes by their first address and their length: each once, ordered by both.
    pub(crate) fn new(prefixes: impl Iterator<Item = (A, u8, T)>) -> Self {
        let mut ranges = Cuts { starts: vec![A::ZERO], values: vec![None] };
        // The prefixes that hold the current address, the longest last.
        let mut open: Vec<(A, T)> = Vec::new();
        let close = |open: &mut Vec<(A, T)>, ranges: &mut Cuts<A, T>, before: Option<A>| {
            while let Some((last, _)) = open.pop_if(|(last, _)| before.is_none_or(|before| *last < before)) {
                if let Some(next) = last.next() {
                    ranges.cut(next, open.last().map(|(_, outer)| *outer));
                }
            }
        };
        for (first, length, value) in prefixes {
            close(&mut open, &mut ranges, Some(first));
            ranges.cut(first, Some(value));
            open.push((first.last(length), value));
        }
        close(&mut open, &mut ranges, None);

        let leaves: Box<[Leaf<A, T>]> =
            ranges.starts.chunks(BLOCK).zip(ranges.values.chunks(BLOCK)).map(Leaf::new).collect();
        let mut levels = Vec::new();
        let mut level: Box<[A]> = leaves.iter().map(|leaf| leaf.starts[0]).collect();
        while level.len() > 1 {
            let above =
                if level.len() > BLOCK { level.iter().step_by(BLOCK).copied().collect() } else { Box::default() };
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.reverse();
        Ranges { levels: levels.into(), leaves }
    }

    /// The value of the longest prefix that holds the address.
    pub(crate) fn find(&self, address: A) -> Option<T> {
        // No block begins behind the address: the first one at zero, any other where the level above says.
        let last_of = |block: &[A]| block.partition_point(|start| *start <= address) - 1;
        let mut found = 0;
        for level in &self.levels {
            let block = &level[found * BLOCK..];
            found = found * BLOCK + last_of(&block[..block.len().min(BLOCK)]);
        }
        let leaf = &self.leaves[found];
        leaf.values[last_of(&leaf.starts)]
    }
}

impl<A: Number, T: Copy> Leaf<A, T> {
    /// Up to 16 ranges; the last one is repeated, which changes no answer.
    fn new((starts, values): (&[A], &[Option<T>])) -> Self {
        let at = |index: usize| index.min(starts.len() - 1);
        Leaf {
            starts: std::array::from_fn(|index| starts[at(index)]),
            values: std::array::from_fn(|index| values[at(index)]),
        }
    }
}

/// The ranges so far.
struct Cuts<A, T> {
    starts: Vec<A>,
    values: Vec<Option<T>>,
}

impl<A: Number, T> Cuts<A, T> {
    /// From here on the answer is another one.
    fn cut(&mut self, start: A, value: Option<T>) {
        if self.starts.last() == Some(&start) {
            // A prefix that begins where the one around it does, or several that end together.
            self.values.pop();
        } else {
            self.starts.push(start);
        }
        self.values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds what a scan of all prefixes finds, at and beside both ends of each.
    fn check(mut prefixes: Vec<(u32, u8)>) {
        prefixes.sort();
        prefixes.dedup();
        let ranges = Ranges::new(prefixes.iter().zip(0..).map(|((first, length), value)| (*first, *length, value)));
        // The same among IPv6 addresses, by their first four bytes.
        let wide = |(first, length): &(u32, u8), value| (u128::from(*first) << 96, *length, value);
        let six = Ranges::new(prefixes.iter().zip(0..).map(|(prefix, value)| wide(prefix, value)));
        let sizes: Vec<_> = ranges.levels.iter().map(|level| level.len()).chain([ranges.leaves.len()]).collect();
        assert!(sizes[0] <= BLOCK, "{sizes:?}");
        let leaf_starts = sizes.len().saturating_sub(2);
        assert!(sizes[..=leaf_starts].windows(2).all(|pair| pair[0] == pair[1].div_ceil(BLOCK)), "{sizes:?}");
        for (first, length) in &prefixes {
            let last = first.last(*length);
            for address in [*first, last, first.wrapping_sub(1), last.wrapping_add(1), first / 2 + last / 2] {
                let holding = prefixes
                    .iter()
                    .zip(0..)
                    .filter(|((first, length), _)| (*first..=first.last(*length)).contains(&address));
                let expected = holding.max_by_key(|((_, length), _)| *length).map(|(_, value)| value);
                assert_eq!(ranges.find(address), expected, "{address:#x} in {} prefixes", prefixes.len());
                let (low, high) = (u128::from(address) << 96, u128::from(address) << 96 | u128::MAX >> 32);
                assert_eq!((six.find(low), six.find(high)), (expected, expected), "{address:#x}::/32");
            }
        }
    }

    #[test]
    fn no_prefix_and_all_addresses() {
        check(vec![]);
        assert_eq!(Ranges::<u32, u8>::new(std::iter::empty()).find(7), None);
        check(vec![(0, 0)]);
        check(vec![(0, 0), (0, 1), (1 << 31, 1), (0, 32), (u32::MAX, 32)]);
        let all = Ranges::<u128, u8>::new([(0, 0, 1), (u128::MAX, 128, 2)].into_iter());
        assert_eq!((all.find(0), all.find(u128::MAX - 1), all.find(u128::MAX)), (Some(1), Some(1), Some(2)));
    }

    #[test]
    fn all_lengths_within_each_other() {
        let base: u32 = 0x0a01_0203;
        let masked = |address: u32, length: u8| address & !u32::MAX.checked_shr(length.into()).unwrap_or(0);
        check((0..=32).map(|length| (masked(base, length), length)).collect());
        check((0..=32).map(|length| (masked(u32::MAX, length), length)).collect());
        check((0..=32).map(|length| (0, length)).collect());
    }

    #[test]
    fn as_many_as_make_one_level_more() {
        for count in [7, 8, 15, 16, 17, 127, 128, 129, 255, 256, 257, 2000] {
            check((0..count).map(|number| (number << 9, 24)).collect());
            check((0..count).map(|number| (number << 8, 24)).collect());
        }
    }

    #[test]
    fn prefixes_of_all_kinds() {
        for count in [10, 100, 1500] {
            // Few different bits, so that they lie within each other.
            let prefixes = (0..count).map(|number: u32| {
                let length = (number.wrapping_mul(2_654_435_761) >> 7) % 33;
                let address = number.wrapping_mul(0x9e37_79b1) & 0xe0c1_8307;
                (address & !u32::MAX.checked_shr(length).unwrap_or(0), length as u8)
            });
            check(prefixes.collect());
        }
    }
}
