//! Which gateway gets a session: one that has the model and room, by the share of its room that is taken. Reads and counts, and asks
//! nobody. One that refuses or is away is left alone for growing pauses.

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
    is_drained: bool,
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
            is_drained: false,
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

    /// Chooses for a session with this model and takes the room.
    pub fn take(&mut self, model: Option<&str>, now_ms: u64) -> Choice {
        let has = |gateway: &Gateway| match (&gateway.spec.models, model) {
            (Some(models), Some(model)) => models.iter().any(|known| known == model),
            _ => true,
        };
        let (mut best, mut instead) = (None::<usize>, None::<Choice>);
        for (index, gateway) in self.gateways.iter().enumerate() {
            if gateway.closed.is_some() || !has(gateway) {
                continue;
            }
            let is_full = gateway.live >= gateway.spec.slots || gateway.full_until > now_ms;
            if is_full && gateway.live > 0 {
                instead = Some(Choice::Full);
            } else if is_full || gateway.is_drained || gateway.quiet_until > now_ms {
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
            (None, None) => Choice::Never(self.why_none(model)),
        }
    }

    fn why_none(&self, model: Option<&str>) -> String {
        let closed = self
            .gateways
            .iter()
            .filter_map(|gateway| gateway.closed.as_ref().map(|reason| format!("{}: {reason}", gateway.spec.name)));
        let mut words: Vec<String> = closed.collect();
        if words.len() < self.gateways.len() {
            words.push(format!("no other gateway has the model {}", model.unwrap_or_default()));
        }
        words.join("; ")
    }

    /// What stands in the way of new sessions, for each gateway; in words.
    pub fn obstacles(&self, now_ms: u64) -> String {
        let words = |gateway: &Gateway| {
            let why = match &gateway.closed {
                Some(reason) => reason.clone(),
                None if gateway.is_drained => "drained".to_owned(),
                None if gateway.quiet_until > now_ms => "away".to_owned(),
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

    /// It gets no new sessions, or gets them again.
    pub fn drain(&mut self, index: GatewayIndex, is_drained: bool) {
        self.change(index, |gateway| gateway.is_drained = is_drained);
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
mod tests {
    use super::*;

    fn spec(name: &str, slots: u32, weight: u32, models: Option<&[&str]>) -> GatewaySpec {
        let models = models.map(|models| models.iter().map(|model| (*model).to_owned()).collect());
        GatewaySpec { name: name.to_owned(), slots, weight, models, lease_seconds: None }
    }

    fn taken(placement: &mut Placement, model: Option<&str>, times: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..times {
            match placement.take(model, 0) {
                Choice::At(index) => names.push(placement.name(index).to_owned()),
                other => names.push(format!("{other:?}")),
            }
        }
        names
    }

    #[test]
    fn sessions_are_shared_by_slots_and_weight() {
        let mut placement = Placement::new(&[spec("a", 4, 1, None), spec("b", 2, 1, None)]);
        assert_eq!(taken(&mut placement, None, 7), ["a", "b", "a", "a", "b", "a", "Full"]);
        placement.ended(GatewayIndex(1));
        assert_eq!(taken(&mut placement, None, 1), ["b"]);
        let mut placement = Placement::new(&[spec("a", 10, 1, None), spec("b", 10, 3, None)]);
        let names = taken(&mut placement, None, 8);
        assert_eq!(names.iter().filter(|name| *name == "b").count(), 6, "{names:?}");
    }

    #[test]
    fn a_model_is_asked_for_where_it_is() {
        let mut placement = Placement::new(&[spec("a", 9, 1, Some(&["x"])), spec("b", 1, 1, Some(&["x", "y"]))]);
        assert_eq!(taken(&mut placement, Some("y"), 2), ["b", "Full"]);
        assert_eq!(taken(&mut placement, Some("x"), 1), ["a"]);
        assert!(matches!(placement.take(Some("z"), 0), Choice::Never(why) if why.contains("model z")));
        placement.close(GatewayIndex(1), "its token is refused".to_owned());
        assert!(matches!(placement.take(Some("y"), 0), Choice::Never(why) if why.contains("b: its token is refused")));
    }

    #[test]
    fn a_gateway_that_is_away_is_left_alone_for_longer_each_time() {
        let mut placement = Placement::new(&[spec("a", 9, 1, None)]);
        let mut now = 1_000;
        for pause in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            assert_eq!(placement.take(None, now), Choice::At(GatewayIndex(0)));
            placement.give_back(GatewayIndex(0));
            placement.away(GatewayIndex(0), now);
            placement.away(GatewayIndex(0), now);
            assert_eq!(placement.take(None, now + pause - 1), Choice::Away);
            now += pause;
        }
        placement.answered(GatewayIndex(0));
        placement.away(GatewayIndex(0), now);
        assert_eq!(placement.take(None, now + 499), Choice::Away);
        assert_eq!(placement.take(None, now + 500), Choice::At(GatewayIndex(0)));
    }

    #[test]
    fn a_gateway_that_says_it_is_full_is_asked_again_after_an_end() {
        let mut placement = Placement::new(&[spec("a", 9, 1, None)]);
        assert_eq!(taken(&mut placement, None, 2), ["a", "a"]);
        placement.give_back(GatewayIndex(0));
        placement.full(GatewayIndex(0), 0);
        assert_eq!(taken(&mut placement, None, 1), ["Full"]);
        placement.ended(GatewayIndex(0));
        assert_eq!(taken(&mut placement, None, 1), ["a"]);
    }

    #[test]
    fn a_drained_gateway_gets_no_more() {
        let mut placement = Placement::new(&[spec("a", 9, 1, None), spec("b", 9, 1, None)]);
        placement.drain(GatewayIndex(0), true);
        assert_eq!(taken(&mut placement, None, 3), ["b", "b", "b"]);
        placement.drain(GatewayIndex(0), false);
        assert_eq!(taken(&mut placement, None, 1), ["a"]);
    }
}
