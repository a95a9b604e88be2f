//! What a run on a server that was found may need, and whether it is to begin.

use std::io::{self, BufRead, IsTerminal as _, Write as _};

use gateway_sim::spawns_sessions;
use parallel_agents_engine::task::{Forecast, Tier};
use serde::Deserialize as _;
use serde_json::Value;

use crate::args::{BackendKind, Simulation};
use crate::fault::Fault;
use crate::outcome::Failure;
use crate::servers::{self, Tried};
use crate::simulation::Engine;
use crate::text::{dollars, shown, thousands};
use crate::ui::Ui;

/// Chooses the server of a call that asks for one without naming it, and asks whoever pays for it. Where models of tiers were named
/// and no other, that of the standard tier is for sessions that name none.
pub async fn settle(
    ui: &Ui,
    engine: &Engine,
    simulation: &mut Simulation,
    function: &str,
    arguments: &str,
) -> Result<(), Failure> {
    let server = &mut simulation.backend.server;
    if server.kind() != BackendKind::Openai {
        return Ok(());
    }
    let standard = simulation.backend.tiers.iter().rfind(|(tier, _)| *tier == Tier::Standard);
    server.model = server.model.take().or(standard.map(|(_, model)| model.clone()));
    if server.base_url.is_some() || server.gateway.is_some() {
        return Ok(());
    }
    // A request that is refused is told so before anybody is asked for anything.
    let forecast = forecast(engine, function, arguments).await?;
    let found = servers::find(server.model.as_deref()).await?;
    let model = match &server.model {
        Some(model) => model.clone(),
        None => servers::only_model(ui, &found).await?,
    };
    let base_url = found.candidate.base_url.clone();
    ui.note(&format!("server: {} ({}), model {}", shown(&base_url), found.candidate.origin, shown(&model)));
    server.sends_key = found.candidate.is_named;
    server.base_url = Some(base_url);
    server.model = Some(model);
    if !spawns_sessions(function, arguments) {
        return Ok(());
    }
    ui.note(&may_need(forecast.as_ref(), found.is_local));
    if found.is_local || simulation.backend.yes || is_wanted(&found)? { Ok(()) } else { Err(declined()) }
}

/// What the engine expects of a run. None: it is a workflow, whose length nobody knows.
async fn forecast(engine: &Engine, function: &str, arguments: &str) -> Result<Option<Forecast>, Failure> {
    if !["run_tasks", "map_tasks"].contains(&function) {
        return Ok(None);
    }
    // What is no JSON is left to the component, which refuses it in its own words.
    let Ok(request) = serde_json::from_str::<Value>(arguments) else { return Ok(None) };
    let reply = engine.ask("forecast_run", &request).await?;
    let forecast = Forecast::deserialize(&reply.document);
    forecast.map(Some).map_err(|error| Failure::reply(format!("it is no forecast: {error}")))
}

fn may_need(forecast: Option<&Forecast>, is_local: bool) -> String {
    let price = match forecast.and_then(|forecast| forecast.micro_usd_worst) {
        Some(worst) => format!("at most {} by the request's prices", dollars(worst, 2)),
        None if is_local => "no money, as the server is on this machine".to_owned(),
        None => "what that costs is up to the server's owner".to_owned(),
    };
    match forecast {
        Some(forecast) => format!(
            "forecast: {} sessions and about {} tokens, at most {} and {}; {price}",
            forecast.sessions_expected,
            thousands(forecast.tokens_expected),
            forecast.sessions_worst,
            thousands(forecast.tokens_worst),
        ),
        None => format!("forecast: how many sessions this takes is not known beforehand; {price}"),
    }
}

/// Asks on a terminal. Where none is, nobody can be asked, and nothing is spent.
fn is_wanted(found: &Tried) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let server = &found.candidate.base_url;
        let message = format!("{server} may cost money, and there is no terminal on which to ask");
        let fault = Fault::new("--yes", message).hint(format!("say --yes, or name the server: --base-url {server}"));
        return Err(Failure::Bad { code: "E_NOT_CONFIRMED", error: fault.into() });
    }
    // There is no place left to report that nothing can be asked; the answer is then no.
    let _ = io::stderr().lock().write_all(b"Send it? [y/N] ");
    Ok(says_yes(io::stdin().lock()))
}

fn says_yes(mut answers: impl BufRead) -> bool {
    let mut line = String::new();
    answers.read_line(&mut line).is_ok() && ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}

fn declined() -> Failure {
    let fault =
        Fault::new("--yes", "nothing was sent").hint("--backend script runs it with scripted answers, at no cost");
    Failure::Bad { code: "E_NOT_CONFIRMED", error: fault.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for (answer, yes) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("", false), ("no\n", false), ("yellow\n", false)]
        {
            assert_eq!(says_yes(answer.as_bytes()), yes, "{answer:?}");
        }
    }

    #[test]
    fn what_a_run_may_need_is_said_with_what_is_known() {
        let forecast = Forecast {
            sessions_expected: 5,
            sessions_worst: 15,
            tokens_expected: 20_000,
            tokens_worst: 60_000,
            ..Forecast::default()
        };
        let local = may_need(Some(&forecast), true);
        assert_eq!(
            local,
            "forecast: 5 sessions and about 20,000 tokens, at most 15 and 60,000; no money, as the server is on this machine"
        );
        let priced = Forecast { micro_usd_worst: Some(1_250_000), ..forecast };
        assert!(may_need(Some(&priced), false).ends_with("; at most $1.25 by the request's prices"));
        assert!(may_need(None, false).contains("not known beforehand; what that costs"));
    }
}
