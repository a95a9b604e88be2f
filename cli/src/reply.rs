//! What is made of a call once its result was shown: files, and spans.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use gateway_sim::observed::AnyBackend;
use gateway_sim::session_log::SessionLog;
use host_sim::{page, telemetry};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use crate::args::RunOptions;
use crate::live_page::LivePage;
use crate::outcome::{Failure, Finish};
use crate::signals::Interrupt;
use crate::ui::Ui;
use crate::{desktop, output};

/// A reply of the component that is not a refusal.
pub struct Reply {
    /// The document, byte for byte.
    pub text: String,
    /// The document, read.
    pub document: Value,
    /// What is to be done once the document was shown.
    pub rest: Outputs,
}

impl Reply {
    /// A reply of a call that leaves nothing behind.
    pub fn alone(text: String, document: Value) -> Self {
        Self { text, document, rest: Outputs::default() }
    }

    /// Shows the result, as a person reads it or as the document that `--json` asks for, and only then does the rest.
    pub async fn deliver(self, ui: &Ui, readable: String, finish: Finish) -> Result<Finish, Failure> {
        let printed = ui.print(&if ui.is_json() { format!("{}\n", self.text) } else { readable });
        let done = self.rest.finish(ui).await;
        printed?;
        Ok(if done { finish } else { Finish::Flawed })
    }
}

/// What is left to be done after a call.
#[must_use]
#[derive(Default)]
pub struct Outputs {
    files: Vec<(PathBuf, Box<dyn FnOnce() -> String>)>,
    spans: Vec<SpanData>,
    /// The host's own account contradicts the result.
    contradiction: Option<Failure>,
    /// A file to be shown on the desktop.
    to_open: Option<PathBuf>,
    /// What whoever reads the result should know.
    notes: Vec<String>,
    /// A page that stays until somebody wants to go.
    page: Option<(LivePage, Interrupt)>,
}

impl Outputs {
    /// Adds a file, if somebody asked for it.
    pub fn file(&mut self, path: Option<&PathBuf>, text: impl FnOnce() -> String + 'static) {
        self.files.extend(path.map(|path| (path.clone(), Box::new(text) as _)));
    }

    /// Has a file shown once it is written.
    pub fn open(&mut self, path: &Path) {
        self.to_open = Some(path.to_owned());
    }

    /// Adds the spans of the call.
    pub fn spans(&mut self, spans: Vec<SpanData>) {
        self.spans.extend(spans);
    }

    /// Adds what the host's own account says against the result.
    pub fn contradicted(&mut self, failure: Failure) {
        self.contradiction = Some(failure);
    }

    /// Takes back what was said against the result.
    pub fn contradiction(&mut self) -> Option<Failure> {
        self.contradiction.take()
    }

    /// Adds a line for standard error.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Keeps a page when all else is done.
    pub fn stay(&mut self, page: LivePage, interrupt: Interrupt) {
        self.page = Some((page, interrupt));
    }

    /// Keeps no page after all.
    pub fn leave(&mut self) {
        self.page = None;
    }

    /// Tries everything and tells what did not work. Whether all of it did; spans that do not arrive change nothing.
    pub async fn finish(self, ui: &Ui) -> bool {
        let mut done = true;
        for (path, text) in self.files {
            if let Err(failure) = output::write(&path, &text()) {
                ui.tell_failure(&failure);
                done = false;
            }
        }
        if let Some(path) = self.to_open.filter(|_| done) {
            ui.note(&desktop::open(&path));
        }
        for line in self.notes {
            ui.note(&line);
        }
        if let Some(failure) = self.contradiction {
            ui.tell_failure(&failure);
            done = false;
        }
        if !self.spans.is_empty()
            && let Err(error) = telemetry::export(self.spans).await
        {
            ui.note(&format!("warning: the spans of the run could not be sent: {error}"));
        }
        if let Some((page, interrupt)) = self.page {
            page.stay(interrupt).await;
        }
        done
    }
}

/// What each session of a call was told and said so far.
pub type Sessions = Arc<Mutex<SessionLog>>;

/// What has to be noted from the beginning of a call.
pub struct Noted {
    sessions: Sessions,
    began: SystemTime,
}

impl Noted {
    /// To be made just before the call.
    pub fn of(sessions: Sessions) -> Self {
        Self { sessions, began: SystemTime::now() }
    }

    /// Has the call watched, if anybody wants to know what each session was told and said.
    pub fn watching(&self, backend: AnyBackend, run_options: &RunOptions) -> AnyBackend {
        let is_wanted = run_options.report.is_some() || run_options.serve.is_some();
        if is_wanted { backend.by(self.sessions.clone()) } else { backend }
    }

    /// The text of the report: the component's document with the host's account beside it, or a page of the document
    /// alone if the name ends in .html.
    pub fn report(
        &self,
        path: &Path,
        function: &str,
        document: &Value,
        account: Value,
    ) -> impl FnOnce() -> String + 'static {
        let sessions = self.sessions.clone();
        let (function, mut report) = (function.to_owned(), document.clone());
        let is_page = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
        move || {
            if is_page {
                let sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
                return page::page(&function, &report, sessions.records());
            }
            if let Some(fields) = report.as_object_mut() {
                fields.insert("simulation".to_owned(), account);
            }
            format!("{report:#}\n")
        }
    }

    /// The spans of the call, if the environment asks for them. None in place of the provider: models name it themselves.
    pub fn spans(&self, function: &str, document: &Value, provider: Option<&str>) -> Vec<SpanData> {
        match telemetry::is_wanted() {
            true => telemetry::spans(function, document, provider, self.began),
            false => Vec::new(),
        }
    }
}
