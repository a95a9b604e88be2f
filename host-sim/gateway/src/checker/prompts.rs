//! What a session is given to read, and with which arguments it is spawned.
//!
//! Input of others stands between two marker lines with a code that nobody could know beforehand. What a session wrote gets
//! to whom the request lets read it, there and nowhere else, and whoever reads it has no tools.

use parallel_agents_engine::host::{Command, SpawnOptions};

use super::invariant::Invariant;
use super::state::Checker;
use crate::label::{agent_of, id_of};
use crate::search;
use crate::secret::SECRET;

/// The words before the code in every prompt of this component.
const BEFORE_CODE: &str = "two marker lines that carry the code ";

/// Hexadecimal digits of a code.
const CODE_DIGITS: usize = 16;

/// Characters of a secret.
const SECRET_CHARS: usize = SECRET.len() + 16;

impl Checker {
    /// Enters that a session of a task is going to write a secret.
    pub(super) fn wrote_secret(&mut self, label: &str, secret: &str) {
        self.prompts.secrets.insert(secret.to_owned(), id_of(label).to_owned());
    }

    /// Holds the prompt of a spawn call to what may stand in it, and where.
    pub(super) fn check_prompt(&mut self, options: &SpawnOptions) {
        let label = options.label.clone();
        let Some((before, code, block, after)) = parts(&options.task) else {
            if search::find(&options.task, BEFORE_CODE).is_some() {
                self.note(Invariant::Taint, format!("{label} was given input without its two marker lines"));
            } else {
                self.check_secrets(options, &options.task, "");
            }
            return;
        };
        if before.contains(code) || after.contains(code) || !only_in_field_lines(block, code) {
            self.note(Invariant::Taint, format!("{label} was given input that holds its own code"));
        }
        let key = self.prompts.codes.entry(code.to_owned()).or_insert_with(|| options.idempotency_key.clone());
        if *key != options.idempotency_key {
            self.note(Invariant::Taint, format!("{label} was given a code that another session had"));
        }
        if !self.prompts.secrets.is_empty() {
            self.check_secrets(options, &format!("{before}{after}"), block);
        }
    }

    /// `outside` and `inside` of the marker lines.
    fn check_secrets(&mut self, options: &SpawnOptions, outside: &str, inside: &str) {
        let label = &options.label;
        if outside.contains(SECRET) {
            self.note(Invariant::Taint, format!("{label} was given what a session wrote outside of its input"));
        }
        let mut read = false;
        for (at, _) in inside.match_indices(SECRET) {
            let Some(secret) = inside.get(at..at + SECRET_CHARS) else { continue };
            let Some(owner) = self.prompts.secrets.get(secret).cloned() else { continue };
            read = true;
            let id = id_of(label);
            let may_read = self
                .allowed
                .tasks
                .as_ref()
                .and_then(|tasks| tasks.get(id))
                .is_none_or(|task| owner == id || task.reads.contains(&owner));
            if !may_read {
                self.note(Invariant::Secrets, format!("{label} was given what {owner} wrote, and was not to read it"));
            }
        }
        if read && !options.tool_free {
            self.note(Invariant::Taint, format!("{label} was given tools together with what a session wrote"));
        }
    }

    /// Holds the arguments of a command to the request: nothing but a prompt may hold what a session wrote.
    pub(super) fn check_arguments(&mut self, command: &Command) {
        let mut texts: Vec<&str> = Vec::new();
        match command {
            Command::Spawn(_, options) => {
                texts.extend([options.label.as_str(), &options.task_name, &options.idempotency_key]);
                let more = [&options.model, &options.agent_id, &options.thinking];
                texts.extend(more.into_iter().flatten().map(String::as_str));
                self.check_spawn_arguments(options);
            }
            Command::List(_, filter) => texts.extend(filter.search.as_deref()),
            Command::Progress(progress) => texts.extend([progress.task.as_str(), progress.agent_type.as_str()]),
            // What became of an item is an answer, and no argument.
            Command::Item(_)
            | Command::History(..)
            | Command::Cancel(..)
            | Command::Attach(..)
            | Command::Delete(..) => {}
        }
        if texts.iter().any(|text| text.contains(SECRET)) {
            self.note(Invariant::Inert, "an argument of a request holds what a session wrote".to_owned());
        }
    }

    /// What a session is spawned with is what the request says.
    fn check_spawn_arguments(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let task = self.allowed.tasks.as_ref().and_then(|tasks| tasks.get(id_of(label)));
        let timeout = task.filter(|task| task.agent_type == agent_of(label)).and_then(|task| task.timeout_seconds);
        let mut wrong = Vec::new();
        if let Some(seconds) = timeout.filter(|seconds| *seconds != options.run_timeout_seconds) {
            wrong.push(format!("{} s of time instead of {seconds}", options.run_timeout_seconds));
        }
        if let (Some(models), Some(model)) = (&self.allowed.models.named, &options.model)
            && !models.contains(model)
        {
            wrong.push(format!("the model {model}, which the request does not name"));
        }
        if self.allowed.cleanup.is_some_and(|cleanup| cleanup != options.cleanup) {
            wrong.push("another cleanup than the request's".to_owned());
        }
        if !wrong.is_empty() {
            let what = format!("{label} was spawned with {}", wrong.join(", "));
            self.note(Invariant::Taint, what);
        }
    }
}

/// What stands before the first marker line, the code, what stands between them, and what stands behind the last one. None:
/// it is not so that there is exactly one of each.
fn parts(prompt: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, rest) = search::around(prompt, BEFORE_CODE)?;
    let code = rest.get(..CODE_DIGITS).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let rest = rest.get(CODE_DIGITS..)?;
    let (begin, end) = (format!("\n<<<INPUT {code}>>>\n"), format!("\n<<<END INPUT {code}>>>\n"));
    let (_, block) = search::around(rest, &begin)?;
    let (block, after) = search::around(block, &end)?;
    Some((head, code, block, after))
}

/// The code names fields and is nowhere else.
fn only_in_field_lines(block: &str, code: &str) -> bool {
    let end = format!(" {code}>>>");
    block.lines().filter(|line| line.contains(code)).all(|line| {
        line.strip_prefix("<<<FIELD ").and_then(|rest| rest.strip_suffix(&end)).is_some_and(|name| !name.contains(code))
    })
}
