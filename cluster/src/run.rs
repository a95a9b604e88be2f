//! The workflow `Run`: one call, whose only state is Restate's journal. After the death of a worker another one goes through the same
//! inputs again, and so comes to the same place.

use std::pin::Pin;
use std::time::Duration;

use parallel_agents_engine::host::{Progress, SessionEnd, SessionOutcome};
use restate_sdk::context::DurableFuture;
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::call::{Action, ClusterCall, Input, Stepped};
use crate::orders::{Ended, RunInput, RunOutput, Told, Wish};
use crate::session::SessionClient;

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What was last said of its tasks.
    pub progress: Option<Progress>,
    /// Live sessions on each gateway, or such as may be alive.
    pub live: Vec<(String, u32)>,
}

/// The state in which a run says how far it is, and under which it keeps what it was started with.
const STATUS: &str = "status";
const INPUT: &str = "input";

/// The promises by which a run is told of wishes, one after the other.
static WISHES: [&str; 16] = [
    "wish-0", "wish-1", "wish-2", "wish-3", "wish-4", "wish-5", "wish-6", "wish-7", "wish-8", "wish-9", "wish-10",
    "wish-11", "wish-12", "wish-13", "wish-14", "wish-15",
];

/// A status is kept each time that so many hundredths of the tasks have ended.
const STATUS_STEPS: u32 = 50;

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
        let mut wishes = WISHES.iter();
        let (mut timer, mut told) = (None::<u64>, Kept::default());
        if let Some(name) = wishes.next() {
            pending.push(wish(&ctx, name));
        }
        loop {
            for action in std::mem::take(&mut stepped.actions) {
                pending.push(begin(&ctx, action));
            }
            keep(&ctx, &call, &mut stepped, &mut told);
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
                // Nothing is pending: only the time can help.
                Ok(None) => Input::Time(stepped.wake_ms.unwrap_or_else(|| call.now_ms())),
                Err(_) => Input::Wish(Wish::Stop("the invocation was cancelled in Restate".to_owned())),
            };
            match &input {
                Input::Time(at_ms) if timer == Some(*at_ms) => timer = None,
                Input::Wish(_) => {
                    if let Some(name) = wishes.next() {
                        pending.push(wish(&ctx, name));
                    }
                }
                _ => {}
            }
            stepped = call.step(input);
        }
    }

    /// Tells the run of a wish.
    #[handler]
    async fn wish(&self, ctx: SharedWorkflowContext<'_>, wish: Json<Wish>) -> HandlerResult<()> {
        for name in &WISHES {
            if ctx.peek_promise::<Json<Wish>>(name).await?.is_none() {
                ctx.resolve_promise(name, wish);
                return Ok(());
            }
        }
        Err(TerminalError::new("the run was told of as many wishes as it can take").into())
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

fn wish<'a>(ctx: &'a WorkflowContext<'_>, name: &'static str) -> Pending<'a> {
    Box::pin(ctx.promise::<Json<Wish>>(name).map(|got| match got {
        Ok(Json(wish)) => Input::Wish(wish),
        Err(error) => Input::Wish(Wish::Stop(error.to_string())),
    }))
}

/// Begins what a call wants. A call that Restate gives up is one whose effect nobody knows.
fn begin<'a>(ctx: &'a WorkflowContext<'_>, action: Action) -> Pending<'a> {
    use parallel_agents_engine::host::HostError;
    let client = ctx.service_client::<SessionClient<'_>>();
    match action {
        Action::Ask(id, order) => Box::pin(client.ask(Json(order)).call().map(move |got| match got {
            Ok(Json(told)) => Input::Told(id, told),
            Err(error) => Input::Told(id, Told { at_ms: 0, got: Err(HostError::InDoubt(error.to_string())) }),
        })),
        Action::Follow(id, following) => {
            let session = following.session.clone();
            Box::pin(client.follow(Json(following)).call().map(move |got| match got {
                Ok(Json(ended)) => Input::Ended(id, ended),
                Err(_) => {
                    let outcome = SessionOutcome::Interrupted;
                    let end = SessionEnd { session, outcome, completion: None, usage: None, model: None };
                    Input::Ended(id, Ended { at_ms: 0, end })
                }
            }))
        }
    }
}

/// Keeps what others may ask for while the run goes on.
fn keep(ctx: &WorkflowContext<'_>, call: &ClusterCall, stepped: &mut Stepped, told: &mut Kept) {
    for final_item in std::mem::take(&mut stepped.items) {
        ctx.set(&item(told.items), final_item.document);
        told.items += 1;
    }
    let Some(progress) = stepped.progress.pop() else { return };
    let step = (progress.total / STATUS_STEPS).max(1);
    if told.ended.is_none_or(|ended| progress.ended >= ended + step || progress.ended == progress.total) {
        told.ended = Some(progress.ended);
        ctx.set(STATUS, Json(Status { progress: Some(progress), live: call.live() }));
    }
}

/// What was kept so far.
#[derive(Debug, Default)]
struct Kept {
    items: u32,
    /// Tasks that had ended when the status was kept.
    ended: Option<u32>,
}
