use std::cell::Cell;

use super::*;

/// A text like that of a token, different for each number (SplitMix64 by S. Vigna).
fn token(number: usize, length: usize) -> Vec<u8> {
    let mut state = number as u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        b'0' + ((mixed ^ (mixed >> 31)) % 64) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn content(number: usize) -> Resolved {
    let number = number as u32;
    let address = if number.is_multiple_of(2) { IpAddr::from(number.to_be_bytes()) } else { IpAddr::from([1; 16]) };
    Resolved {
        address,
        key: number % 8,
        target: NonZeroU16::new(number as u16 % 3).map(|port| Target { upstream: number, port }),
    }
}

/// Looks up a token. Returns whether it had to be decrypted.
fn opened(cache: &TokenCache, token: &[u8], content: Resolved) -> bool {
    let opened = Cell::new(false);
    let found = cache.get_or_open(token, || {
        opened.set(true);
        Ok::<_, ()>(content)
    });
    assert_eq!(found, Ok(content));
    opened.get()
}

#[test]
fn a_token_is_decrypted_once() {
    for length in [TOKEN_IPV4, TOKEN_IPV6] {
        let cache = TokenCache::new();
        for number in 0..6 {
            assert!(opened(&cache, &token(number, length), content(number)));
            assert!(!opened(&cache, &token(number, length), content(number)));
        }
    }
}

#[test]
fn every_content_round_trips() {
    let target = |upstream, port| NonZeroU16::new(port).map(|port| Target { upstream, port });
    let targets = [None, target(0, 1), target(1, 8080), target(u32::MAX, u16::MAX)];
    let addresses = ["0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "::2.3.4.5", "2001:db8::7", "ffff::ffff"];
    for target in targets {
        for address in addresses {
            for key in [0, 7] {
                let content = Resolved { address: address.parse().unwrap(), key, target };
                for hash in [0, u32::MAX, 0x1234_5678] {
                    let (mark, text) = (Mark::of(hash), [1, 2, 3, 4, 5, 6, 7, u64::MAX]);
                    let words = packed(mark, &text, content);
                    assert!(mark.is_of(words[0]) && !Mark::of(!hash).is_of(words[0]));
                    assert_eq!(unpacked(&words), (text, content));
                }
            }
        }
    }
}

#[test]
fn refused_tokens_are_not_cached() {
    let cache = TokenCache::new();
    let kept = token(1, TOKEN_IPV4);
    assert!(opened(&cache, &kept, content(1)));
    for number in 0..100_000 {
        assert_eq!(cache.get_or_open(&token(number + 2, TOKEN_IPV4), || Err("refused")), Err("refused"));
    }
    assert!(!opened(&cache, &kept, content(1)), "forged tokens pushed out a good one");
    assert!(cache.sets.iter().flat_map(|set| &set.0).map(Slot::writes).sum::<u64>() == 1);
}

#[test]
fn every_bit_of_a_text_counts() {
    let cache = TokenCache::new();
    for length in [TOKEN_IPV4, TOKEN_IPV6] {
        let good = token(1, length);
        assert!(opened(&cache, &good, content(1)));
        for bit in 0..length * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(cache.get_or_open(&changed, || Err(())), Err(()), "bit {bit}");
            // The same without the hash, which selects another set.
            assert_ne!(words(&changed), words(&good));
            let hash = cache.hash.of(&words(&good).unwrap());
            let set = &cache.sets[hash as usize % SETS];
            assert_eq!(set.find(Mark::of(hash), &words(&changed).unwrap()), None, "bit {bit}");
        }
    }
    // The longer text, whose words begin like those of the shorter one.
    let mut longer = token(1, TOKEN_IPV4);
    longer.resize(TOKEN_IPV6, 0);
    assert_ne!(words(&longer), words(&longer[..TOKEN_IPV4]));
    for length in [0, 1, TOKEN_IPV4 - 1, TOKEN_IPV4 + 1, TOKEN_IPV6 - 1, TOKEN_IPV6 + 1, 1000] {
        assert_eq!(words(&token(1, length)), None);
    }
}

#[test]
fn differences_do_not_cancel() {
    let cache = TokenCache::new();
    let good = token(1, TOKEN_IPV6);
    assert!(opened(&cache, &good, content(1)));
    let text = words(&good).unwrap();
    let hash = cache.hash.of(&text);
    let set = &cache.sets[hash as usize % SETS];
    assert_eq!(set.find(Mark::of(hash), &text), Some(content(1)));
    for other in 1..TEXT {
        let mut changed = text;
        changed[0] ^= 1;
        changed[other] ^= 1;
        assert_eq!(set.find(Mark::of(hash), &changed), None, "words 0 and {other}");
    }
}

#[test]
fn the_last_tokens_of_a_set_stay() {
    let cache = TokenCache::new();
    let set = |number: &usize| cache.hash.of(&words(&token(*number, TOKEN_IPV4)).unwrap()) as usize % SETS;
    // All are in one set.
    let numbers: Vec<usize> = (0..).filter(|number| set(number) == 5).take(WAYS + 1).collect();
    let look = |index: usize| opened(&cache, &token(numbers[index], TOKEN_IPV4), content(numbers[index]));
    for _ in 0..2 {
        for index in 0..WAYS {
            look(index);
        }
    }
    assert!((0..WAYS).all(|index| !look(index)), "as many as there are slots");
    assert!(look(WAYS), "one more");
    assert!((1..=WAYS).all(|index| !look(index)), "which takes the place of the first");
    assert!(look(0));
}

#[test]
fn more_tokens_than_slots() {
    let cache = TokenCache::new();
    for round in 0..3 {
        // Enough that no set gets fewer tokens than it has slots. With a quarter of them, one run in a
        // hundred has such a set.
        for number in 0..SETS * WAYS * 16 {
            opened(&cache, &token(number, TOKEN_IPV4), content(number));
        }
        let written = cache.sets.iter().flat_map(|set| &set.0).filter(|slot| slot.writes() > 0).count();
        assert_eq!(written, SETS * WAYS, "round {round}");
    }
}

#[test]
fn tokens_are_spread_over_the_sets() {
    let cache = TokenCache::new();
    let pods = SETS * WAYS / 2;
    for number in 0..pods {
        opened(&cache, &token(number, TOKEN_IPV4), content(number));
    }
    let again = (0..pods).filter(|number| opened(&cache, &token(*number, TOKEN_IPV4), content(*number))).count();
    // One in seven on average: by chance, some sets have more tokens than slots.
    assert!(again < pods / 2, "{again} of {pods} were pushed out");
}

#[test]
fn threads_never_see_a_mixture() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 40_000;
    // Twice as many tokens as two sets have slots, so that slots are overwritten all the time.
    let cache = TokenCache::new();
    let set = |number: &usize| cache.hash.of(&words(&token(*number, TOKEN_IPV6)).unwrap()) as usize % SETS;
    let numbers: Vec<usize> = (0..).filter(|number| set(number) < 2).take(WAYS * 4).collect();
    let tokens: Vec<_> = numbers.iter().map(|number| token(*number, TOKEN_IPV6)).collect();
    let missed: usize = std::thread::scope(|scope| {
        let work = |thread: usize| {
            let (cache, numbers, tokens) = (&cache, &numbers, &tokens);
            move || {
                let pick = |round: usize| round * (2 * thread + 1) % numbers.len();
                let miss = |round| opened(cache, &tokens[pick(round)], content(numbers[pick(round)]));
                (0..ROUNDS).filter(|round| miss(*round)).count()
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(missed > ROUNDS, "the threads must write");
}
