//! How a gateway is to be modelled: the arguments of `dev gateway-model`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A gateway as it is seen through its door.
#[derive(Clone, Debug, clap::Args)]
pub struct ModelArgs {
    /// Where to listen: a loopback address. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    pub listen: SocketAddr,
    /// The directory of keys.jsonl, which outlives the process
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// What programs have to show. Not a secret
    #[arg(long, default_value = "gateway-model")]
    pub token: String,
    /// The session that is the door
    #[arg(long, value_name = "KEY", default_value = "agent:main:door")]
    pub session: String,
    /// The protocol that it says it speaks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub protocol: u64,
    /// The version of the plugin that it says it has
    #[arg(long, value_name = "VERSION", default_value = env!("CARGO_PKG_VERSION"))]
    pub plugin_version: String,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would show it as the help of the command")]
    pub sessions: SessionArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would show it as the help of the command")]
    pub faults: FaultArgs,
}

/// What its sessions are like, and how many it has.
#[derive(Clone, Debug, clap::Args)]
pub struct SessionArgs {
    /// Sessions that run at once; more are queued
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = at_least_one)]
    pub slots: usize,
    /// Sessions that may be alive, running or queued; a spawn beyond is refused
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = at_least_one)]
    pub most_live: usize,
    /// How long a session takes, in milliseconds; drawn for each key
    #[arg(long, value_name = "MIN..MAX", default_value = "200..2000")]
    pub session_ms: Span,
    /// What is drawn depends on it and on the key alone
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// A model that may be asked for; several times for several. None: all
    #[arg(long = "allow-model", value_name = "PROVIDER/MODEL")]
    pub models: Vec<String>,
    /// Sessions that ran when the process was killed go on to their end. Otherwise they are interrupted, as in OpenClaw
    #[arg(long)]
    pub keep_sessions: bool,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FaultArgs {
    /// Of 1,000 sessions, so many fail by their infrastructure
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1_000))]
    pub fail: u64,
    /// Of 1,000 spawns, so many are done and the connection closed without an answer
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1_000))]
    pub lose_reply: u64,
    /// Of 1,000 requests, so many are answered with 503
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1_000))]
    pub refuse: u64,
    /// As long as this file is there, no request arrives and no answer leaves
    #[arg(long, value_name = "FILE")]
    pub silent_while: Option<PathBuf>,
}

/// Milliseconds from the first to the second number, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    pub min: u64,
    /// The longest; not below `min`.
    pub max: u64,
}

/// No session takes longer than a day.
const LONGEST_MS: u64 = 86_400_000;

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number <= LONGEST_MS);
        match (number(min), number(max)) {
            (Some(min), Some(max)) if min <= max => Ok(Self { min, max }),
            _ => Err(format!("need MIN..MAX, milliseconds from 0 to {LONGEST_MS}")),
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "need a whole number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_two_numbers_in_order() {
        assert_eq!("0..0".parse(), Ok(Span { min: 0, max: 0 }));
        assert_eq!("7".parse(), Ok(Span { min: 7, max: 7 }));
        for wrong in ["", "..", "2..1", "1..x", "-1..2", "0..99999999999"] {
            wrong.parse::<Span>().expect_err(wrong);
        }
    }
}
