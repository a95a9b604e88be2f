//! The first tasks of a run that goes on only if they show that it can work.

use crate::task::ErrorCode;

/// How many there are, and how they ended.
#[derive(Debug)]
pub(super) struct CanaryTasks {
    wanted: usize,
    /// None: the rest may start.
    out: Option<Out>,
}

#[derive(Debug, Default)]
struct Out {
    /// Tasks that were started.
    started: usize,
    /// Their error codes; None: completed.
    ended: Vec<Option<ErrorCode>>,
}

impl CanaryTasks {
    pub(super) fn new(wanted: Option<u32>) -> Self {
        Self { wanted: wanted.unwrap_or(0) as usize, out: wanted.map(|_| Out::default()) }
    }

    /// Whether a task that has not begun has to wait for them.
    pub(super) fn hold_others(&self) -> bool {
        self.out.as_ref().is_some_and(|out| out.started >= self.wanted)
    }

    pub(super) fn started(&mut self) {
        if let Some(out) = &mut self.out {
            out.started += 1;
        }
    }

    /// The host had no room for the first session of one.
    pub(super) fn put_back(&mut self) {
        if let Some(out) = &mut self.out {
            out.started = out.started.saturating_sub(1);
        }
    }

    /// One has ended. Why the rest shall not start, if all of them failed with the same code.
    pub(super) fn ended(&mut self, code: Option<ErrorCode>) -> Option<String> {
        let out = self.out.as_mut()?;
        out.ended.push(code);
        if out.ended.len() < self.wanted {
            return None;
        }
        let ended = self.out.take()?.ended;
        let first = ended.first().copied().flatten()?;
        let all_the_same = ended.iter().all(|code| *code == Some(first));
        all_the_same.then(|| format!("all {} tasks that went ahead ended with {first}", self.wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_starts_unless_all_of_them_failed_the_same_way() {
        let ends = |codes: [Option<ErrorCode>; 2]| {
            let mut canary_tasks = CanaryTasks::new(Some(2));
            canary_tasks.started();
            assert!(!canary_tasks.hold_others());
            canary_tasks.started();
            assert!(canary_tasks.hold_others());
            let told = codes.map(|code| canary_tasks.ended(code));
            assert!(told[0].is_none() && !canary_tasks.hold_others());
            told[1].is_none()
        };
        assert!(
            ends([Some(ErrorCode::Refused), Some(ErrorCode::OutputInvalid)])
                && ends([None, Some(ErrorCode::Refused)])
                && ends([None, None])
        );
        assert!(!ends([Some(ErrorCode::Refused), Some(ErrorCode::Refused)]));
        assert!(!CanaryTasks::new(None).hold_others());
    }
}
