//! Fault profiles as documents: the settings and the chances beside one another, each under its name.

use std::fmt;
use std::sync::LazyLock;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fault::Fault;
use super::faults::FaultProfile;

const SETTINGS: [&str; 14] = [
    "spawn_rate",
    "spawn_burst",
    "unavailable",
    "late_receipt",
    "late_start",
    "grandchildren",
    "swaps",
    "more_usage",
    "cancel_refused",
    "delete_refused",
    "late_end",
    "history_empty",
    "huge_answer",
    "caller_gone_ms",
];

static NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| SETTINGS.into_iter().chain(Fault::with_chances().map(Fault::name)).collect());

/// Settings only where there are any; every chance.
impl Serialize for FaultProfile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.spawn_rate.map(|it| map.serialize_entry("spawn_rate", &it)).transpose()?;
        self.spawn_burst.map(|it| map.serialize_entry("spawn_burst", &it)).transpose()?;
        if !self.unavailable.is_empty() {
            map.serialize_entry("unavailable", &self.unavailable)?;
        }
        self.late_receipt.map(|it| map.serialize_entry("late_receipt", &it)).transpose()?;
        self.late_start.map(|it| map.serialize_entry("late_start", &it)).transpose()?;
        self.grandchildren.map(|it| map.serialize_entry("grandchildren", &it)).transpose()?;
        if !self.swaps.is_empty() {
            map.serialize_entry("swaps", &self.swaps)?;
        }
        self.more_usage.map(|it| map.serialize_entry("more_usage", &it)).transpose()?;
        self.cancel_refused.map(|it| map.serialize_entry("cancel_refused", &it)).transpose()?;
        self.delete_refused.map(|it| map.serialize_entry("delete_refused", &it)).transpose()?;
        self.late_end.map(|it| map.serialize_entry("late_end", &it)).transpose()?;
        self.history_empty.map(|it| map.serialize_entry("history_empty", &it)).transpose()?;
        self.huge_answer.map(|it| map.serialize_entry("huge_answer", &it)).transpose()?;
        self.caller_gone_ms.map(|it| map.serialize_entry("caller_gone_ms", &it)).transpose()?;
        for fault in Fault::with_chances() {
            map.serialize_entry(fault.name(), &self.chance(fault))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for FaultProfile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = FaultProfile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct FaultProfile")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FaultProfile, A::Error> {
        let mut profile = FaultProfile::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "spawn_rate" => profile.spawn_rate = map.next_value()?,
                "spawn_burst" => profile.spawn_burst = map.next_value()?,
                "unavailable" => profile.unavailable = map.next_value()?,
                "late_receipt" => profile.late_receipt = map.next_value()?,
                "late_start" => profile.late_start = map.next_value()?,
                "grandchildren" => profile.grandchildren = map.next_value()?,
                "swaps" => profile.swaps = map.next_value()?,
                "more_usage" => profile.more_usage = map.next_value()?,
                "cancel_refused" => profile.cancel_refused = map.next_value()?,
                "delete_refused" => profile.delete_refused = map.next_value()?,
                "late_end" => profile.late_end = map.next_value()?,
                "history_empty" => profile.history_empty = map.next_value()?,
                "huge_answer" => profile.huge_answer = map.next_value()?,
                "caller_gone_ms" => profile.caller_gone_ms = map.next_value()?,
                other => match Fault::with_chances().find(|fault| fault.name() == other) {
                    Some(fault) => profile.set(fault, map.next_value()?),
                    None => return Err(A::Error::unknown_field(other, &NAMES)),
                },
            }
        }
        Ok(profile)
    }
}
