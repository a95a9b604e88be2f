//! Workers: processes that step runs and call gateways. All have one address, that of the balancer before them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::address;
use super::balancer::Balancer;
use super::gateways::{Gateway, SLOTS, TOKEN};
use super::member::Member;
use super::program::Program;
use super::restate::Restate;

/// As many as are needed to see that one does the work of another.
pub const WORKERS: usize = 2;

/// The name of the variable with the token of every gateway.
const TOKEN_VARIABLE: &str = "GATEWAY_TOKEN";

/// Workers with what they share.
pub struct Workers {
    /// The processes.
    pub processes: Vec<Member>,
    /// What workers and callers read.
    pub configuration: PathBuf,
    _balancer: Balancer,
}

impl Workers {
    /// Starts so many workers, which register their common address at the Restate server.
    ///
    /// # Errors
    /// If one does not become ready.
    pub fn start(
        program: &Program,
        count: usize,
        restate: &Restate,
        gateways: &[Gateway],
        place: &Path,
    ) -> Result<Self> {
        let front = address::free()?;
        let addresses = (0..count).map(|_| address::free()).collect::<Result<Vec<SocketAddr>>>()?;
        let file = place.join("cluster.toml");
        fs::write(&file, configuration(restate, front, gateways)).context("cannot write cluster.toml")?;
        let balancer = Balancer::start(front, addresses.clone())?;
        let start = |listen: SocketAddr| {
            let (program, file) = (program.clone(), file.clone());
            Member::start("worker", vec![(listen, None)], place, move || {
                let mut command = program.command();
                command.arg("--config").arg(&file).args(["serve", "--listen", &listen.to_string()]);
                command.env(TOKEN_VARIABLE, TOKEN);
                command
            })
        };
        let processes = addresses.into_iter().map(start).collect::<Result<Vec<Member>>>()?;
        Ok(Self { processes, configuration: file, _balancer: balancer })
    }
}

fn configuration(restate: &Restate, front: SocketAddr, gateways: &[Gateway]) -> String {
    let mut text = format!(
        "[restate]\ningress = \"http://{}\"\nadmin = \"http://{}\"\n\n[worker]\naddress = \"http://{front}\"\n",
        restate.ingress, restate.admin
    );
    for gateway in gateways {
        text += &format!(
            "\n[[gateways]]\nname = \"{}\"\nurl = \"http://{}\"\ntoken_env = \"{TOKEN_VARIABLE}\"\n\
             session = \"agent:main:door\"\nslots = {SLOTS}\n",
            gateway.name, gateway.address
        );
    }
    text
}
