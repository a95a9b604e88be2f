//! The little HTTP that is spoken with a gateway and a model server on this machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// How long an answer may take that nobody works for.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Whether somebody listens.
pub fn is_open(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// The body of the answer to a GET request.
pub fn get(address: SocketAddr, path: &str) -> Result<String> {
    get_with(address, path, &[])
}

/// The same with headers.
pub fn get_with(address: SocketAddr, path: &str, headers: &[(&str, String)]) -> Result<String> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    ask(address, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n{headers}\r\n"), LIMIT)
}

/// The body of the answer to a POST request with a JSON document, which has to come within `limit`.
pub fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, String)],
    body: &str,
    limit: Duration,
) -> Result<String> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    ask(address, &request, limit)
}

/// In HTTP/1.0 the answer ends with the connection, so there are no chunks to put together.
fn ask(address: SocketAddr, request: &str, limit: Duration) -> Result<String> {
    let exchange = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().with_context(|| format!("cannot speak with {address}"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer that is not HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    if !status.split(' ').nth(1).is_some_and(|code| code.starts_with('2')) {
        bail!("{address} answered {status}: {body}");
    }
    Ok(body.to_owned())
}
