//! For how long a gateway has not answered, over all looks at one of its sessions: each look may be that of another worker.

use serde::{Deserialize, Serialize};

/// What a look has found. It stands in Restate's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Looked {
    /// As earlier versions write it: for how long the gateway has not answered that worker, in milliseconds.
    Away(u64),
    /// What a worker knew of the gateway.
    At {
        /// When, on its clock, in milliseconds since 1970.
        at_ms: u64,
        /// What it knew.
        contact: Contact,
    },
}

/// What a worker knows of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contact {
    /// It answers, or may have no news.
    Answers,
    /// This worker has not heard of it yet, be it good or bad.
    Unheard,
    /// It has not answered for so many milliseconds.
    Silent(u64),
    /// The worker's configuration has no such gateway.
    Unknown,
}

/// Since when a gateway has not answered.
#[derive(Debug, Default)]
pub struct Lease {
    since_ms: Option<u64>,
}

impl Lease {
    /// Takes in a look. For how long the gateway is known not to have answered, in milliseconds.
    pub fn looked(&mut self, looked: Looked) -> u64 {
        let (at_ms, contact) = match looked {
            Looked::Away(away_ms) => return away_ms,
            Looked::At { at_ms, contact } => (at_ms, contact),
        };
        let since_ms = match contact {
            Contact::Answers => {
                self.since_ms = None;
                return 0;
            }
            // A worker that is new may be about to hear of it. What others have found is not forgotten.
            Contact::Unheard => return 0,
            Contact::Silent(away_ms) => at_ms.saturating_sub(away_ms),
            Contact::Unknown => at_ms,
        };
        let since_ms = self.since_ms.map_or(since_ms, |known| known.min(since_ms));
        self.since_ms = Some(since_ms);
        at_ms.saturating_sub(since_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, contact: Contact) -> Looked {
        Looked::At { at_ms: seconds * 1_000, contact }
    }

    #[test]
    fn a_lease_runs_out_at_a_gateway_that_was_removed() {
        let mut lease = Lease::default();
        let away = [100, 110, 130, 170].map(|seconds| lease.looked(at(seconds, Contact::Unknown)));
        assert_eq!(away, [0, 10_000, 30_000, 70_000]);
    }

    #[test]
    fn a_lease_does_not_begin_anew_with_each_worker() {
        let mut lease = Lease::default();
        assert_eq!(lease.looked(at(100, Contact::Silent(40_000))), 40_000);
        assert_eq!(lease.looked(at(110, Contact::Unheard)), 0);
        assert_eq!(lease.looked(at(120, Contact::Silent(5_000))), 60_000);
        // It is back.
        assert_eq!(lease.looked(at(130, Contact::Answers)), 0);
        assert_eq!(lease.looked(at(140, Contact::Silent(1_000))), 1_000);
    }

    #[test]
    fn looks_of_earlier_versions_are_read() {
        let read = |text: &str| serde_json::from_str::<Looked>(text).expect("a look");
        assert_eq!(read("40000"), Looked::Away(40_000));
        assert_eq!(Lease::default().looked(read("40000")), 40_000);
        for contact in [Contact::Answers, Contact::Unheard, Contact::Silent(7), Contact::Unknown] {
            let text = serde_json::to_string(&at(1, contact)).expect("JSON");
            assert_eq!(read(&text), at(1, contact));
        }
    }
}
