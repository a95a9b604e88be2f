//! Runs many specialised sub-sessions of an agent gateway in parallel and returns checked results: the component.
//!
//! `boundary` translates WIT, `documents` reads and writes the JSON of the entry points. The decisions are those of the
//! engine's crate; what a goal, a draft or a team becomes is the workflows' crate. ARCHITECTURE.md has the map.
//!
//! # Example
//!
//! Functions take a JSON document and a host. These are answered without asking the host anything; the crate `gateway_sim` has
//! a gateway for all the others.
//!
//! ```
//! use futures::FutureExt;
//! use gateway_sim::odd_host::NoHost;
//! use parallel_agents::documents::{self, DocumentReply, Function};
//! use serde_json::Value;
//!
//! let call = |request: &'static str| {
//!     documents::call(Function::ReviewTeam, request.to_owned(), &mut NoHost).now_or_never().expect("nothing is waited for")
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
