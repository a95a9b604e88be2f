//! Real sessions without a gateway: each is one chat completion on an OpenAI-compatible server.
//!
//! A completion has no tools, so every receipt says that the session is free of them. The sessions are this host's own
//! table; the server only ever sees a prompt. What it said goes through the same checker and the same trace as the words of
//! the simulated gateway. The key is read by whoever builds the [`ModelServer`] and shows up nowhere: not in texts of the
//! server either, should it repeat it.

mod address;
mod asking;
mod client;
mod error_form;
mod failure;
mod finish;
mod host;
mod incoming;
mod models;
mod overflow;
mod pacing;
mod pieces;
mod reading;
mod requests;
mod server_error;
mod session;
#[cfg(test)]
mod tests;
mod told;
mod tool_call;
mod usage;
mod wait;

use std::collections::BTreeMap;

use parallel_agents_engine::host::Receipt;
use parallel_agents_engine::ids::SessionKey;
use rand::Rng as _;
use tokio::sync::mpsc;

pub use client::ModelServer;
pub use models::Listing;
pub use server_error::{KEY_VARIABLE, ServerError};

use crate::real_call::RealCall;
use gateway_sim::clock::Bell;
use gateway_sim::host::JournalSink;
use pacing::Pace;
use session::{Ended, Session};

/// What is chosen about a live host.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The model of sessions that are spawned without one.
    pub model: String,
    /// All of the component's chance. It has to be drawn afresh for each run unless the same run is wanted again.
    pub seed: u64,
    /// Sessions that run at once; one more is refused. None: as many as the component asks for.
    pub host_cap: Option<u32>,
    /// The time at which the host's clock begins, in milliseconds: for a call that goes on the last one of its journal, so
    /// that what passed while nobody ran it does not count. None: that of the system.
    pub start_ms: Option<u64>,
}

/// What the task of a session tells the host.
#[derive(Debug)]
enum Word {
    /// Something of the answer has arrived.
    Heard,
    /// Nothing more will.
    Ended(Ended),
}

/// A host whose sessions are completions on a server. Needs a Tokio runtime, and a clock of real time.
pub struct Live {
    server: ModelServer,
    options: LiveOptions,
    bell: Bell,
    call: RealCall,
    /// Stands in the names of all sessions: a call that goes on must not meet those of the host that is gone.
    life: u64,
    sessions: BTreeMap<SessionKey, Session>,
    receipts: BTreeMap<String, Receipt>,
    spawned: u64,
    words: mpsc::UnboundedReceiver<(SessionKey, Word)>,
    inbox: mpsc::UnboundedSender<(SessionKey, Word)>,
    pace: Pace,
}

impl Live {
    /// A host that has been asked for nothing yet. `bell` is that of the clock by which the call will run.
    pub fn new(server: ModelServer, options: LiveOptions, bell: Bell) -> Self {
        let call = RealCall::new(options.start_ms);
        let (inbox, words) = mpsc::unbounded_channel();
        Self {
            server,
            options,
            bell,
            call,
            life: rand::rng().next_u64(),
            sessions: BTreeMap::new(),
            receipts: BTreeMap::new(),
            spawned: 0,
            words,
            inbox,
            pace: Pace::default(),
        }
    }

    /// Keeps the call's journal: hands each part on before it counts as written.
    pub fn keep_journal(&mut self, sink: JournalSink) {
        self.call.keep_journal(sink);
    }
}

impl Drop for Live {
    /// A call that is dropped half-way leaves no completion running.
    fn drop(&mut self) {
        for session in self.sessions.values() {
            session.completion.abort();
        }
    }
}
