//! Chance that comes from the run's seed alone: the same question always gets the same answer, in every engine.

/// A number from 0 to `bound`, both included. `purpose` and `number` say what it is for; no two uses share both.
///
/// FNV-1a over the purpose separates the uses, SplitMix64's finaliser mixes, multiply-and-shift bounds (its bias is below
/// `bound` / 2^64).
pub fn draw(seed: u64, purpose: &str, number: u64, bound: u64) -> u64 {
    let named = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = mix(mix(seed ^ named).wrapping_add(number));
    let wide = u128::from(mixed) * (u128::from(bound) + 1);
    u64::try_from(wide >> 64).unwrap_or(bound)
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_bounded_and_stay_the_same() {
        let drawn: Vec<u64> = (0..1_000).map(|number| draw(7, "retry", number, 9)).collect();
        assert!((0..=9).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value <= 9));
        assert_eq!(drawn.get(..6), Some(&[3, 8, 2, 0, 4, 1][..]), "recorded runs would no longer repeat");
        assert_ne!(draw(7, "a", 1, u64::MAX), draw(7, "b", 1, u64::MAX));
        assert_eq!(draw(7, "a", 1, 0), 0);
    }
}
