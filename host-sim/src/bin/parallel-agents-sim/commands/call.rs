//! `call`: one function of the component, as it is.

use parallel_agents::task::RunStatus;
use serde::Deserialize;

use crate::args::CallArguments;
use crate::input;
use crate::outcome::{Failure, Finish};
use crate::simulation::{Engine, Reply};
use crate::ui::Ui;

/// Only the functions that run something say how it ended.
#[derive(Deserialize)]
struct Ended {
    status: RunStatus,
}

pub async fn carry_out(ui: &Ui, arguments: CallArguments) -> Result<Finish, Failure> {
    let document = match &arguments.arguments {
        Some(path) => input::document(path)?,
        None => "{}".to_owned(),
    };
    let engine = Engine::load(&arguments.simulation.guest).await?;
    let reply = engine.call(ui, &arguments.simulation, &arguments.function, &document).await?;
    show(ui, reply).await
}

/// Prints a reply as it is, and sends its spans.
pub async fn show(ui: &Ui, reply: Reply) -> Result<Finish, Failure> {
    if ui.is_json() {
        ui.print(&format!("{}\n", reply.text))?;
    } else {
        ui.print(&format!("{:#}\n", reply.document))?;
    }
    reply.spans.send(ui).await;
    match Ended::deserialize(&reply.document) {
        Ok(Ended { status }) if status != RunStatus::Completed => Ok(Finish::Incomplete),
        _ => Ok(Finish::Complete),
    }
}
