//! What becomes of an answer before anybody reads it.

use super::state::Gateway;
use crate::script::{Fault, Huge, Scripted, ScriptedOutcome};
use crate::secret::SECRET;
use crate::truth::Truth;

/// The host's words for an answer that is none.
const SILENT: [&str; 2] = ["NO_REPLY", "ANNOUNCE_SKIP"];

/// What an agent says that has not finished.
const UNFINISHED: &str = "I am at 51 % and will continue with the rest now.";

impl Gateway {
    /// Alters the answer of a session, if that strikes. What it costs stays as it is.
    pub(super) fn alter(&mut self, subject: &str, nth: u32, scripted: &mut Scripted) {
        let script = self.script.clone();
        let faults = script.faults();
        if !matches!(scripted.outcome, ScriptedOutcome::Answer(_)) || scripted.fault.is_some() {
            return;
        }
        let mut answer = std::mem::replace(&mut scripted.outcome, ScriptedOutcome::Hang);
        let draw = format!("{subject} {nth}");
        if self.strikes(Fault::SilentReply, subject, nth) {
            let word = SILENT[Fault::SilentReply.amount(self.seed, &draw, 2) as usize % 2];
            answer = answer.map_answer(|_| word.to_owned());
        } else if self.strikes(Fault::Unfinished, subject, nth) {
            answer = answer.map_answer(|_| UNFINISHED.to_owned());
        } else {
            if self.strikes(Fault::SecretTold, subject, nth) {
                let secret = format!("{SECRET}{:016x}", Fault::SecretTold.amount(self.seed, &draw, u64::MAX));
                answer = answer.map_answer(|text| with_note(&text, &secret));
                self.truths.note(Truth::WroteSecret { label: subject.to_owned(), secret: secret.clone() });
            }
            if self.strikes(Fault::Thinking, subject, nth) {
                answer = answer.map_answer(|text| format!("<think>\nFirst I look at what is asked.\n</think>\n{text}"));
            }
            let huge =
                faults.huge_answer.filter(|huge| self.strikes_with(Fault::HugeAnswer, subject, nth, huge.per_mille));
            if let Some(Huge { bytes, .. }) = huge {
                answer = answer.map_answer(|text| format!("{text}\n{}", "so on ".repeat(bytes as usize / 6 + 1)));
            }
        }
        scripted.outcome = answer;
    }
}

/// The answer with one more member, or one more line.
fn with_note(text: &str, note: &str) -> String {
    match text.trim_end().strip_suffix('}') {
        Some(members) if members.starts_with('{') && members.len() > 1 => format!("{members},\"remark\":\"{note}\"}}"),
        _ => format!("{text}\nRemark: {note}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::redact;

    #[test]
    fn notes_fit_into_json_and_are_taken_out_again() {
        let mut text = with_note("{\"a\": 1}\n", "un-secret-0123456789abcdef");
        assert_eq!(text, "{\"a\": 1,\"remark\":\"un-secret-0123456789abcdef\"}");
        assert!(redact(&mut text) && !redact(&mut text));
        assert_eq!(text, "{\"a\": 1,\"remark\":\"[redacted]\"}");
        assert_eq!(with_note("plain", "x"), "plain\nRemark: x");
    }
}
