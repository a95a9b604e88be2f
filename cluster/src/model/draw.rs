//! Chance that depends on names alone, so that neither order nor restarts change what is drawn.

use sha2::{Digest, Sha256};

/// A number for `name`. `what` tells one use of chance from another.
pub(super) fn draw(seed: u64, what: &str, name: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(what.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    hash.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether something happens that does so `permille` times in a thousand.
pub(super) fn strikes(permille: u64, seed: u64, what: &str, name: &str) -> bool {
    permille > 0 && draw(seed, what, name) % 1_000 < permille
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_are_struck_as_are_meant_to_be() {
        let struck = |permille| (0..2_000).filter(|key| strikes(permille, 7, "fail", &format!("k{key}"))).count();
        assert_eq!((struck(0), struck(1_000)), (0, 2_000));
        assert!((400..600).contains(&struck(250)), "{}", struck(250));
        assert_ne!(draw(7, "fail", "k"), draw(7, "lose", "k"));
        assert_ne!(draw(7, "fail", "k"), draw(8, "fail", "k"));
    }
}
