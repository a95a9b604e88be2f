//! Rust source as a list of tokens: enough to find paths and literals, and to leave out comments and tests.

/// A token and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Counted from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier, a keyword, a number or a lifetime.
    Word(String),
    /// The inside of a literal, with its escapes as they are written.
    Text(String),
    /// Any other character.
    Sign(char),
}

impl Token {
    /// Whether it is this word.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }

    /// Whether it is this sign.
    pub fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// Splits a source text; comments and blanks are dropped.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source, line: 1 };
    let mut found = Vec::new();
    loop {
        reader.skip_blanks_and_comments();
        let line = reader.line;
        match reader.next() {
            Some(kind) => found.push(Token { line, kind }),
            None => return found,
        }
    }
}

/// Leaves out every item under `#[cfg(test)]`.
pub fn outside_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((first, others)) = rest.split_first() {
        if starts_with(rest, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            rest = after_item(&rest[7..]);
        } else {
            kept.push(first.clone());
            rest = others;
        }
    }
    kept
}

fn starts_with(tokens: &[Token], pattern: &[&str]) -> bool {
    tokens.len() >= pattern.len()
        && pattern.iter().zip(tokens).all(|(wanted, token)| match &token.kind {
            Kind::Word(word) => word == wanted,
            Kind::Sign(sign) => wanted.chars().eq([*sign]),
            Kind::Text(_) => false,
        })
}

/// What follows an item: after its semicolon, or after the braces of its body.
fn after_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign('{' | '(' | '[') => depth += 1,
            Kind::Sign('}' | ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.kind, Kind::Sign(';' | '}')) {
            return &tokens[index + 1..];
        }
    }
    &[]
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            if blank > 0 {
                self.take(blank);
            } else if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.take(block_comment(self.rest));
            } else {
                return;
            }
        }
    }

    fn next(&mut self) -> Option<Kind> {
        let first = self.rest.chars().next()?;
        if let Some(literal) = literal(self.rest) {
            self.take(literal.opening);
            let text = self.take(literal.length(self.rest)).to_owned();
            self.take(literal.closing.len().min(self.rest.len()));
            return Some(Kind::Text(text));
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if is_word(first) || first == '\'' {
            let start = first.len_utf8();
            let length = self.rest[start..].find(|c| !is_word(c)).unwrap_or(self.rest.len() - start);
            return Some(Kind::Word(self.take(start + length).to_owned()));
        }
        self.take(first.len_utf8());
        Some(Kind::Sign(first))
    }
}

/// How a literal starts and ends.
struct Literal {
    /// Bytes before its text.
    opening: usize,
    closing: String,
    /// A backslash in it is a backslash.
    raw: bool,
}

impl Literal {
    /// The bytes of its text, given what follows the opening.
    fn length(&self, rest: &str) -> usize {
        if self.raw {
            return rest.find(&self.closing).unwrap_or(rest.len());
        }
        let mut escaped = false;
        let end = rest.char_indices().find(|(at, c)| {
            let here = !escaped && rest[*at..].starts_with(&self.closing);
            escaped = !escaped && *c == '\\';
            here
        });
        end.map_or(rest.len(), |(at, _)| at)
    }
}

/// The literal that starts here, if one does; numbers count as words.
fn literal(rest: &str) -> Option<Literal> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r'))?;
    let quoted = &rest[prefix..];
    let raw = match &rest[..prefix] {
        "" | "b" | "c" => false,
        "r" | "br" | "cr" => true,
        _ => return None,
    };
    if raw {
        let marks = quoted.len() - quoted.trim_start_matches('#').len();
        let opens = quoted[marks..].starts_with('"');
        return opens.then(|| Literal {
            opening: prefix + marks + 1,
            closing: format!("\"{}", "#".repeat(marks)),
            raw,
        });
    }
    let mut characters = quoted.chars();
    let is_literal = match (characters.next()?, characters.next(), characters.next()) {
        ('"', ..) => true,
        // Anything else after a single quote is a lifetime.
        ('\'', second, third) => second == Some('\\') || third == Some('\''),
        _ => false,
    };
    is_literal.then(|| Literal { opening: prefix + 1, closing: quoted[..1].to_owned(), raw })
}

/// The bytes of a comment in `/*` and `*/`; such comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[test]
fn comments_literals_and_lifetimes_are_told_apart() {
    let source = "fn f<'a>() { g('\\'', '{', \"a \\\" // b\", r#\"raw \" {\"#, br\"\\\", b'x'); } // HashMap\n/* a /* b */ */ end";
    let found = tokens(source);
    let texts = found.iter().filter_map(|token| match &token.kind {
        Kind::Text(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["\\'", "{", "a \\\" // b", "raw \" {", "\\", "x"]);
    assert!(found.iter().any(|token| token.is_word("'a")));
    assert!(!found.iter().any(|token| token.is_word("HashMap") || token.is_word("b")));
    assert_eq!(found.last(), Some(&Token { line: 2, kind: Kind::Word("end".to_owned()) }));
}

#[test]
fn tests_are_left_out_and_the_rest_stays() {
    let source = "a; #[cfg(test)] #[path = \"x\"] mod t { fn f() { b } } c #[cfg(test)] mod d; e #[cfg(feature)] f";
    let words: Vec<_> = outside_tests(&tokens(source))
        .into_iter()
        .filter_map(|token| match token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["a", "c", "e", "cfg", "feature", "f"]);
}
