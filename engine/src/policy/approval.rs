//! Whether somebody has to agree before a run begins.
//!
//! What counts is what a run could take at the most: a run about which nobody was asked never takes more than what needs no
//! approval. A request makes what its operator wants stricter and never looser.

use super::caps::smaller;
use crate::task::{ApprovalSpec, Forecast};
use crate::text;

/// Why somebody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Every run needs a yes.
    Always,
    /// It could need more sessions than this.
    Sessions(u32),
    /// It could cost more micro-dollars than this.
    MicroUsd(u64),
    /// Runs need a yes above so many micro-dollars, and nobody knows what this one costs.
    UnknownCost(u64),
}

/// Of two sets of thresholds the stricter one: of each threshold the smaller, and every run if either says so.
pub fn stricter(one: ApprovalSpec, other: ApprovalSpec) -> ApprovalSpec {
    ApprovalSpec {
        above_micro_usd: smaller(one.above_micro_usd, other.above_micro_usd),
        above_sessions: smaller(one.above_sessions, other.above_sessions),
        always: one.always.max(other.always),
    }
}

/// Everything for which somebody has to be asked about a run; nothing if it may begin.
pub fn reasons(wanted: ApprovalSpec, forecast: &Forecast) -> Vec<Reason> {
    let always = (wanted.always == Some(true)).then_some(Reason::Always);
    let sessions = wanted.above_sessions.filter(|most| forecast.sessions_worst > *most).map(Reason::Sessions);
    let money = wanted.above_micro_usd.and_then(|most| match forecast.micro_usd_worst {
        None => Some(Reason::UnknownCost(most)),
        Some(worst) => (worst > most).then_some(Reason::MicroUsd(most)),
    });
    [always, sessions, money].into_iter().flatten().collect()
}

impl Reason {
    /// As a part of a sentence that begins with "Asked because".
    pub fn words(self) -> String {
        match self {
            Self::Always => "every run needs a yes".to_owned(),
            Self::Sessions(most) => format!("it could need more than {most} sessions"),
            Self::MicroUsd(most) => format!("it could cost more than {}", text::dollars(most, 4)),
            Self::UnknownCost(most) => {
                format!("nobody knows whether it costs more than {}", text::dollars(most, 4))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(above_micro_usd: Option<u64>, above_sessions: Option<u32>, always: Option<bool>) -> ApprovalSpec {
        ApprovalSpec { above_micro_usd, above_sessions, always }
    }

    #[test]
    fn whatever_either_side_asks_about_is_asked_about() {
        let thresholds = [None, Some(0), Some(7), Some(900)];
        let flags = [None, Some(false), Some(true)];
        let mut all = Vec::new();
        for money in thresholds {
            for sessions in thresholds {
                all.extend(flags.map(|always| spec(money, sessions.map(|most| most as u32), always)));
            }
        }
        let forecasts =
            [(0, Some(0)), (7, Some(7)), (8, Some(8)), (901, Some(901)), (1, None)].map(|(sessions, micro_usd)| {
                Forecast { sessions_worst: sessions, micro_usd_worst: micro_usd, ..Forecast::default() }
            });
        for one in &all {
            for other in &all {
                for forecast in &forecasts {
                    let asks = |wanted: ApprovalSpec| !reasons(wanted, forecast).is_empty();
                    let both = stricter(*one, *other);
                    assert_eq!(asks(both), asks(*one) || asks(*other), "{one:?} {other:?} {forecast:?}");
                    assert_eq!(both, stricter(*other, *one));
                }
            }
        }
    }

    #[test]
    fn a_threshold_itself_needs_no_approval_and_an_unknown_cost_does() {
        let forecast = Forecast { sessions_worst: 10, micro_usd_worst: Some(500), ..Forecast::default() };
        assert_eq!(reasons(spec(Some(500), Some(10), Some(false)), &forecast), []);
        assert_eq!(reasons(spec(Some(499), Some(9), None), &forecast), [Reason::Sessions(9), Reason::MicroUsd(499)]);
        let unknown = Forecast { micro_usd_worst: None, ..forecast };
        assert_eq!(reasons(spec(Some(u64::MAX), None, None), &unknown), [Reason::UnknownCost(u64::MAX)]);
        assert_eq!(reasons(spec(None, None, None), &unknown), []);
    }
}
