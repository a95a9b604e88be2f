//! The service `Session`: requests to gateways, and the ends of sessions, durably. What a gateway has to do once it does once by the key
//! of the session; so every request here may be made again.

use std::iter::repeat;
use std::sync::Arc;
use std::time::Duration;

use parallel_agents_engine::host::{HostError, SessionEnd, SessionOutcome};
use restate_sdk::context::DurableFuture;
use restate_sdk::prelude::*;

use crate::gateways::Gateways;
use crate::operator::OperatorClient;
use crate::orders::{Ask, Ended, Following, Got, Order, Told};

/// Pauses before a spawn of which nobody knows what became of it is asked for again, in seconds. After the last one the engine decides.
const PAUSES: [u64; 9] = [1, 2, 4, 8, 15, 15, 30, 30, 60];

/// The pause between questions to a gateway that does not answer, after those above; in seconds.
const LONGEST_PAUSE: u64 = 60;

/// Pauses after which a session is waited for again, in case that whoever waited is gone; in seconds. The last one repeats.
const LOOKS: [u64; 4] = [10, 20, 40, 60];

/// The service, which any worker can give.
pub struct Session {
    gateways: Arc<Gateways>,
}

impl Session {
    /// A service that uses these gateways.
    pub fn new(gateways: Arc<Gateways>) -> Self {
        Self { gateways }
    }

    async fn once(&self, ctx: &Context<'_>, order: &Order) -> Result<Told, TerminalError> {
        let (gateways, order) = (Arc::clone(&self.gateways), order.clone());
        let Json(told) = ctx.run(move || async move { Ok(Json(gateways.ask(&order).await)) }).await?;
        Ok(told)
    }

    async fn spawn(&self, ctx: &Context<'_>, order: &Order) -> Result<Told, TerminalError> {
        for pause in PAUSES {
            let told = self.once(ctx, order).await?;
            if !matches!(told.got, Err(HostError::InDoubt(_))) {
                return Ok(told);
            }
            ctx.sleep(Duration::from_secs(pause)).await?;
        }
        self.once(ctx, order).await
    }

    /// Stops the session of a key, whether it exists already or not. Goes on until the gateway says something.
    async fn bury(&self, ctx: &Context<'_>, gateway: &str, key: &str) -> Result<Told, TerminalError> {
        let order = Order { gateway: gateway.to_owned(), ask: Ask::Bury(key.to_owned()) };
        for pause in PAUSES.into_iter().chain(repeat(LONGEST_PAUSE)) {
            let told = self.once(ctx, &order).await?;
            if !matches!(
                told.got,
                Err(HostError::InDoubt(_) | HostError::Unavailable(_) | HostError::RateLimited { .. })
            ) {
                return Ok(told);
            }
            ctx.sleep(Duration::from_secs(pause)).await?;
        }
        self.once(ctx, &order).await
    }

    async fn until_end(&self, ctx: &Context<'_>, following: &Following) -> Result<Ended, TerminalError> {
        let (awakeable, end) = ctx.awakeable::<Json<Ended>>();
        let mut pending: DurableFuturesUnordered<Pending<'_>> = DurableFuturesUnordered::new();
        pending.push(Box::pin(end.map_ok(|Json(ended)| Some(ended))));
        for look in 0.. {
            let (gateways, awakeable, wanted) = (Arc::clone(&self.gateways), awakeable.clone(), following.clone());
            let Json(away) = ctx.run(move || async move { Ok(Json(gateways.watch(&wanted, awakeable))) }).await?;
            if following.lease_seconds.is_some_and(|lease| away >= u64::from(lease) * 1_000) {
                return Ok(Ended { at_ms: 0, end: interrupted(following) });
            }
            let pause = LOOKS.get(look).or(LOOKS.last()).copied().unwrap_or_default();
            pending.push(Box::pin(ctx.sleep(Duration::from_secs(pause)).map_ok(|()| None)));
            if let Some((_, got)) = pending.next().await?
                && let Some(ended) = got?
            {
                return Ok(ended);
            }
        }
        Ok(Ended { at_ms: 0, end: interrupted(following) })
    }
}

type Pending<'a> = std::pin::Pin<Box<dyn DurableFuture<Output = Result<Option<Ended>, TerminalError>> + Send + 'a>>;

#[restate_sdk::service(
    client_visibility = "pub(crate)",
    inactivity_timeout = "1s",
    journal_retention = "0s",
    ingress_private
)]
impl Session {
    /// One request to a gateway.
    #[handler]
    async fn ask(&self, ctx: Context<'_>, order: Json<Order>) -> HandlerResult<Json<Told>> {
        let Json(order) = order;
        let told = match &order.ask {
            Ask::Spawn(options) => {
                let told = self.spawn(&ctx, &order).await;
                if told.is_err() {
                    // The run was cancelled, and the session may exist.
                    self.bury(&ctx, &order.gateway, &options.idempotency_key).await?;
                }
                told?
            }
            Ask::Facts => {
                let Json(is_drained) =
                    ctx.object_client::<OperatorClient<'_>>(&order.gateway).is_drained().call().await?;
                let mut told = self.once(&ctx, &order).await?;
                if let Ok(Got::Facts(facts)) = &mut told.got {
                    facts.is_drained = is_drained;
                }
                told
            }
            Ask::Bury(key) => self.bury(&ctx, &order.gateway, key).await?,
            _ => self.once(&ctx, &order).await?,
        };
        Ok(Json(told))
    }

    /// Waits for the end of a session.
    #[handler]
    async fn follow(&self, ctx: Context<'_>, following: Json<Following>) -> HandlerResult<Json<Ended>> {
        let Json(following) = following;
        match self.until_end(&ctx, &following).await {
            Ok(ended) => Ok(Json(ended)),
            Err(error) => {
                // The run was cancelled.
                self.bury(&ctx, &following.gateway, &following.key).await?;
                Err(error.into())
            }
        }
    }
}

/// The end of a session of which nothing more is known.
fn interrupted(following: &Following) -> SessionEnd {
    let session = following.session.clone();
    SessionEnd { session, outcome: SessionOutcome::Interrupted, completion: None, usage: None, model: None }
}
