//! Content codings without any compression: what they look like on the wire is all that matters here.

/// The largest part that every format here can hold at once.
const PART: usize = 0xFFFF;

/// The body in a coding, by the name that `Content-Encoding` has for it.
pub(super) fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => gzip(body),
        "deflate" => zlib(body),
        "br" => brotli(body),
        "zstd" => zstd(body),
        _ => body.to_vec(),
    }
}

/// One member after RFC 1952, with its checksum and length.
fn gzip(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    stored(body, &mut bytes);
    bytes.extend(crc32(body).to_le_bytes());
    bytes.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes
}

/// A stream after RFC 1950, which `deflate` means in HTTP.
fn zlib(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    stored(body, &mut bytes);
    let (low, high) = body.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    bytes.extend((high << 16 | low).to_be_bytes());
    bytes
}

/// Blocks of RFC 1951 that hold their bytes as they are.
fn stored(body: &[u8], bytes: &mut Vec<u8>) {
    let mut parts = body.chunks(PART).peekable();
    while let Some(part) = parts.next() {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        bytes.push(u8::from(parts.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(part);
    }
}

fn crc32(body: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    };
    !body.iter().fold(u32::MAX, step)
}

/// RFC 7932: a window of 64 KiB, meta-blocks that hold their bytes as they are, and an empty last one.
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (nth, part) in body.chunks(PART).enumerate() {
        let length = u32::try_from(part.len() - 1).unwrap_or_default();
        // The first begins behind the one bit for the window.
        let shift = u32::from(nth == 0);
        let head = length << (3 + shift) | 1 << (19 + shift);
        bytes.extend(head.to_le_bytes().iter().take(3));
        bytes.extend(part);
    }
    bytes.push(3);
    bytes
}

/// RFC 8878: a window of 1 MiB and raw blocks.
fn zstd(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 0x50];
    let mut parts = body.chunks(PART).peekable();
    while let Some(part) = parts.next() {
        let head = u32::try_from(part.len()).unwrap_or_default() << 3 | u32::from(parts.peek().is_none());
        bytes.extend(head.to_le_bytes().iter().take(3));
        bytes.extend(part);
    }
    bytes
}
