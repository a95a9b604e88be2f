//! Scores that can be compared exactly.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::order;

/// A score in millionths, so that comparing is exact: 8.5 is 8,500,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(i64);

/// Millionths in a point.
const UNIT: f64 = 1_000_000.0;

impl Score {
    /// 0 to 10; anything else is no score. Nothing is clamped.
    pub fn read(value: &Value) -> Option<Self> {
        let number = value.as_f64().filter(|number| (0.0..=10.0).contains(number))?;
        Some(Self((number * UNIT).round() as i64))
    }

    /// The number that people read.
    pub fn number(self) -> f64 {
        self.0 as f64 / UNIT
    }

    /// The same as JSON.
    pub fn value(self) -> Value {
        Value::from(self.number())
    }

    /// The middle one; of an even number the mean of the two in the middle, rounded down.
    pub fn median(scores: Vec<Self>) -> Option<Self> {
        let scores = order::sorted(scores);
        let upper = scores.get(scores.len() / 2)?;
        if scores.len() % 2 == 1 {
            return Some(*upper);
        }
        let lower = scores.get(scores.len() / 2 - 1)?;
        Some(Self((lower.0 + upper.0) / 2))
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scores(values: &[f64]) -> Vec<Score> {
        values.iter().map(|value| Score::read(&json!(value)).expect("a score")).collect()
    }

    #[test]
    fn scores_are_exact_and_never_clamped() {
        for bad in [json!(10.000_001), json!(-0.1), json!("7.5"), json!(null), json!(1e300)] {
            assert_eq!(Score::read(&bad), None, "{bad}");
        }
        assert!(Score::read(&json!(8.4999)) < Score::read(&json!(8.5)));
        assert_eq!(Score::read(&json!(8.5)).map(Score::value), Some(json!(8.5)));
        assert_eq!(Score::read(&json!(-0.0)), Score::read(&json!(0)));
    }

    #[test]
    fn the_median_withstands_one_flatterer() {
        assert_eq!(Score::median(scores(&[6.0, 10.0, 6.2])), Score::read(&json!(6.2)));
        assert_eq!(Score::median(scores(&[6.0, 7.0])), Score::read(&json!(6.5)));
        assert_eq!(Score::median(Vec::new()), None);
    }
}
