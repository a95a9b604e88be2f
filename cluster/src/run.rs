//! The workflow `Run`: one call, whose only state is Restate's journal. After the death of a worker another one goes through the same
//! inputs again, and so comes to the same place.

use std::pin::Pin;
use std::time::Duration;

use parallel_agents_engine::host::{SessionEnd, SessionOutcome};
use restate_sdk::context::DurableFuture;
use restate_sdk::prelude::*;

use crate::call::{Action, ClusterCall, Input, Stepped};
use crate::controls::{CONTROLS, Place, place};
use crate::messages::{Control, EndReport, GatewayReply, RunInput, RunOutput};
use crate::session::SessionClient;
use crate::status::{Kept, Status};

/// The state in which a run says how far it is, and under which it keeps what it was started with.
const STATUS: &str = "status";
const INPUT: &str = "input";

/// The workflow; its key is the name of the run.
pub struct Run;

type Pending<'a> = Pin<Box<dyn DurableFuture<Output = Input> + Send + 'a>>;

#[restate_sdk::workflow(
    client_visibility = "pub(crate)",
    // What is kept for others is not read back at each attempt.
    lazy_state,
    inactivity_timeout = "1 day",
    workflow_completion_retention = "7 days"
)]
impl Run {
    /// The call itself.
    #[handler(journal_retention = "1 day")]
    async fn run(&self, ctx: WorkflowContext<'_>, input: Json<RunInput>) -> HandlerResult<Json<RunOutput>> {
        let Json(input) = input;
        ctx.set(INPUT, Json(input.clone()));
        let (mut call, mut stepped) = ClusterCall::begin(input);
        let mut pending: DurableFuturesUnordered<Pending<'_>> = DurableFuturesUnordered::new();
        let mut controls = CONTROLS.iter();
        let (mut timer, mut told, mut is_told) = (None::<u64>, Kept::default(), false);
        if let Some(name) = controls.next() {
            pending.push(control(&ctx, name));
        }
        loop {
            for action in std::mem::take(&mut stepped.actions) {
                pending.push(begin(&ctx, action));
            }
            keep(&ctx, &call, &mut stepped, &mut told, is_told);
            if let Some(output) = stepped.over {
                return Ok(Json(output));
            }
            // One timer at a time: a later one is set when the earlier one is over.
            if let Some(wake) = stepped.wake_ms.filter(|wake| timer.is_none_or(|due| *wake < due)) {
                timer = Some(wake);
                let pause = Duration::from_millis(wake.saturating_sub(call.now_ms()));
                pending.push(Box::pin(ctx.sleep(pause).map(move |_| Input::Time(wake))));
            }
            // What stands in the journal is there at once; the connection to Restate is to live meanwhile.
            tokio::task::yield_now().await;
            let input = match pending.next().await {
                Ok(Some((_, input))) => input,
                Ok(None) => return Err(TerminalError::new("the run waits for nothing, and is not over").into()),
                Err(_) => Input::Control(Control::Stop("the invocation was cancelled in Restate".to_owned())),
            };
            is_told = matches!(input, Input::Control(_));
            match &input {
                Input::Time(at_ms) if timer == Some(*at_ms) => timer = None,
                Input::Control(_) => {
                    if let Some(name) = controls.next() {
                        pending.push(control(&ctx, name));
                    }
                }
                _ => {}
            }
            stepped = call.step(input);
        }
    }

    /// Tells the run what somebody wants of it.
    #[handler]
    async fn control(&self, ctx: SharedWorkflowContext<'_>, control: Json<Control>) -> HandlerResult<()> {
        let Json(wanted) = control;
        let mut told = Vec::<Control>::new();
        for name in CONTROLS.iter() {
            let mut taken = ctx.peek_promise::<Json<Control>>(name).await?;
            if taken.is_none() {
                match place(&told, &wanted) {
                    Place::Known => return Ok(()),
                    Place::Full => break,
                    Place::Free => ctx.resolve_promise(name, Json(wanted.clone())),
                }
                // Somebody else may have told it something at the same time.
                taken = ctx.peek_promise::<Json<Control>>(name).await?;
                if taken.as_ref().is_some_and(|Json(taken)| *taken == wanted) {
                    return Ok(());
                }
            }
            told.extend(taken.map(Json::into_inner));
        }
        match place(&told, &wanted) {
            Place::Known => Ok(()),
            _ => Err(TerminalError::new("the run was told as many things as it can take").into()),
        }
    }

    /// How far it is.
    #[handler]
    async fn status(&self, ctx: SharedWorkflowContext<'_>) -> HandlerResult<Json<Status>> {
        Ok(ctx.get::<Json<Status>>(STATUS).await?.unwrap_or_else(|| Json(Status::default())))
    }

    /// What it was started with. None: it has not begun.
    #[handler]
    async fn input(&self, ctx: SharedWorkflowContext<'_>) -> HandlerResult<Json<Option<RunInput>>> {
        Ok(Json(ctx.get::<Json<RunInput>>(INPUT).await?.map(Json::into_inner)))
    }

    /// Items of a run over many items that have become final, from this one on, as lines of JSON.
    #[handler]
    async fn items(&self, ctx: SharedWorkflowContext<'_>, from: Json<u32>) -> HandlerResult<Json<Vec<String>>> {
        let Json(from) = from;
        let mut lines = Vec::new();
        for number in from..from.saturating_add(ITEMS_AT_ONCE) {
            match ctx.get::<String>(&item(number)).await? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        Ok(Json(lines))
    }
}

/// Items that are read at once.
const ITEMS_AT_ONCE: u32 = 200;

/// The state under which an item is kept that became final as this one, counted from 0.
fn item(number: u32) -> String {
    format!("item-{number}")
}

fn control<'a>(ctx: &'a WorkflowContext<'_>, name: &'static str) -> Pending<'a> {
    Box::pin(ctx.promise::<Json<Control>>(name).map(|got| match got {
        Ok(Json(control)) => Input::Control(control),
        Err(error) => Input::Control(Control::Stop(error.to_string())),
    }))
}

/// Begins what a call wants. A call that Restate gives up is one whose effect nobody knows.
fn begin<'a>(ctx: &'a WorkflowContext<'_>, action: Action) -> Pending<'a> {
    use parallel_agents_engine::host::HostError;
    let client = ctx.service_client::<SessionClient<'_>>();
    match action {
        Action::Call(id, request) => Box::pin(client.request(Json(request)).call().map(move |got| match got {
            Ok(Json(reply)) => Input::Reply(id, reply),
            Err(error) => Input::Reply(id, GatewayReply::new(0, Err(HostError::InDoubt(error.to_string())))),
        })),
        Action::Follow(id, follow) => {
            let session = follow.session.clone();
            Box::pin(client.follow(Json(follow)).call().map(move |got| match got {
                Ok(Json(ended)) => Input::End(id, ended),
                Err(_) => {
                    let end = SessionEnd::new(session, SessionOutcome::Interrupted);
                    Input::End(id, EndReport { at_ms: 0, end })
                }
            }))
        }
    }
}

/// Keeps what others may ask for while the run goes on.
fn keep(ctx: &WorkflowContext<'_>, call: &ClusterCall, stepped: &mut Stepped, told: &mut Kept, is_due: bool) {
    for final_item in std::mem::take(&mut stepped.items) {
        ctx.set(&item(told.items), final_item.document);
        told.items += 1;
    }
    if let Some(status) = told.status(&stepped.progress, call.live(), call.closed(), is_due || stepped.over.is_some()) {
        ctx.set(STATUS, Json(status));
    }
}
