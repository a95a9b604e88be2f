//! `resume`: goes on with a call that was cut off.

use super::call::show;
use super::run;
use crate::args::ResumeArguments;
use crate::backend::Past;
use crate::journal::Journal;
use crate::outcome::{Failure, Finish};
use crate::report::Report;
use crate::simulation::Engine;
use crate::ui::Ui;

pub async fn carry_out(ui: &Ui, arguments: ResumeArguments) -> Result<Finish, Failure> {
    let engine = Engine::load(ui, &arguments.guest).await?;
    let (text, journal) = Journal::reopen(&arguments.journal_file)?;
    let is_run = Past::read(&text).function == "run_tasks";
    let reply = engine.resume(ui, &arguments, &text, journal).await?;
    match Report::read(&reply.document) {
        Ok(report) if is_run => {
            let text = run::readable(ui, &report, arguments.server.kind(), arguments.course.clock);
            reply.deliver(ui, text, report.finish()).await
        }
        _ => show(ui, reply).await,
    }
}
