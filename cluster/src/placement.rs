//! Which gateway gets a session: one that has the model and room, by the share of its room that is taken. Reads and counts, and asks
//! nobody. One that refuses or is away is left alone for growing pauses.

use std::collections::BTreeMap;

use parallel_agents_engine::host::SpawnOptions;
use serde::{Deserialize, Serialize};

/// The pause before a gateway that was away or full is tried again, in milliseconds: the first, and the longest. It doubles.
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// A gateway, as a run is told of it. The run keeps to this to its end, whatever becomes of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySpec {
    /// Its name in the configuration.
    pub name: String,
    /// Sessions of this run that it may have at once.
    pub slots: u32,
    /// A gateway of weight 2 counts as half as full as one of weight 1 with the same share of its slots taken.
    pub weight: u32,
    /// The models that it has. None: sessions with any model may be tried there.
    pub models: Option<Vec<String>>,
    /// After so many seconds without an answer its sessions count as interrupted. None: they stay in doubt until it answers.
    pub lease_seconds: Option<u32>,
}

/// The place of a gateway in the list that the run began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GatewayIndex(pub usize);

/// Where a session goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    /// To this gateway.
    At(GatewayIndex),
    /// Nowhere yet: those that could take it have no room.
    Full,
    /// Nowhere yet: those that could take it are away or drained.
    Away,
    /// No gateway of this run will ever take it; why, in words.
    Never(String),
    /// The same, since those that could take it have refused such sessions.
    Refused(String),
}

/// What a session needs, by which gateways refuse it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needs {
    model: Option<String>,
    agent: Option<String>,
}

impl From<&SpawnOptions> for Needs {
    fn from(options: &SpawnOptions) -> Self {
        Self { model: options.model.clone(), agent: options.agent_id.clone() }
    }
}

/// What is known of the gateways of a run.
#[derive(Debug)]
pub struct Placement {
    gateways: Vec<Gateway>,
}

#[derive(Debug)]
struct Gateway {
    spec: GatewaySpec,
    live: u32,
    /// It has said what it is and allows. Before that it gets no sessions.
    is_read: bool,
    is_drained: bool,
    /// The run was told whether it is drained, which counts more than what was found when it was asked for its facts.
    is_told: bool,
    /// What it takes no sessions for, and its words.
    refused: BTreeMap<Needs, String>,
    /// Takes nothing more in this run, for this reason.
    closed: Option<String>,
    /// Not asked before this time.
    quiet_until: u64,
    /// It said itself that it had no room. The next end there, or this time, makes it one to ask again.
    full_until: u64,
    /// Pauses since it last took a session.
    pauses: u32,
}

impl Placement {
    /// Gateways that nothing is known of.
    pub fn new(specs: &[GatewaySpec]) -> Self {
        let gateway = |spec: &GatewaySpec| Gateway {
            spec: GatewaySpec { slots: spec.slots.max(1), weight: spec.weight.max(1), ..spec.clone() },
            live: 0,
            is_read: false,
            is_drained: false,
            is_told: false,
            refused: BTreeMap::new(),
            closed: None,
            quiet_until: 0,
            full_until: 0,
            pauses: 0,
        };
        Self { gateways: specs.iter().map(gateway).collect() }
    }

    /// All of them, in the order of the list.
    pub fn all(&self) -> impl Iterator<Item = (GatewayIndex, &GatewaySpec)> {
        self.gateways.iter().enumerate().map(|(index, gateway)| (GatewayIndex(index), &gateway.spec))
    }

    /// The name of one. Empty: there is no such gateway.
    pub fn name(&self, index: GatewayIndex) -> &str {
        self.gateways.get(index.0).map_or("", |gateway| gateway.spec.name.as_str())
    }

    /// The gateway of this name.
    pub fn named(&self, name: &str) -> Option<GatewayIndex> {
        self.gateways.iter().position(|gateway| gateway.spec.name == name).map(GatewayIndex)
    }

    /// Sessions that all gateways together may have at once.
    pub fn slots(&self) -> u32 {
        let open = self.gateways.iter().filter(|gateway| gateway.closed.is_none());
        open.fold(0, |sum: u32, gateway| sum.saturating_add(gateway.spec.slots))
    }

    /// Chooses for a session and takes the room.
    pub fn take(&mut self, needs: &Needs, now_ms: u64) -> Choice {
        let (mut best, mut instead) = (None::<usize>, None::<Choice>);
        for (index, gateway) in self.gateways.iter().enumerate() {
            if !gateway.may_take(needs) {
                continue;
            }
            let is_full = gateway.live >= gateway.spec.slots || gateway.full_until > now_ms;
            if is_full && gateway.live > 0 {
                instead = Some(Choice::Full);
            } else if is_full || gateway.is_drained || !gateway.is_read || gateway.quiet_until > now_ms {
                // Nothing of this run will end there and so make room.
                instead = instead.or(Some(Choice::Away));
            } else if best.is_none_or(|best| gateway.is_emptier_than(&self.gateways[best])) {
                best = Some(index);
            }
        }
        match (best, instead) {
            (Some(index), _) => {
                self.gateways[index].live += 1;
                Choice::At(GatewayIndex(index))
            }
            (None, Some(choice)) => choice,
            (None, None) if self.gateways.iter().any(|gateway| gateway.refused.contains_key(needs)) => {
                Choice::Refused(self.why_none(needs))
            }
            (None, None) => Choice::Never(self.why_none(needs)),
        }
    }

    fn why_none(&self, needs: &Needs) -> String {
        let said = |gateway: &Gateway| {
            let reason = gateway.closed.as_ref().or(gateway.refused.get(needs))?;
            Some(format!("{}: {reason}", gateway.spec.name))
        };
        let mut words: Vec<String> = self.gateways.iter().filter_map(said).collect();
        if words.len() < self.gateways.len() {
            words.push(format!("no other gateway has the model {}", needs.model.as_deref().unwrap_or_default()));
        }
        words.join("; ")
    }

    /// It takes no sessions that need this; with its words.
    pub fn refuse(&mut self, index: GatewayIndex, needs: Needs, words: String) {
        self.change(index, |gateway| drop(gateway.refused.insert(needs, words)));
    }

    /// It has said what it is and allows.
    pub fn read(&mut self, index: GatewayIndex) {
        self.change(index, |gateway| gateway.is_read = true);
    }

    /// Those that have not said what they are, and may be asked now.
    pub fn unread(&self, now_ms: u64) -> impl Iterator<Item = GatewayIndex> {
        let is_due =
            move |gateway: &Gateway| !gateway.is_read && gateway.closed.is_none() && gateway.quiet_until <= now_ms;
        self.gateways.iter().enumerate().filter(move |(_, one)| is_due(one)).map(|(index, _)| GatewayIndex(index))
    }

    /// Those that get no more sessions of this run, and why.
    pub fn closed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.gateways.iter().filter_map(|gateway| Some((gateway.spec.name.as_str(), gateway.closed.as_deref()?)))
    }

    /// What stands in the way of new sessions, for each gateway; in words.
    pub fn obstacles(&self, now_ms: u64) -> String {
        let words = |gateway: &Gateway| {
            let why = match &gateway.closed {
                Some(reason) => reason.clone(),
                None if gateway.is_drained => "drained".to_owned(),
                None if gateway.quiet_until > now_ms || !gateway.is_read => "away".to_owned(),
                None if gateway.full_until > now_ms => "it says that it is full".to_owned(),
                None => format!("{} of {} slots taken", gateway.live, gateway.spec.slots),
            };
            format!("{}: {why}", gateway.spec.name)
        };
        self.gateways.iter().map(words).collect::<Vec<_>>().join("; ")
    }

    /// A session was never begun.
    pub fn give_back(&mut self, index: GatewayIndex) {
        self.change(index, |gateway| gateway.live = gateway.live.saturating_sub(1));
    }

    /// A session is over.
    pub fn ended(&mut self, index: GatewayIndex) {
        self.give_back(index);
        self.change(index, |gateway| gateway.full_until = 0);
    }

    /// A session that was begun earlier than this run knows of it has a slot.
    pub fn count(&mut self, index: GatewayIndex) {
        self.change(index, |gateway| gateway.live += 1);
    }

    /// It took a session.
    pub fn answered(&mut self, index: GatewayIndex) {
        self.change(index, |gateway| (gateway.pauses, gateway.quiet_until, gateway.full_until) = (0, 0, 0));
    }

    /// It could not be reached.
    pub fn away(&mut self, index: GatewayIndex, now_ms: u64) {
        self.change(index, |gateway| {
            // Those that were asked at the same time say nothing new.
            if gateway.quiet_until <= now_ms {
                gateway.quiet_until = now_ms.saturating_add(gateway.next_pause());
            }
        });
    }

    /// It said that it had no room.
    pub fn full(&mut self, index: GatewayIndex, now_ms: u64) {
        self.change(index, |gateway| {
            if gateway.full_until <= now_ms {
                gateway.full_until = now_ms.saturating_add(gateway.next_pause());
            }
        });
    }

    /// It gets no more sessions of this run.
    pub fn close(&mut self, index: GatewayIndex, reason: String) {
        self.change(index, |gateway| gateway.closed = Some(reason));
    }

    /// It runs fewer sessions than its slots.
    pub fn narrow(&mut self, index: GatewayIndex, slots: u32) {
        self.change(index, |gateway| gateway.spec.slots = gateway.spec.slots.min(slots.max(1)));
    }

    /// The run is told that it gets no new sessions, or gets them again.
    pub fn drain(&mut self, index: GatewayIndex, is_drained: bool) {
        self.change(index, |gateway| (gateway.is_drained, gateway.is_told) = (is_drained, true));
    }

    /// Whether it was drained when it was asked what it is.
    pub fn found_drained(&mut self, index: GatewayIndex, is_drained: bool) {
        self.change(index, |gateway| {
            if !gateway.is_told {
                gateway.is_drained = is_drained;
            }
        });
    }

    /// Why each gateway is closed; None if one is open.
    pub fn all_closed(&self) -> Option<Vec<String>> {
        self.gateways.iter().all(|gateway| gateway.closed.is_some()).then(|| {
            let reason =
                |gateway: &Gateway| format!("{}: {}", gateway.spec.name, gateway.closed.as_deref().unwrap_or_default());
            self.gateways.iter().map(reason).collect()
        })
    }

    /// Sessions on each gateway, in the order of the list.
    pub fn live(&self) -> impl Iterator<Item = (&str, u32)> {
        self.gateways.iter().map(|gateway| (gateway.spec.name.as_str(), gateway.live))
    }

    fn change(&mut self, index: GatewayIndex, change: impl FnOnce(&mut Gateway)) {
        if let Some(gateway) = self.gateways.get_mut(index.0) {
            change(gateway);
        }
    }
}

impl Gateway {
    /// Whether it will take such a session, now or later.
    fn may_take(&self, needs: &Needs) -> bool {
        let has_model = match (&self.spec.models, &needs.model) {
            (Some(models), Some(model)) => models.contains(model),
            _ => true,
        };
        self.closed.is_none() && has_model && !self.refused.contains_key(needs)
    }

    fn next_pause(&mut self) -> u64 {
        let pause = LONGEST_PAUSE_MS.min(FIRST_PAUSE_MS << self.pauses.min(16));
        self.pauses += 1;
        pause
    }

    fn is_emptier_than(&self, other: &Self) -> bool {
        let load = |one: &Self, by: &Self| u64::from(one.live) * u64::from(by.spec.slots) * u64::from(by.spec.weight);
        load(self, other) < load(other, self)
    }
}

#[cfg(test)]
mod tests;
