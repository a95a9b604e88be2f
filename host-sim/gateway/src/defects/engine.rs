//! The engine with a defect.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::LocalBoxFuture;
use parallel_agents::documents::{self, DocumentReply, FunctionInfo};
use serde_json::Value;

use super::defect::{Defect, Tamper};
use super::host::TamperedHost;
use super::wire::Wire;
use crate::call::{Called, hold_to_request};
use crate::clock::Clock;
use crate::engine::{Engine, Native};
use crate::error::SimError;
use crate::native;
use crate::simulation::Simulation;

/// The engine of this program, behind somebody who changes what passes.
#[derive(Debug)]
pub struct Defective {
    tamper: Tamper,
    calls: AtomicU64,
}

/// What is asked of the engine.
enum Asked<'a> {
    Call { function: &'a str, arguments: String },
    Resume { journal: String },
}

impl Defective {
    /// An engine with this defect.
    pub fn new(defect: &Defect) -> Self {
        Self { tamper: defect.tamper, calls: AtomicU64::new(0) }
    }

    async fn carry_out(&self, asked: Asked<'_>, gateway: Simulation) -> Called<DocumentReply> {
        let wire = Wire::of_call(self.calls.fetch_add(1, Ordering::Relaxed));
        let clock = Clock::virtual_time();
        let called = native::enter(gateway, &clock, async |host| {
            let mut host = TamperedHost::new(host, self.tamper, wire);
            let reply = match asked {
                Asked::Call { function, arguments } => documents::call_named(function, arguments, &mut host).await,
                Asked::Resume { journal } => documents::journals::resume(journal, &mut host).await,
            };
            host.finish();
            self.reply(reply)
        });
        called.await.noting_leaks()
    }

    fn reply(&self, reply: DocumentReply) -> DocumentReply {
        match (self.tamper, reply) {
            (Tamper::Reply(change), DocumentReply::Answer(text)) => DocumentReply::Answer(changed(&text, change)),
            (_, reply) => reply,
        }
    }
}

impl Engine for Defective {
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>> {
        Native.functions()
    }

    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        mut gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        // The checker reads the request as it is.
        hold_to_request(&mut gateway, function, arguments);
        let arguments = match self.tamper {
            Tamper::Request(change) => changed(arguments, change),
            _ => arguments.to_owned(),
        };
        Box::pin(self.carry_out(Asked::Call { function, arguments }, gateway))
    }

    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        let journal = match self.tamper {
            Tamper::Journal(change) => change(journal),
            _ => journal.to_owned(),
        };
        Box::pin(self.carry_out(Asked::Resume { journal }, gateway))
    }
}

/// A document with a change; as it is if it is no JSON.
fn changed(text: &str, change: fn(&mut Value)) -> String {
    let Ok(mut document) = serde_json::from_str(text) else { return text.to_owned() };
    change(&mut document);
    document.to_string()
}
