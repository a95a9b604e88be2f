//! Reads the files that a command names, and says clearly why one cannot be used.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use parallel_agents::documents;
use parallel_agents_engine::json::strict::MAX_REQUEST_BYTES;
use serde::de::IgnoredAny;

use crate::comments::without_comments;
use crate::fault::Fault;
use crate::outcome::Failure;

/// No document is read beyond this. The component's own limit is lower and its refusal says more.
const MAX_DOCUMENT_BYTES: u64 = MAX_REQUEST_BYTES as u64 + (4 << 20);

/// No recording is read beyond this: 200 tasks with some sessions each, and answers of some length.
const MAX_RECORDING_BYTES: u64 = 256 << 20;

/// No items are read beyond this: quotes and names of columns take less in a table than in a request.
const MAX_ITEMS_BYTES: u64 = MAX_DOCUMENT_BYTES;

/// 200 answers of 64 KiB, as the component takes them back.
const MAX_REPORT_BYTES: u64 = documents::reports::MAX_BYTES as u64;

/// Reads a text file, or standard input for `-`. In a .jsonc file comments count as spaces.
pub fn document(path: &Path) -> Result<String, Failure> {
    let text = text(path, MAX_DOCUMENT_BYTES).map_err(|error| Failure::file(path, error))?;
    if path.extension().is_some_and(|extension| extension == "jsonc") {
        return Ok(without_comments(&text));
    }
    if !is_json(&text) && is_json(&without_comments(&text)) {
        let message = format!("{} has comments, which JSON does not have", name_of(path));
        let fault = Fault::new(path.display(), message).hint("give the file a name that ends in .jsonc");
        return Err(Failure::file(path, fault.into()));
    }
    Ok(text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Reads the items of a run as text.
pub fn items(path: &Path) -> Result<String, Failure> {
    text(path, MAX_ITEMS_BYTES).map_err(|error| Failure::file(path, error))
}

/// Reads a recording.
pub fn recording(path: &Path) -> Result<String, Failure> {
    text(path, MAX_RECORDING_BYTES).map_err(|error| Failure::file(path, error))
}

/// Reads a saved report, or one on standard input for `-`. The component's own limit is the same.
pub fn report(path: &Path) -> Result<String, Failure> {
    text(path, MAX_REPORT_BYTES).map_err(|error| Failure::file(path, error))
}

/// Reads a source file of at most `max_bytes`. One that is larger, binary or not there is an error.
pub fn source(path: &Path, max_bytes: usize) -> Result<String, Failure> {
    text(path, max_bytes as u64).map_err(|error| Failure::file(path, error))
}

fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn text(path: &Path, max_bytes: u64) -> anyhow::Result<String> {
    let name = name_of(path);
    let bytes = if path.as_os_str() == "-" {
        read(io::stdin().lock(), max_bytes).context("cannot read standard input")?
    } else {
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        // Opening a directory succeeds on some systems; reading it says something obscure.
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            bail!(
                Fault::new(&name, format!("cannot read {name}: it is a directory")).got("a directory").limit("a file")
            );
        }
        read(file, max_bytes).with_context(|| format!("cannot read {name}"))?
    };
    if bytes.len() as u64 > max_bytes {
        let most = max_bytes / 1024;
        bail!(Fault::new(&name, format!("{name} is too large: more than {most} KiB")).limit(format!("{most} KiB")));
    }
    decode(&name, bytes)
}

fn read(source: impl Read, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(max_bytes + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Text is UTF-8 without NUL; a mark for the byte order at its beginning is left out.
fn decode(name: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
    let no_text = |at: usize, byte: &str, of: &str| {
        let message = format!("{name} is not a text file{of}: byte {at} is {byte}");
        let fault = Fault::new(name, message).got(format!("byte {at}: {byte}")).limit("text in UTF-8, without NUL");
        fault.hint("save it as text in UTF-8")
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        bail!(no_text(at, "NUL", ""));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        no_text(at, &format!("0x{byte:02x}"), " in UTF-8")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(bytes: &[u8]) -> String {
        decode("f", bytes.to_vec()).map_or_else(|error| error.to_string(), |text| panic!("{text:?} was accepted"))
    }

    #[test]
    fn what_is_not_text_is_named_with_its_place() {
        assert_eq!(wrong(b"ab\0c"), "f is not a text file: byte 2 is NUL");
        assert_eq!(wrong(b"ab\xc3("), "f is not a text file in UTF-8: byte 2 is 0xc3");
        assert_eq!(wrong(b"\xff\xfe"), "f is not a text file in UTF-8: byte 0 is 0xff");
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        assert_eq!(decode("f", "\u{feff}{}".into()).ok().as_deref(), Some("{}"));
    }
}
