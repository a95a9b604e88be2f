//! JSON with comments.

/// The text with spaces in place of its comments, `//` to the end of the line and `/* */`, so that what is said of a place
/// is true of the file. A comment without an end is left as it is, for whoever reads the JSON to refuse.
pub fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let end = if from.starts_with('"') {
            string_end(from)
        } else if from.starts_with("//") {
            from.find('\n').unwrap_or(from.len())
        } else if from.starts_with("/*") {
            from.find("*/").map_or(0, |end| end + 2)
        } else {
            1
        };
        let (part, after) = from.split_at(if end == 0 { from.len() } else { end });
        if end > 1 && part.starts_with('/') {
            plain.extend(part.chars().map(|sign| if sign == '\n' { '\n' } else { ' ' }));
        } else {
            plain.push_str(part);
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Behind the quotation mark that ends the string at the beginning of a text, or the end of the text.
fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn comments_become_spaces_and_all_else_stays() {
        let rows = [
            ("{} // end", "{}       "),
            ("// a\n{\"a\": 1}", "    \n{\"a\": 1}"),
            ("[1, /* two\n */ 3]", "[1,       \n    3]"),
            (r#"{"url": "http://h//x", "q": "\"// no"}"#, r#"{"url": "http://h//x", "q": "\"// no"}"#),
            (r#"["\\"] // c"#, r#"["\\"]     "#),
            ("{} /* without end", "{} /* without end"),
            ("\"without end // c", "\"without end // c"),
            ("[1 / 2]", "[1 / 2]"),
            ("/", "/"),
            ("é // ü\né", "é     \né"),
        ];
        for (text, plain) in rows {
            assert_eq!(without_comments(text), plain, "{text}");
        }
    }
}
