//! The beginning: each gateway is asked what it is and allows, and the engine is told of all of them as of one host.

use parallel_agents_engine::host::{EventKind, HostError, HostFacts};

use super::{About, ClusterCall};
use crate::limits::{narrowed_by, narrower};
use crate::messages::{GatewayCall, GatewayFacts, RunOutput};
use crate::placement::GatewayIndex;

/// The name of all gateways together among hosts.
const CLUSTER: &str = "openclaw-cluster";

/// The pause before gateways that were all away are asked again, in milliseconds.
const PAUSE_MS: u64 = 2_000;

/// Gateways that were asked.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Whose answers have not come.
    unanswered: usize,
    has_open: bool,
    again_at: Option<u64>,
    /// The run is to be stopped, so nobody waits for gateways.
    is_cut: bool,
}

impl Opening {
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    pub(super) fn wake_ms(&self) -> Option<u64> {
        self.again_at
    }
}

impl ClusterCall {
    pub(super) fn ask_for_facts(&mut self) {
        let gateways: Vec<GatewayIndex> = self.placement.all().map(|(index, _)| index).collect();
        let is_cut = self.opening.as_ref().is_some_and(|opening| opening.is_cut);
        self.opening = Some(Opening { unanswered: gateways.len(), is_cut, ..Opening::default() });
        for gateway in gateways {
            self.ask(About::Facts(gateway), gateway, GatewayCall::Facts);
        }
    }

    pub(super) fn facts(&mut self, gateway: GatewayIndex, answer: Result<GatewayFacts, HostError>) {
        if let Some(opening) = &mut self.opening {
            opening.unanswered = opening.unanswered.saturating_sub(1);
        }
        match answer {
            Ok(facts) => self.said(gateway, facts),
            // It may be back soon, and then it is asked again.
            Err(
                HostError::Unavailable(_) | HostError::InDoubt(_) | HostError::Busy(_) | HostError::RateLimited { .. },
            ) => self.placement.away(gateway, self.now_ms),
            Err(error) => {
                let words = parallel_agents_engine::policy::outcome::words(&error).to_owned();
                self.placement.close(gateway, words);
            }
        }
    }

    /// A gateway says what it is and allows. The limits of a run are those that it began with, so one that was away then and allows less
    /// gets no sessions.
    fn said(&mut self, gateway: GatewayIndex, facts: GatewayFacts) {
        match &mut self.opening {
            Some(opening) => {
                opening.has_open = true;
                self.limits = narrower(std::mem::take(&mut self.limits), facts.limits);
            }
            None => {
                if let Some(what) = narrowed_by(&self.limits, &facts.limits) {
                    let reason =
                        format!("it was away when the run began, and allows less than the run may take: {what}");
                    return self.placement.close(gateway, reason);
                }
                self.placement.answered(gateway);
            }
        }
        self.placement.narrow(gateway, facts.max_concurrent);
        self.placement.read(gateway);
    }

    /// Asks those what they are that were away before.
    pub(super) fn ask_unread(&mut self) {
        let unread: Vec<GatewayIndex> = self.placement.unread(self.now_ms).collect();
        for gateway in unread {
            let is_asked = |about: &About| matches!(about, About::Facts(asked) if *asked == gateway);
            if !self.asked.values().any(is_asked) {
                self.ask(About::Facts(gateway), gateway, GatewayCall::Facts);
            }
        }
    }

    /// Lets the engine begin, once all gateways have said what they are.
    pub(super) fn open(&mut self) {
        let Some(opening) = &mut self.opening else { return };
        if opening.unanswered > 0 {
            return;
        }
        if let Some(reasons) = self.placement.all_closed() {
            self.stepped.over = Some(RunOutput::NoGateway(reasons));
            return;
        }
        let patience_ms = u64::from(self.input.patience_seconds) * 1_000;
        if !opening.has_open && !opening.is_cut && self.now_ms < self.input.at_ms.saturating_add(patience_ms) {
            match opening.again_at {
                Some(at) if at <= self.now_ms => self.ask_for_facts(),
                Some(_) => {}
                None => opening.again_at = Some(self.now_ms.saturating_add(PAUSE_MS)),
            }
            return;
        }
        self.opening = None;
        self.untold.push_front(EventKind::Opened(HostFacts {
            name: CLUSTER.to_owned(),
            seed: self.input.seed,
            max_concurrent: Some(self.placement.slots()),
            reports_starts: false,
            keeps_journal: false,
            limits: Some(self.limits.clone()),
        }));
    }
}
