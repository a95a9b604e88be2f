//! What is made of a call once it is over: the report as a document or a page, and its spans.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use host_sim::session_log::SessionLog;
use host_sim::{page, telemetry};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use crate::outcome::Failure;
use crate::simulation::write;
use crate::ui::Ui;

/// What has to be noted from the beginning of a call.
pub struct Afterwards {
    sessions: Arc<Mutex<SessionLog>>,
    began: SystemTime,
}

impl Afterwards {
    /// To be made just before the call.
    pub fn new() -> Self {
        Self { sessions: Arc::default(), began: SystemTime::now() }
    }

    /// What has to watch the call.
    pub fn watcher(&self) -> Arc<Mutex<SessionLog>> {
        self.sessions.clone()
    }

    /// Writes the report if it has a path: the component's document with the host's account beside it, or a page of the
    /// document alone if the name ends in .html.
    pub fn write_report(
        &self,
        path: Option<&Path>,
        function: &str,
        document: &Value,
        account: Value,
    ) -> Result<(), Failure> {
        let Some(path) = path else { return Ok(()) };
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let text = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) {
            page::page(function, document, sessions.records())
        } else {
            let mut report = document.clone();
            if let Some(fields) = report.as_object_mut() {
                fields.insert("simulation".to_owned(), account);
            }
            format!("{report:#}\n")
        };
        write(path, &text)
    }

    /// The spans of the call, if the environment asks for them. None in place of the provider: models name it themselves.
    pub fn spans(&self, function: &str, document: &Value, provider: Option<&str>) -> Spans {
        let is_wanted = telemetry::is_wanted();
        Spans(if is_wanted { telemetry::spans(function, document, provider, self.began) } else { Vec::new() })
    }
}

/// Spans that are not sent yet: nobody waits for a collector before the result is shown.
#[must_use]
#[derive(Default)]
pub struct Spans(Vec<SpanData>);

impl Spans {
    /// Sends them. That they cannot be sent is told and changes nothing else.
    pub async fn send(self, ui: &Ui) {
        if self.0.is_empty() {
            return;
        }
        if let Err(error) = telemetry::export(self.0).await {
            ui.note(&format!("warning: the spans of the run could not be sent: {error}"));
        }
    }
}
