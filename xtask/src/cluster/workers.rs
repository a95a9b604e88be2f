//! Workers: processes that step runs and call gateways. All have one address, that of the balancer before them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::address;

use super::balancer::Balancer;
use super::member::Member;
use super::program::Program;
use super::restate::Restate;
use super::service::Door;

/// As many as are needed to see that one does the work of another.
pub const WORKERS: usize = 2;

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
    pub fn start(program: &Program, count: usize, restate: &Restate, doors: &[Door], place: &Path) -> Result<Self> {
        let front = address::free()?;
        let addresses = (0..count).map(|_| address::free()).collect::<Result<Vec<SocketAddr>>>()?;
        let file = place.join("cluster.toml");
        fs::write(&file, configuration(restate, front, doors)).context("cannot write cluster.toml")?;
        let balancer = Balancer::start(front, addresses.clone())?;
        let tokens: Vec<_> =
            doors.iter().enumerate().map(|(number, door)| (variable(number), door.token.clone())).collect();
        let start = |listen: SocketAddr| {
            let (program, file, tokens) = (program.clone(), file.clone(), tokens.clone());
            Member::start("worker", vec![(listen, None)], place, move || {
                let mut command = program.command();
                command.arg("--config").arg(&file).args(["serve", "--listen", &listen.to_string()]);
                command.envs(tokens.iter().map(|(name, token)| (name, token)));
                command
            })
        };
        let processes = addresses.into_iter().map(start).collect::<Result<Vec<Member>>>()?;
        Ok(Self { processes, configuration: file, _balancer: balancer })
    }
}

fn configuration(restate: &Restate, front: SocketAddr, doors: &[Door]) -> String {
    let mut text = format!(
        "[restate]\ningress = \"http://{}\"\nadmin = \"http://{}\"\n\n[worker]\naddress = \"http://{front}\"\n",
        restate.ingress, restate.admin
    );
    for (number, Door { name, address, session, slots, lease_seconds, .. }) in doors.iter().enumerate() {
        text += &format!(
            "\n[[gateways]]\nname = \"{name}\"\nurl = \"http://{address}\"\ntoken_env = \"{}\"\n\
             session = \"{session}\"\nslots = {slots}\n",
            variable(number)
        );
        if let Some(seconds) = lease_seconds {
            text += &format!("lease_seconds = {seconds}\n");
        }
    }
    text
}

/// The name of the variable with the token of a gateway.
fn variable(number: usize) -> String {
    format!("GATEWAY_{}_TOKEN", number + 1)
}
