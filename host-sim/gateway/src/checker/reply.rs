//! What a call comes back with, held against what the host knows.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::task::{TaskStatus, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::excuse::Excuse;
use super::invariant::Invariant;
use super::state::Checker;
use super::written::Written;
use crate::label::id_of;
use crate::reply;
use crate::secret::SECRET;

/// Bytes that are kept of one answer: 64 KiB, and what marks a cut.
const MAX_KEPT_BYTES: usize = 64 * 1024 + 1024;

/// Bytes that are kept of all answers.
const MAX_KEPT_IN_ALL: usize = 16 * 1024 * 1024;

/// Refusals that may come after the host was asked for something.
const LATE_REFUSALS: [&str; 3] = ["E_HOST_PROTOCOL", "E_NONDETERMINISM", "E_JOURNAL"];

/// The fields of a report that the host knows better.
#[derive(Deserialize)]
struct Report {
    results: Vec<Line>,
    usage: Option<Usage>,
}

/// What a report tells of answers and errors.
#[derive(Deserialize)]
struct Texts {
    results: Vec<TextsOfTask>,
}

#[derive(Deserialize)]
struct TextsOfTask {
    task_id: String,
    #[serde(default)]
    output: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Line {
    task_id: String,
    status: TaskStatus,
    #[serde(default)]
    session_key: Option<String>,
    #[serde(default)]
    output: Written,
    #[serde(default)]
    error: Value,
}

impl Checker {
    /// Enters what the call came back with.
    pub(crate) fn replied(&mut self, reply: &DocumentReply) {
        match reply {
            DocumentReply::Refused(text) => {
                let asked = self.accounts.requests.len();
                if asked > 0 && !LATE_REFUSALS.iter().any(|code| text.contains(code)) {
                    let what = format!("the request was refused after {asked} requests to the host");
                    self.note(Invariant::Refusal, what);
                }
            }
            DocumentReply::Answer(_) if self.allowed.items.is_some() => self.check_items(),
            DocumentReply::Answer(text) if self.allowed.order.is_some() => match serde_json::from_str(text) {
                Ok(report) => {
                    self.check_report(&report);
                    self.check_readers(text);
                }
                Err(error) => self.note(Invariant::Results, format!("the report cannot be read: {error}")),
            },
            DocumentReply::Answer(text) if self.allowed.models.is_strict => self.check_models(text),
            DocumentReply::Answer(_) => {}
        }
    }

    /// Holds the report of a workflow's run to the models that were asked for.
    fn check_models(&mut self, text: &str) {
        let reply: Value = serde_json::from_str(text).unwrap_or_default();
        let results = reply::run_of(&reply)["results"].as_array().cloned().unwrap_or_default();
        for result in results.iter().filter(|result| result["status"] == TaskStatus::Completed.name()) {
            let (Some(task), Some(session)) = (result["task_id"].as_str(), result["session_key"].as_str()) else {
                continue;
            };
            if let Some(what) = self.check_answering_model(task, session) {
                self.note(Invariant::Tier, what);
            }
        }
    }

    fn check_report(&mut self, report: &Report) {
        let mut wrong = Vec::new();
        let told: Vec<&String> = report.results.iter().map(|line| &line.task_id).collect();
        let asked: Vec<&String> = self.allowed.order.iter().flatten().collect();
        if told != asked {
            wrong.push((Invariant::Results, format!("the results are of {told:?}, the tasks are {asked:?}")));
        }
        let mut kept = 0;
        for line in &report.results {
            let id = &line.task_id;
            let shown = self.progress.status(id);
            if shown.is_some_and(|shown| shown.is_final() && shown != line.status) || !line.status.is_final() {
                let shown = shown.map_or("nothing", TaskStatus::name);
                wrong.push((
                    Invariant::Results,
                    format!("{id} ended as {} and was shown as {shown}", line.status.name()),
                ));
            }
            if (line.status == TaskStatus::Completed) != line.error.is_null() {
                wrong.push((
                    Invariant::Results,
                    format!("{id} is {} and its error is {}", line.status.name(), line.error),
                ));
            }
            let answering = line.session_key.as_deref().filter(|_| line.status == TaskStatus::Completed);
            let wrong_model = answering.and_then(|session| self.check_answering_model(id, session));
            wrong.extend(wrong_model.map(|what| (Invariant::Tier, what)));
            let Written(bytes) = line.output;
            kept += bytes;
            if bytes > MAX_KEPT_BYTES {
                wrong.push((Invariant::Sizes, format!("{bytes} bytes were kept of the answer to {id}")));
            }
        }
        if kept > MAX_KEPT_IN_ALL {
            wrong.push((Invariant::Sizes, format!("{kept} bytes were kept of all answers")));
        }
        let used = self.usage();
        if let Some(told) =
            report.usage.filter(|told| told.input_tokens > used.input_tokens || told.output_tokens > used.output_tokens)
        {
            wrong.push((Invariant::Usage, format!("the report says {told:?}, the host {used:?}")));
        }
        wrong.into_iter().for_each(|(invariant, what)| self.note(invariant, what));
    }

    /// A secret is in the results of whoever wrote it, or of whoever was to read that.
    fn check_readers(&mut self, report: &str) {
        if self.prompts.secrets.is_empty() {
            return;
        }
        let Ok(Texts { results }) = serde_json::from_str(report) else { return };
        let (mut wrong, mut swapped) = (Vec::new(), 0);
        for TextsOfTask { task_id, output, error } in results {
            let text = format!("{output}{error}");
            let told =
                self.prompts.secrets.iter().filter(|(secret, _)| text.contains(SECRET) && text.contains(*secret));
            let reads = self.allowed.tasks.as_ref().and_then(|tasks| tasks.get(&task_id));
            for (secret, owner) in told {
                if *owner == task_id || reads.is_some_and(|task| task.reads.contains(owner)) {
                    continue;
                }
                // A host that gave one task the receipt of another has told it what that one wrote.
                let mut of_owner =
                    self.accounts.sessions.iter().filter(|(_, account)| id_of(&account.label) == owner.as_str());
                if of_owner.any(|(key, account)| self.is_mixed_up(key, account)) {
                    swapped += 1;
                } else {
                    wrong.push(format!("the result of {task_id} has {secret}, which {owner} wrote"));
                }
            }
        }
        (0..swapped).for_each(|_| self.excuse(Excuse::ReceiptRepeated));
        wrong.into_iter().for_each(|what| self.note(Invariant::Secrets, what));
    }
}
