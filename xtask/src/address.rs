//! Addresses on this machine that stay free for whoever is killed and started again on them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result};

/// Below the ports that systems give to outgoing connections: such a connection could hold the port of a program that is just being
/// started again.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Ports that were looked at, so that none is given out twice.
static LOOKED_AT: AtomicU16 = AtomicU16::new(0);

/// An address where nobody listens, and that is given out once.
///
/// # Errors
/// If no port is free.
pub fn free() -> Result<SocketAddr> {
    // Two of these programs at once begin at different ports.
    let begin = u16::try_from(process::id().wrapping_mul(97) % u32::from(COUNT)).unwrap_or_default();
    let candidates = (0..COUNT).map(|_| {
        let number = LOOKED_AT.fetch_add(1, Ordering::Relaxed);
        SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + begin.wrapping_add(number) % COUNT))
    });
    let mut free = candidates.filter(|address| TcpListener::bind(address).is_ok());
    free.next().context("no port is free on this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_free_and_different() {
        let addresses = [free().unwrap(), free().unwrap(), free().unwrap()];
        // All at once, which is only possible if they are three and free.
        let listeners: Vec<_> = addresses.iter().map(|address| TcpListener::bind(address).unwrap()).collect();
        assert!(
            listeners.iter().all(|listener| (FIRST..FIRST + COUNT).contains(&listener.local_addr().unwrap().port()))
        );
    }
}
