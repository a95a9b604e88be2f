//! Secrets that scripted answers carry, so that it can be seen where they get to.

/// How a secret begins. No text of a request has that, and no host that takes real keys out of answers knows it: the
/// plugin's worker would else read other answers than the simulator in `parallel-agents compare`.
pub(crate) const SECRET: &str = "un-secret-";

/// What stands in a transcript where a secret was.
const REDACTED: &str = "[redacted]";

/// Digits of a secret behind its beginning.
const SECRET_DIGITS: usize = 16;

/// Takes the secrets out of a text. Whether there were any.
pub(crate) fn redact(text: &mut String) -> bool {
    let mut had = false;
    while let Some(at) = text.find(SECRET) {
        // One that was cut, or that a template writes, may have other characters than digits behind its beginning.
        let end = text.ceil_char_boundary(at + SECRET.len() + SECRET_DIGITS);
        text.replace_range(at..end, REDACTED);
        had = true;
    }
    had
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_cut_is_taken_out_as_well() {
        for rest in ["0123456789012345", "01234567890123…", "012345678901234…", "012…", "", "012345678901234é and more"]
        {
            let mut text = format!("a {SECRET}{rest}");
            assert!(redact(&mut text), "{rest}");
            assert!(text.starts_with("a [redacted]") && !text.contains(SECRET), "{text}");
        }
    }
}
