//! The parts of a goal: tasks of its plans, and what came of each.

use serde_json::{Value, json};

use crate::create::field;
use crate::graft::Earlier;
use crate::improve::Draft;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::json::output_schema::OutputSchema;
use parallel_agents_engine::task::{ErrorCode, TaskResult, TaskStatus};
use parallel_agents_engine::text;

/// Bytes of one result that the compiling agent reads; a longer one is cut and marked.
const MAX_RESULT_BYTES: usize = 4 * 1024;

/// One task of a plan.
#[derive(Clone, Debug)]
pub struct Part {
    /// As the plan has it.
    pub task: Value,
    /// What the plan says of it besides.
    pub note: Note,
    /// Its place in the run, and what its answer has to fit. None: it was not run.
    place: Option<(TaskIndex, Option<OutputSchema>)>,
    end: Option<End>,
}

/// What a plan says of a task beyond what a caller could say; only the orchestrator reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    /// What counts when the result is judged and improved. None: it is taken as it comes.
    pub rubric: Option<String>,
    /// Tasks that did not come to a result and need none any more if this one does.
    pub replaces: Vec<String>,
}

#[derive(Clone, Debug)]
struct End {
    status: TaskStatus,
    code: Option<ErrorCode>,
    message: Option<String>,
    /// As far as the compiling agent reads it.
    output: String,
    cut: bool,
    /// All of it, if it is to be judged.
    whole: Option<Value>,
    score: Option<Value>,
}

/// All tasks of a goal's plans, in the order of the plans.
#[derive(Debug, Default)]
pub struct Parts(Vec<Part>);

impl Part {
    /// The id that the plan gave its task.
    pub fn id(&self) -> &str {
        field(&self.task, "task_id")
    }

    fn is_completed(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.status == TaskStatus::Completed)
    }

    /// The result that is to be judged and improved, what counts, and what it has to fit.
    pub fn to_refine(&self) -> Option<(&Value, &str, Option<&Value>)> {
        let whole = self.end.as_ref().filter(|_| self.is_completed())?.whole.as_ref()?;
        Some((
            whole,
            self.note.rubric.as_deref()?,
            self.place.as_ref().and_then(|(_, schema)| schema.as_ref()).map(OutputSchema::value),
        ))
    }
}

impl Parts {
    /// Takes in a task that has been given a place, or one that is not run.
    pub fn add(&mut self, task: Value, note: Note, place: Option<(TaskIndex, Option<OutputSchema>)>) {
        self.0.push(Part { task, note, place, end: None });
    }

    /// All of them.
    pub fn all(&self) -> &[Part] {
        &self.0
    }

    /// Whether an id stands for a part.
    pub fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|part| part.id() == id)
    }

    /// Whether nothing is under way.
    pub fn all_ended(&self) -> bool {
        self.0.iter().all(|part| part.end.is_some())
    }

    /// Keeps what came of a task. False: it is no part of a plan.
    pub fn ended(&mut self, result: &TaskResult) -> bool {
        let Some(part) = self.0.iter_mut().find(|part| part.id() == result.task_id.as_str()) else { return false };
        let output = result.output.as_ref().map(readable).unwrap_or_default();
        let kept = text::head(&output, MAX_RESULT_BYTES);
        part.end = Some(End {
            status: result.status,
            code: result.error.as_ref().map(|error| error.code),
            message: result.error.as_ref().map(|error| error.message.clone()),
            cut: kept.len() < output.len(),
            output: kept.to_owned(),
            whole: result.output.clone().filter(|_| part.note.rubric.is_some()),
            score: None,
        });
        true
    }

    /// Puts the best version of a result in its place.
    pub fn refined(&mut self, id: &str, draft: &Draft) {
        let end = self.0.iter_mut().find(|part| part.id() == id).and_then(|part| part.end.as_mut());
        let (Some(end), Some(best)) = (end, &draft.best) else { return };
        let output = readable(&best.draft);
        let kept = text::head(&output, MAX_RESULT_BYTES);
        end.cut = kept.len() < output.len();
        end.output = kept.to_owned();
        end.score = Some(best.score.value());
    }

    /// How many results are to be judged.
    pub fn with_rubric(&self) -> usize {
        self.0.iter().filter(|part| part.note.rubric.is_some()).count()
    }

    /// Tasks that others may build on.
    pub fn completed(&self) -> Vec<Earlier> {
        let completed = self.0.iter().filter(|part| part.is_completed());
        let earlier = completed.filter_map(|part| {
            let agent_type = field(&part.task, "agent_type").to_owned();
            Some(Earlier { id: part.id().to_owned(), agent_type, index: part.place.as_ref()?.0 })
        });
        earlier.collect()
    }

    /// Ids of parts that came to nothing and that no other has replaced.
    pub fn open(&self) -> Vec<&str> {
        let mut done: Vec<&str> = Vec::new();
        // Later plans replace parts of earlier ones, so the last are settled first.
        for part in self.0.iter().rev() {
            if part.is_completed() || done.contains(&part.id()) {
                done.extend(part.note.replaces.iter().map(String::as_str));
                done.push(part.id());
            }
        }
        self.0.iter().map(Part::id).filter(|id| !done.contains(id)).collect()
    }

    /// What failed, as the planning agent reads it.
    pub fn failures(&self) -> Vec<Value> {
        let open = self.open();
        let failed = self.0.iter().filter(|part| open.contains(&part.id()));
        let shown = failed.map(|part| {
            let end = part.end.as_ref();
            json!({
                "task": part.task,
                "status": end.map(|end| end.status),
                "code": end.and_then(|end| end.code.as_ref()),
                "reason": end.and_then(|end| end.message.as_ref()),
            })
        });
        shown.collect()
    }

    /// What is there, as the planning agent reads it.
    pub fn achieved(&self) -> Vec<Value> {
        let completed = self.0.iter().filter(|part| part.is_completed());
        let shown = completed.map(|part| {
            json!({
                "task_id": part.id(),
                "agent_type": field(&part.task, "agent_type"),
                "task_description": field(&part.task, "task_description"),
            })
        });
        shown.collect()
    }

    /// All results, as the compiling agent reads them.
    pub fn results(&self) -> Vec<Value> {
        let shown = self.0.iter().map(|part| {
            let end = part.end.as_ref();
            let replaced_by: Vec<&str> = self
                .0
                .iter()
                .filter(|other| other.note.replaces.iter().any(|id| id == part.id()))
                .map(Part::id)
                .collect();
            let mut shown = json!({
                "task_id": part.id(),
                "agent_type": field(&part.task, "agent_type"),
                "status": end.map(|end| end.status),
                "output": end.map(|end| end.output.as_str()),
                "cut": end.is_some_and(|end| end.cut),
                "error": end.and_then(|end| end.message.as_ref()),
            });
            if let Some(fields) = shown.as_object_mut() {
                if !replaced_by.is_empty() {
                    fields.insert("replaced_by".to_owned(), Value::from(replaced_by));
                }
                if let Some(score) = end.and_then(|end| end.score.clone()) {
                    fields.insert("score".to_owned(), score);
                }
            }
            shown
        });
        shown.collect()
    }
}

/// Texts as they are, everything else as JSON.
fn readable(output: &Value) -> String {
    output.as_str().map_or_else(|| output.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parallel_agents_engine::ids::{AgentType, TaskId};
    use parallel_agents_engine::task::{ResultMetadata, TaskError};

    fn end(id: &str, good: bool) -> TaskResult {
        let error = TaskError::new(ErrorCode::SessionFailed, "It broke.");
        TaskResult {
            task_id: TaskId::new(id),
            agent_type: AgentType::new("x"),
            status: if good { TaskStatus::Completed } else { TaskStatus::Failed },
            output: good.then(|| Value::from("x".repeat(MAX_RESULT_BYTES + 1))),
            execution_ms: 0,
            error: (!good).then_some(error),
            session_key: None,
            metadata: ResultMetadata::default(),
        }
    }

    /// Id, whether it went well, what it replaces.
    type Row<'a> = (&'a str, bool, &'a [&'a str]);

    fn parts(rows: &[Row<'_>]) -> Parts {
        let mut parts = Parts::default();
        for (place, (id, good, replaces)) in rows.iter().enumerate() {
            let replaces = replaces.iter().map(|id| (*id).to_owned()).collect();
            parts.add(json!({ "task_id": id }), Note { rubric: None, replaces }, Some((TaskIndex(place), None)));
            assert!(!parts.all_ended() && parts.ended(&end(id, *good)) && parts.all_ended());
        }
        parts
    }

    #[test]
    fn a_part_is_done_when_something_good_takes_its_place() {
        let rows: [(&[Row<'_>], &[&str]); 5] = [
            (&[("a", true, &[]), ("b", false, &[])], &["b"]),
            (&[("a", false, &[]), ("b", true, &["a"])], &[]),
            (&[("a", false, &[]), ("b", false, &["a"])], &["a", "b"]),
            (&[("a", false, &[]), ("b", false, &["a"]), ("c", true, &["b"])], &[]),
            (&[("a", false, &[]), ("b", false, &["a"]), ("c", true, &["a"])], &["b"]),
        ];
        for (row, open) in rows {
            assert_eq!(parts(row).open(), *open, "{row:?}");
        }
    }

    #[test]
    fn long_results_are_cut_and_marked_and_nothing_failed_is_to_build_on() {
        let parts = parts(&[("a", true, &[]), ("b", false, &[]), ("c", true, &["b"])]);
        let results = parts.results();
        assert_eq!((&results[0]["cut"], results[0]["output"].as_str().map(str::len)), (&json!(true), Some(4096)));
        assert_eq!((&results[1]["replaced_by"], &results[1]["error"]), (&json!(["c"]), &json!("It broke.")));
        let earlier: Vec<String> = parts.completed().into_iter().map(|task| task.id).collect();
        assert_eq!(earlier, ["a", "c"]);
    }
}
