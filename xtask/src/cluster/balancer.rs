//! One address for several workers: a TCP balancer. Restate knows a deployment by one address, and sends what it has begun there to no
//! other.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// On one machine a connection is there at once or not at all.
const CONNECT: Duration = Duration::from_secs(2);

/// Passes connections on to workers in turn; the next one is tried where one is down.
pub struct Balancer {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Balancer {
    /// Listens at `address` until it is dropped. Connections that were made end with either of their sides.
    ///
    /// # Errors
    /// If somebody listens there already.
    pub fn start(address: SocketAddr, workers: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))?;
        let closed = Arc::new(AtomicBool::new(false));
        let accepting = thread::spawn({
            let closed = Arc::clone(&closed);
            move || accept(&listener, &workers, &closed)
        });
        Ok(Self { address, closed, accepting: Some(accepting) })
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect_timeout(&self.address, CONNECT);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

fn accept(listener: &TcpListener, workers: &[SocketAddr], closed: &AtomicBool) {
    for (number, client) in listener.incoming().enumerate() {
        if closed.load(Ordering::Relaxed) {
            return;
        }
        let Ok(client) = client else { continue };
        let mut in_turn = workers.to_vec();
        in_turn.rotate_left(number % workers.len().max(1));
        // A thread of its own: one worker that is slow to answer must not hold up the others.
        thread::spawn(move || pass_on(client, &in_turn));
    }
}

/// Without a worker the connection ends, and whoever made it tries again.
fn pass_on(client: TcpStream, workers: &[SocketAddr]) {
    let connect = |address: &SocketAddr| TcpStream::connect_timeout(address, CONNECT).ok();
    let Some(worker) = workers.iter().find_map(connect) else { return };
    // Small frames of HTTP/2 have to go out at once.
    let _ = client.set_nodelay(true).and_then(|()| worker.set_nodelay(true));
    let (Ok(mut from_client), Ok(mut from_worker)) = (client.try_clone(), worker.try_clone()) else { return };
    thread::scope(|scope| {
        scope.spawn(|| copy(&mut from_client, &worker));
        copy(&mut from_worker, &client);
    });
}

/// Copies to the end of one direction, and then ends both: half a connection is of no use here.
fn copy(from: &mut TcpStream, mut to: &TcpStream) {
    let _ = io::copy(from, &mut to);
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use crate::address;

    use super::*;

    /// A worker that tells its name to each connection, then repeats what it hears.
    fn worker(name: &'static [u8; 1]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                connection.write_all(name).unwrap();
                let mut writer = connection.try_clone().unwrap();
                thread::spawn(move || io::copy(&mut connection, &mut writer));
            }
        });
        address
    }

    fn name_at(address: SocketAddr) -> (u8, TcpStream) {
        let mut connection = TcpStream::connect(address).unwrap();
        let mut name = [0];
        connection.read_exact(&mut name).unwrap();
        (name[0], connection)
    }

    #[test]
    fn connections_go_to_the_workers_in_turn_and_pass_on_what_is_said() {
        let front = address::free().unwrap();
        let _balancer = Balancer::start(front, vec![worker(b"a"), worker(b"b")]).unwrap();
        let (first, mut connection) = name_at(front);
        let (second, _other) = name_at(front);
        assert_eq!([first.min(second), first.max(second)], *b"ab");
        connection.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        connection.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }

    #[test]
    fn a_worker_that_is_down_is_passed_over_and_none_ends_the_connection() {
        let (front, down) = (address::free().unwrap(), address::free().unwrap());
        let balancer = Balancer::start(front, vec![down, worker(b"b")]).unwrap();
        assert_eq!([name_at(front).0, name_at(front).0], *b"bb");
        drop(balancer);
        let _balancer = Balancer::start(front, vec![down]).unwrap();
        let mut ended = TcpStream::connect(front).unwrap();
        assert_eq!(ended.read(&mut [0]).unwrap(), 0);
    }
}
