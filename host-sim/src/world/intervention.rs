//! What somebody does to a call from outside, at a given event of it.

use parallel_agents_engine::host::Happening;
use parallel_agents_engine::ids::TaskId;

use super::{Next, Told, World};

/// Done to a call when it waits for an event, before anything else can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intervention {
    /// It is asked to stop a task, or everything. For the report: `reason`.
    Stop {
        /// None: the whole run.
        task: Option<TaskId>,
        /// Who wants it.
        reason: String,
    },
    /// The component is dropped where it stands. Only its host is left to clean up.
    Drop,
}

impl World {
    /// Intervenes when the call waits for the event of this number; the first one has the number 0. Only once in a call.
    pub fn intervene_at(&mut self, event: u64, what: Intervention) {
        self.intervention = Some((event, what));
    }

    /// When the call was told of that, in milliseconds since it opened as it can know it. None: it was not.
    pub fn intervened_ms(&self) -> Option<u64> {
        self.intervened_ms
    }

    /// Events that were handed out.
    pub fn events(&self) -> u64 {
        self.next_seq
    }

    /// Sessions that have not ended.
    pub fn live_sessions(&self) -> usize {
        self.sessions.values().filter(|session| session.is_live()).count()
    }

    /// Lets everything happen that is going to happen by itself, with nobody there to hear of it.
    pub fn run_out(&mut self) {
        while let Some(at_ms) = self.agenda.next_at() {
            self.now_ms = self.now_ms.max(at_ms);
            if let Some(due) = self.agenda.take_due(self.now_ms) {
                self.carry_out(due);
            }
        }
        self.untold.clear();
    }

    /// Intervenes if it is time to. Some: nothing else will happen.
    pub(super) fn intervene(&mut self) -> Option<Next> {
        let (_, what) = self.intervention.take_if(|(event, _)| *event == self.next_seq)?;
        self.intervened_at = Some(self.next_seq);
        match what {
            Intervention::Stop { task, reason } => {
                let what = Happening::StopRequested { task, reason };
                self.untold.push_front(Told { what, is_extra: false });
                None
            }
            Intervention::Drop => Some(Next::Stuck("the call was dropped by its host".to_owned())),
        }
    }
}
