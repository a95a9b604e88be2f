//! The lines that frame input in a prompt. Text of others may look like one; only the code in it makes it one.

/// What all of them begin with.
const OPENING: &str = "<<<";
const INPUT: &str = "<<<INPUT ";
const FIELD: &str = "<<<FIELD ";
const END: &str = "<<<END INPUT ";

/// Whether a text holds what could pass for a marker line.
pub fn holds_marker(text: &str) -> bool {
    text.contains(OPENING) && [INPUT, FIELD, END].iter().any(|marker| text.contains(marker))
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
        assert!([INPUT, FIELD, END].iter().all(|marker| marker.starts_with(OPENING) && holds_marker(marker)));
        assert!(holds_marker(frame) && holds_marker(&field("code", "0").concat()) && !holds_marker("<<<INPUTS"));
    }
}
