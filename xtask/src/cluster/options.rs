//! What the cluster's two commands may be told.

use std::path::PathBuf;

use super::gateways::SLOTS;

/// Options of `cluster-demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct Demo {
    /// Agents of the one run.
    #[arg(long, default_value_t = 500)]
    pub agents: u32,
    /// Sessions at once on each of the three gateways.
    #[arg(long, default_value_t = SLOTS, value_parser = clap::value_parser!(u64).range(1..=666))]
    pub slots: u64,
    /// Uses this program instead of building parallel-agents-cluster.
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}

/// Options of `soak --cluster`: how often what is killed, and over how many agents.
#[derive(Debug, Clone, clap::Args)]
pub struct Crashes {
    /// How often a worker is killed, while runs go on.
    #[arg(long, default_value_t = 50, value_name = "N", requires = "cluster")]
    pub worker_kills: u32,
    /// How often the Restate server is killed.
    #[arg(long, default_value_t = 20, value_name = "N", requires = "cluster")]
    pub server_kills: u32,
    /// How often a gateway is killed.
    #[arg(long, default_value_t = 20, value_name = "N", requires = "cluster")]
    pub gateway_kills: u32,
    /// How often one of all three is killed, drawn by chance.
    #[arg(long, default_value_t = 20, value_name = "N", requires = "cluster")]
    pub random_kills: u32,
    /// The same while gateways lose answers, refuse requests and fail sessions.
    #[arg(long, default_value_t = 20, value_name = "N", requires = "cluster")]
    pub faulty_kills: u32,
    /// How often a gateway is cut off from the network for two minutes, while it goes on.
    #[arg(long, default_value_t = 2, value_name = "N", requires = "cluster")]
    pub cuts: u32,
    /// The same where the operator does not want to wait so long for the gateway's sessions.
    #[arg(long, default_value_t = 1, value_name = "N", requires = "cluster")]
    pub leases: u32,
    /// Agents of all rows together, at least.
    #[arg(long, default_value_t = 10_000, value_name = "N", requires = "cluster")]
    pub agents: u32,
    /// Agents of one run.
    #[arg(long, default_value_t = 500, value_name = "N", requires = "cluster")]
    pub run_agents: u32,
    /// The moments come from it; without it they are new ones.
    #[arg(long, requires = "cluster")]
    pub seed: Option<u64>,
    /// CI's part: few kills, few agents, at most some minutes.
    #[arg(
        long,
        requires = "cluster",
        conflicts_with_all = [
            "worker_kills", "server_kills", "gateway_kills", "random_kills", "faulty_kills", "cuts", "leases", "agents", "run_agents"
        ]
    )]
    pub quick: bool,
    /// Uses this program instead of building parallel-agents-cluster.
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub program: Option<PathBuf>,
}

impl Crashes {
    /// CI's part.
    pub fn quick() -> Self {
        Self {
            worker_kills: 3,
            server_kills: 2,
            gateway_kills: 2,
            random_kills: 0,
            faulty_kills: 3,
            cuts: 0,
            leases: 0,
            agents: 400,
            run_agents: 140,
            seed: None,
            quick: true,
            program: None,
        }
    }
}
