//! Runs many specialised sub-sessions of an agent gateway in parallel and returns checked results: the component.
//!
//! `boundary` translates WIT, `documents` reads and writes the JSON of the entry points. The decisions are those of the
//! engine's crate; what a goal, a draft or a team becomes is the workflows' crate. ARCHITECTURE.md has the map.
//!
//! # Example
//!
//! Functions take a JSON document and a host. This one is answered without asking the host anything; the crate `gateway_sim` has
//! a host for all the others.
//!
//! ```
//! use futures::FutureExt;
//! use parallel_agents::documents::{self, DocumentReply, Function};
//! use parallel_agents_engine::host::{Command, Event, Host};
//! use parallel_agents_engine::problem::CallError;
//! use serde_json::Value;
//!
//! struct NoHost;
//!
//! impl Host for NoHost {
//!     fn perform(&mut self, command: Command) {
//!         panic!("{command:?}");
//!     }
//!
//!     async fn next_event(&mut self, _until_ms: Option<u64>) -> Result<Event, CallError> {
//!         panic!("there are no events");
//!     }
//! }
//!
//! let call = |request: &'static str| {
//!     documents::call(Function::ReviewTeam, request, &mut NoHost).now_or_never().expect("nothing is waited for")
//! };
//! let DocumentReply::Answer(text) = call(r#"{"code": "fn half(n: u32) -> u32 { n / 2 }"}"#) else { panic!("refused") };
//! let request: Value = serde_json::from_str(&text)?;
//! assert_eq!(request["tasks"][1]["agent_type"], "security_reviewer");
//!
//! let DocumentReply::Refused(text) = call(r#"{"code": ""}"#) else { panic!("accepted") };
//! let refusal: Value = serde_json::from_str(&text)?;
//! assert_eq!(refusal["error"]["code"], "E_CODE_EMPTY");
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod catalogue;
pub mod documents;

#[cfg(target_family = "wasm")]
mod boundary;
