//! What is made of a call once it is over: the report as a document or a page, and its spans.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use host_sim::session_log::SessionLog;
use host_sim::{page, telemetry};
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

    /// Writes the report if it has a path: the component's document with the host's account beside it, or a page if the
    /// name ends in .html. Then sends the spans if the environment asks for them; that they cannot be sent is told and
    /// changes nothing else.
    pub async fn finish(
        &self,
        ui: &Ui,
        path: Option<&Path>,
        function: &str,
        document: &Value,
        account: Value,
    ) -> Result<(), Failure> {
        if let Some(path) = path {
            let mut report = document.clone();
            if let Some(fields) = report.as_object_mut() {
                fields.insert("simulation".to_owned(), account);
            }
            let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            let text = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) {
                page::page(function, &report, sessions.records())
            } else {
                format!("{report:#}\n")
            };
            write(path, &text)?;
        }
        if telemetry::is_wanted() {
            let spans = telemetry::spans(function, document, self.began);
            if let Err(error) = telemetry::export(spans).await {
                ui.note(&format!("warning: the spans of the run could not be sent: {error}"));
            }
        }
        Ok(())
    }
}
