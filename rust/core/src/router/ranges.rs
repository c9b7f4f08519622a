//! Finds the value of the longest prefix that contains an address, among prefixes of one address family.
//!
//! Two prefixes are either nested or disjoint. Their ends therefore split the address space into ranges with
//! one value each, and a lookup is a binary search for the last range that starts at or before the address.

/// An address as a number.
pub(crate) trait Number: Copy + Ord {
    const ZERO: Self;

    /// The last address of a prefix that starts here.
    fn last(self, length: u8) -> Self;

    /// The next address, if there is one.
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

pub(crate) struct Ranges<A, T> {
    /// The start of each range, in order. The first range starts at zero.
    starts: Box<[A]>,
    values: Box<[Option<T>]>,
}

impl<A: Number, T: Copy> Ranges<A, T> {
    /// Takes prefixes by first address and length, without duplicates and ordered by both.
    pub(crate) fn new(prefixes: impl Iterator<Item = (A, u8, T)>) -> Self {
        let mut cuts = Cuts { starts: vec![A::ZERO], values: vec![None], open: Vec::new() };
        for (first, length, value) in prefixes {
            cuts.close(|last| last < first);
            cuts.cut(first, Some(value));
            cuts.open.push((first.last(length), value));
        }
        cuts.close(|_| true);
        Ranges { starts: cuts.starts.into(), values: cuts.values.into() }
    }

    /// The value of the longest prefix that contains the address.
    pub(crate) fn find(&self, address: A) -> Option<T> {
        self.values[self.starts.partition_point(|start| *start <= address) - 1]
    }
}

/// The ranges so far.
struct Cuts<A, T> {
    starts: Vec<A>,
    values: Vec<Option<T>>,
    /// The last address and the value of each prefix that contains the current address, the longest prefix
    /// last.
    open: Vec<(A, T)>,
}

impl<A: Number, T: Copy> Cuts<A, T> {
    /// Starts a new range with another value.
    fn cut(&mut self, start: A, value: Option<T>) {
        if self.starts.last() == Some(&start) {
            // A prefix starts where its parent does, or several end together.
            self.values.pop();
        } else {
            self.starts.push(start);
        }
        self.values.push(value);
    }

    /// After the end of a prefix, the value of its parent applies.
    fn close(&mut self, ended: impl Fn(A) -> bool) {
        while let Some((last, _)) = self.open.pop_if(|(last, _)| ended(*last)) {
            if let Some(next) = last.next() {
                self.cut(next, self.open.last().map(|(_, outer)| *outer));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares lookups with a scan of all prefixes, at and next to both ends of each.
    fn check(mut prefixes: Vec<(u32, u8)>) {
        prefixes.sort();
        prefixes.dedup();
        let ranges = Ranges::new(prefixes.iter().zip(0..).map(|((first, length), value)| (*first, *length, value)));
        // The same for IPv6 addresses, in their first four bytes.
        let wide = |(first, length): &(u32, u8), value| (u128::from(*first) << 96, *length, value);
        let six = Ranges::new(prefixes.iter().zip(0..).map(|(prefix, value)| wide(prefix, value)));
        assert!(ranges.starts.is_sorted_by(|start, next| start < next), "{:x?}", ranges.starts);
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
    fn nested_prefixes_of_all_lengths() {
        let base: u32 = 0x0a01_0203;
        let masked = |address: u32, length: u8| address & !u32::MAX.checked_shr(length.into()).unwrap_or(0);
        check((0..=32).map(|length| (masked(base, length), length)).collect());
        check((0..=32).map(|length| (masked(u32::MAX, length), length)).collect());
        check((0..=32).map(|length| (0, length)).collect());
    }

    #[test]
    fn disjoint_and_adjacent_prefixes() {
        for count in [1, 2, 3, 7, 8, 2000] {
            check((0..count).map(|number| (number << 9, 24)).collect());
            check((0..count).map(|number| (number << 8, 24)).collect());
        }
    }

    #[test]
    fn prefixes_of_all_kinds() {
        for count in [10, 100, 1500] {
            // Few different bits, so that the prefixes are nested.
            let prefixes = (0..count).map(|number: u32| {
                let length = (number.wrapping_mul(2_654_435_761) >> 7) % 33;
                let address = number.wrapping_mul(0x9e37_79b1) & 0xe0c1_8307;
                (address & !u32::MAX.checked_shr(length).unwrap_or(0), length as u8)
            });
            check(prefixes.collect());
        }
    }
}
