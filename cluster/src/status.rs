//! What a run keeps of how far it is, for whoever asks while it goes on. Each time it is kept it stands in Restate's journal, so that is
//! not done with each step.

use std::collections::BTreeMap;

use parallel_agents_engine::host::Progress;
use parallel_agents_engine::task::TaskStatus;
use serde::{Deserialize, Serialize};

/// A status is kept each time that so many hundredths of the tasks have ended.
const STATUS_STEPS: u32 = 50;

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What was last said of its tasks.
    pub progress: Option<Progress>,
    /// Live sessions on each gateway, or such as may be alive.
    pub live: Vec<(String, u32)>,
    /// How many tasks have ended in which way.
    #[serde(default)]
    pub counts: BTreeMap<TaskStatus, u32>,
    /// Gateways that get no more sessions of the run, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<(String, String)>,
}

/// What was kept so far.
#[derive(Debug, Default)]
pub struct Kept {
    /// Items that have become final.
    pub items: u32,
    /// Tasks that had ended when the status was kept.
    ended: Option<u32>,
    status: Status,
}

impl Kept {
    /// The status to be kept after a step, if it is to be: with each step of the tasks, when a gateway has no sessions any more or gets
    /// no more, and when it is due.
    pub fn status(
        &mut self,
        progress: &[Progress],
        live: Vec<(String, u32)>,
        closed: Vec<(String, String)>,
        is_due: bool,
    ) -> Option<Status> {
        let known = &mut self.status;
        for progress in progress.iter().filter(|progress| is_final(progress.status)) {
            *known.counts.entry(progress.status).or_default() += 1;
        }
        known.progress = progress.last().cloned().or(known.progress.take());
        let has_emptied = known.live.iter().zip(&live).any(|((_, before), (_, now))| *before > 0 && *now == 0);
        let is_new = known.live != live || known.closed != closed || !progress.is_empty();
        let has_moved =
            progress.last().is_some_and(|progress| self.ended.is_none_or(|ended| has_moved(progress, ended)));
        if !(has_moved || has_emptied || known.closed != closed || is_due && is_new) {
            return None;
        }
        self.ended = known.progress.as_ref().map(|progress| progress.ended);
        (known.live, known.closed) = (live, closed);
        Some(known.clone())
    }
}

/// Whether tasks have gone on far enough since so many had ended.
fn has_moved(progress: &Progress, ended: u32) -> bool {
    let step = (progress.total / STATUS_STEPS).max(1);
    progress.ended >= ended + step || progress.ended == progress.total
}

fn is_final(status: TaskStatus) -> bool {
    !matches!(status, TaskStatus::Pending | TaskStatus::Running)
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::ids::{AgentType, TaskId};
    use serde_json::json;

    use super::*;
    use crate::messages::{Control, RunOutput};

    /// What docs/scale-out.md promises to other programs.
    #[test]
    fn what_is_asked_at_the_ingress_keeps_its_form() {
        let progress = Progress {
            seq: 7,
            at_ms: 9,
            task: TaskId::new("task-1"),
            agent_type: AgentType::new("code_reviewer"),
            status: TaskStatus::Completed,
            ended: 2,
            running: 1,
            total: 3,
        };
        let counts = BTreeMap::from([(TaskStatus::Completed, 1), (TaskStatus::Failed, 1)]);
        let status = Status { progress: Some(progress), live: vec![("a".to_owned(), 1)], counts, ..Status::default() };
        let wanted = json!({
            "progress": { "seq": 7, "at_ms": 9, "task": "task-1", "agent_type": "code_reviewer", "status": "completed",
                "ended": 2, "running": 1, "total": 3 },
            "live": [["a", 1]],
            "counts": { "completed": 1, "failed": 1 },
        });
        assert_eq!(serde_json::to_value(&status).expect("JSON"), wanted);
        let closed = vec![("b".to_owned(), "its token".to_owned())];
        let told = serde_json::to_value(Status { closed, ..status }).expect("JSON");
        assert_eq!(told["closed"], json!([["b", "its token"]]));
        let stop = serde_json::from_value::<Control>(json!({ "Stop": "enough" })).expect("a control");
        assert_eq!(stop, Control::Stop("enough".to_owned()));
        for (output, wanted) in [
            (RunOutput::Answer("{}".to_owned()), json!({ "Answer": "{}" })),
            (RunOutput::Refused("{}".to_owned()), json!({ "Refused": "{}" })),
            (RunOutput::NoGateway(vec!["a: away".to_owned()]), json!({ "NoGateway": ["a: away"] })),
        ] {
            assert_eq!(serde_json::to_value(output).expect("JSON"), wanted);
        }
    }

    fn progress(ended: u32, total: u32) -> Progress {
        let (task, agent_type) = (TaskId::new("task-1"), AgentType::new("code_reviewer"));
        let status = TaskStatus::Completed;
        Progress { seq: ended.into(), at_ms: 9, task, agent_type, status, ended, running: 1, total }
    }

    #[test]
    fn what_is_kept_says_when_a_gateway_has_no_sessions_any_more() {
        let live = |a, b| vec![("a".to_owned(), a), ("b".to_owned(), b)];
        let mut kept = Kept::default();
        let first = kept.status(&[progress(1, 1_000)], live(10, 10), Vec::new(), false).expect("it is the first");
        assert_eq!(first.live, live(10, 10));
        // Between two steps nothing is kept, until one of them is empty.
        for (ended, a) in (2..11).zip((1..10).rev()) {
            assert_eq!(kept.status(&[progress(ended, 1_000)], live(a, 10), Vec::new(), false), None, "{ended}");
        }
        let empty = kept.status(&[progress(11, 1_000)], live(0, 9), Vec::new(), false).expect("a is empty");
        assert_eq!((empty.live, empty.progress.map(|progress| progress.ended)), (live(0, 9), Some(11)));
        assert_eq!(kept.status(&[], live(0, 9), Vec::new(), false), None);
        // What the run is told, and its end, are kept at once, and once.
        let told = kept.status(&[], live(0, 8), Vec::new(), true).expect("it was told something");
        assert_eq!((told.live, told.progress.map(|progress| progress.ended)), (live(0, 8), Some(11)));
        assert_eq!(kept.status(&[], live(0, 8), Vec::new(), true), None);
        let closed = vec![("b".to_owned(), "its token".to_owned())];
        assert!(kept.status(&[], live(0, 8), closed.clone(), false).is_some_and(|status| status.closed == closed));
    }
}
