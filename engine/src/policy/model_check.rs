//! Whether the model that ran is the one that was asked for.

/// Whether two names mean one model: `haiku` and `anthropic/haiku` do.
pub fn same_model(one: &str, other: &str) -> bool {
    let within = |long: &str, short: &str| {
        !short.contains('/') && long.strip_suffix(short).is_some_and(|provider| provider.ends_with('/'))
    };
    one == other || within(one, other) || within(other, one)
}

/// Both models are known and they differ.
pub fn differ(requested: Option<&str>, applied: Option<&str>) -> bool {
    let (Some(requested), Some(applied)) = (requested, applied) else { return false };
    !same_model(requested, applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_prefix_is_no_difference() {
        assert!(!differ(Some("haiku"), Some("anthropic/haiku")) && !differ(Some("anthropic/haiku"), Some("haiku")));
        assert!(!differ(None, Some("x")) && !differ(Some("x"), None));
        assert!(differ(Some("haiku"), Some("anthropic/not-haiku")) && differ(Some("a/x"), Some("b/x")));
    }
}
