//! Ranges of seeds, as several commands take them.

use std::ops::Range;

/// Reads `A..B`, or a single seed.
pub fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or("too large")?
        }
    };
    if range.is_empty() { Err("there is no seed in it".to_owned()) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_one() {
        assert_eq!(seeds("3..9"), Ok(3..9));
        assert_eq!(seeds("7"), Ok(7..8));
        for bad in ["", "9..3", "5..5", "a..b", "-1", "1..", "18446744073709551615"] {
            assert!(seeds(bad).is_err(), "{bad}");
        }
    }
}
