//! `resume`: goes on with a call that was cut off.

use super::call::show;
use crate::args::ResumeArguments;
use crate::journal::Journal;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::ui::Ui;

pub async fn carry_out(ui: &Ui, arguments: ResumeArguments) -> Result<Finish, Failure> {
    let engine = Engine::load(ui, &arguments.guest).await?;
    let (text, journal) = Journal::reopen(&arguments.journal_file)?;
    let reply = engine.resume(ui, &arguments, &text, journal).await?;
    show(ui, reply).await
}
