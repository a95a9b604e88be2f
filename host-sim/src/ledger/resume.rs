//! The account of a call that was cut off and goes on.

use super::{Ledger, Live};

impl Ledger {
    /// Goes on with the same account. The requests of the call that was cut off will not be answered.
    pub(crate) fn resumed(&mut self) {
        let unanswered: Vec<Live> =
            self.live.iter().filter(|live| matches!(live, Live::Spawning(_))).cloned().collect();
        for live in unanswered {
            self.live.remove(&live);
            if let Live::Spawning(request) = live
                && let Some(asked) = self.requests.get(&request)
            {
                self.lost.insert(asked.key.clone());
            }
        }
        self.requests.clear();
        // What was told to the call that is gone is told again to the one that takes the session over.
        self.sessions.values_mut().for_each(|account| account.ends_told = 0);
        self.events = 0;
        self.returned = false;
        self.progress.resumed();
        self.resumes += 1;
    }

    /// How often the call was resumed.
    pub fn resumes(&self) -> u32 {
        self.resumes
    }

    /// Sessions beyond the first with the same label, which belong to the same attempt.
    pub fn duplicate_sessions(&self) -> u32 {
        let mut labels: Vec<&str> = self.sessions.values().map(|account| account.label.as_str()).collect();
        labels.sort_unstable();
        super::count(labels.windows(2).filter(|pair| matches!(pair, [one, other] if one == other)).count())
    }
}
