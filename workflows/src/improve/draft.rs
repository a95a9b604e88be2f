//! A draft, its versions so far, and what was said of them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::DEFINITION_KIND;
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::json::schema;
use parallel_agents_engine::review::Review;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{AgentSource, ErrorCode, TaskError, TaskResult};

/// Where a draft comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The caller has it.
    Given(Value),
    /// The creator makes it of this specification.
    Specified(Map<String, Value>),
}

/// One draft as the caller asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Unique; begins the ids of its tasks.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// What counts when it is judged.
    pub rubric: Option<String>,
    /// What every version has to fit, besides what its kind demands.
    pub schema: Option<Value>,
    /// Its first version.
    pub origin: Origin,
}

/// Why the work on a draft ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its score reached the target.
    TargetReached,
    /// The last round is over.
    MaxRounds,
    /// Two rounds or attempts in a row brought nothing better.
    NoProgress,
    /// Two rounds in a row brought no valid review.
    NoReview,
    /// The creator wrote no valid draft.
    NoDraft,
    /// The run was stopped.
    Stopped,
    /// Nothing is left to spend.
    Budget,
}

/// What the judges made of one version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Round {
    /// Counted from 1.
    pub round: u32,
    /// Of the version as a whole. None: no review was valid.
    pub score: Option<Score>,
    /// It is better than every version before.
    pub improved: bool,
    /// One for each judge.
    pub judges: Vec<Judgement>,
}

/// What one judge made of a version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The judge's task.
    pub task_id: String,
    /// None: there was no valid review.
    pub score: Option<Score>,
}

/// A version and what its judges made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// What was judged.
    pub draft: Value,
    /// The median of its judges.
    pub score: Score,
    /// The round in which it was judged.
    pub round: u32,
    /// What is still wrong with it.
    pub issues: Vec<Value>,
}

/// One draft on its way.
#[derive(Debug)]
pub struct Draft {
    /// As it was asked for.
    pub wanted: Wanted,
    /// The best version that was judged.
    pub best: Option<Best>,
    /// One entry a round, for the report.
    pub history: Vec<Round>,
    /// Why it ended; None while it has not.
    pub reason: Option<Reason>,
    /// Why the last session that came to nothing did so; None once one has come to something.
    pub error: Option<TaskError>,
    /// What a judge was refused for lack of budget. Those who were asked before it may still give their reviews.
    pub(super) unpaid: Option<TaskError>,
    pub(super) current: Value,
    pub(super) waiting: u32,
    pub(super) reviews: Vec<(String, Option<Review>)>,
    /// Rounds or attempts without a gain, in a row.
    pub(super) stale: u32,
    /// Sessions asked for besides judges, for their names.
    pub(super) attempts: u32,
}

impl Draft {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            best: None,
            history: Vec::new(),
            reason: None,
            error: None,
            unpaid: None,
            current: Value::Null,
            waiting: 0,
            reviews: Vec::new(),
            stale: 0,
            attempts: 0,
        }
    }

    /// The best version; before one was judged, what there is: the draft as it was given, or as its creator made it.
    pub fn version(&self) -> Option<&Value> {
        let best = self.best.as_ref().map(|best| &best.draft);
        best.or(Some(&self.current).filter(|current| !current.is_null()))
    }

    /// Notes why a session came to nothing: the words of its own error, or what was wrong with its answer.
    pub(super) fn came_to_nothing(&mut self, result: &TaskResult, code: ErrorCode, problems: &[String]) {
        let own = || TaskError::new(code, problems.join("; "));
        self.error = Some(result.error.clone().unwrap_or_else(own));
    }

    /// What judges and refiners read of it.
    pub(super) fn input(&self, version: &Value) -> Map<String, Value> {
        let mut input = Map::new();
        input.insert("kind".to_owned(), Value::from(self.wanted.kind.as_str()));
        for (field, text) in [("purpose", &self.wanted.purpose), ("rubric", &self.wanted.rubric)] {
            if let Some(text) = text {
                input.insert(field.to_owned(), Value::from(text.as_str()));
            }
        }
        input.insert("draft".to_owned(), version.clone());
        input
    }

    /// The version as it can take the place of the draft, or why it cannot. A definition is kept in the form in which it
    /// can be written into a file.
    pub(super) fn usable(&self, version: &Value) -> Result<Value, Vec<String>> {
        if self.wanted.kind != DEFINITION_KIND {
            let empty = version.as_str().is_some_and(|text| text.trim().is_empty());
            if empty || version.is_null() {
                return Err(vec!["it is empty".to_owned()]);
            }
            if self.wanted.schema.as_ref().is_some_and(|schema| !schema::check(schema, version).is_empty()) {
                return Err(vec!["it does not fit its schema".to_owned()]);
            }
            let same_form = version.is_string() == self.current.is_string();
            return if same_form { Ok(version.clone()) } else { Err(vec!["it has another form".to_owned()]) };
        }
        let forms = AgentDefinition::forms(&AgentSource::Definition(version.clone()));
        let definition = forms.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?.definition;
        if definition.get("name").and_then(Value::as_str) == Some(self.wanted.name.as_str()) {
            Ok(definition)
        } else {
            Err(vec![format!("its name has to be {}", self.wanted.name)])
        }
    }

    /// All judges have answered or will not; returns the score, if there is one.
    pub(super) fn end_round(&mut self) -> Option<Score> {
        let round = u32::try_from(self.history.len() + 1).unwrap_or(u32::MAX);
        let reviews = std::mem::take(&mut self.reviews);
        let valid: Vec<&Review> = reviews.iter().filter_map(|(_, review)| review.as_ref()).collect();
        let score = Score::median(valid.iter().map(|review| review.score).collect());
        let better = score.is_some() && score > self.best.as_ref().map(|best| best.score);
        if let Some(score) = score.filter(|_| better) {
            let issues = valid.iter().flat_map(|review| review.issues.iter().cloned()).collect();
            self.best = Some(Best { draft: self.current.clone(), score, round, issues });
            self.stale = 0;
        } else {
            self.stale += 1;
        }
        let judges = reviews.iter().map(|(task, review)| Judgement {
            task_id: task.clone(),
            score: review.as_ref().map(|review| review.score),
        });
        self.history.push(Round { round, score, improved: better, judges: judges.collect() });
        score
    }
}
