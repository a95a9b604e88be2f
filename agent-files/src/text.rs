//! The bytes of a file as text.

/// No definition has more bytes. A prompt may have 128 KiB, and nobody writes a head of this size.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoText {
    /// It holds NUL at this place, as no text does.
    Binary(usize),
    /// It is not UTF-8 from this place on.
    Encoding(usize, u8),
}

/// The text, with line ends of one kind. UTF-16 is read where a byte order mark says so; other encodings cannot be told apart.
pub fn decode(bytes: &[u8]) -> Result<String, NoText> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    };
    if let Some(at) = text.find('\0') {
        return Err(NoText::Binary(at));
    }
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

fn utf8(bytes: &[u8]) -> Result<String, NoText> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let at = error.valid_up_to();
        match bytes.iter().position(|byte| *byte == 0) {
            Some(zero) => NoText::Binary(zero),
            None => NoText::Encoding(at, bytes.get(at).copied().unwrap_or_default()),
        }
    })
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Result<String, NoText> {
    let units = bytes.chunks(2).map(|pair| match pair {
        [low, high] => read([*low, *high]),
        _ => 0,
    });
    String::from_utf16(&units.collect::<Vec<_>>()).map_err(|_| NoText::Binary(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_with_marks_and_line_ends_of_all_kinds() {
        let utf16: Vec<u8> = "\u{feff}é\r\nb".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}é\r\nb".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in ["é\nb".as_bytes(), "\u{feff}é\r\nb".as_bytes(), "é\rb".as_bytes(), &utf16, &big] {
            assert_eq!(decode(bytes).as_deref(), Ok("é\nb"), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        assert_eq!(decode(b"\x7fELF\0\xff"), Err(NoText::Binary(4)));
        assert_eq!(decode(b"a\0b"), Err(NoText::Binary(1)));
        assert_eq!(decode(b"caf\xe9"), Err(NoText::Encoding(3, 0xe9)));
    }
}
