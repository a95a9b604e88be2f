//! The lines that frame input in a prompt. Text of others may look like one; only the code in it makes it one.

/// What all of them begin with.
const OPENING: &str = "<<<";
const INPUT: &str = "<<<INPUT ";
const FIELD: &str = "<<<FIELD ";
const END: &str = "<<<END INPUT ";

/// Whether a text holds what could pass for such a line.
pub fn holds_delimiter(text: &str) -> bool {
    text.contains(OPENING) && [INPUT, FIELD, END].iter().any(|delimiter| text.contains(delimiter))
}

/// The line before a field's value, in parts.
pub fn field<'a>(name: &'a str, code: &'a str) -> [&'a str; 5] {
    [FIELD, name, " ", code, ">>>"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_of_prompts_uses_these_lines() {
        let frame = include_str!("../../prompts/input.md");
        assert!(frame.contains(&format!("{INPUT}{{nonce}}>>>")) && frame.contains(&format!("{END}{{nonce}}>>>")));
        assert!(
            [INPUT, FIELD, END].iter().all(|delimiter| delimiter.starts_with(OPENING) && holds_delimiter(delimiter))
        );
        assert!(
            holds_delimiter(frame) && holds_delimiter(&field("code", "0").concat()) && !holds_delimiter("<<<INPUTS")
        );
    }
}
