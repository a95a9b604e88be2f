//! What all clients of other machines have in common.

use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

/// A client for one server. Redirections are not followed, since they would take a key along; and a server on this machine is
/// asked without the proxy that the environment may name, which could not reach it.
pub fn client(server: &Url) -> ClientBuilder {
    // Fails only if somebody else was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(Policy::none());
    if is_loopback(server) { builder.no_proxy() } else { builder }
}

/// Whether a server is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
