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
        let end = (at + SECRET.len() + SECRET_DIGITS).min(text.len());
        text.replace_range(at..end, REDACTED);
        had = true;
    }
    had
}
