//! The service `Session`: requests to gateways, and the ends of sessions, durably. What a gateway has to do once it does once by the key
//! of the session; so every request here may be made again.

use std::iter::repeat;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parallel_agents_engine::host::{HostError, SessionEnd, SessionOutcome};
use restate_sdk::context::DurableFuture;
use restate_sdk::prelude::*;

use crate::gateways::Gateways;
use crate::lease::Lease;
use crate::messages::{Answer, EndReport, FollowRequest, GatewayCall, GatewayReply, GatewayRequest};
use crate::operator::OperatorClient;

/// Pauses before a spawn of which nobody knows what became of it is asked for again, in seconds. After the last one the engine decides.
const PAUSES: [u64; 9] = [1, 2, 4, 8, 15, 15, 30, 30, 60];

/// The pause between questions to a gateway that does not answer, after those above; in seconds.
const LONGEST_PAUSE: u64 = 60;

/// Pauses after which a session is waited for again, in case that whoever waited is gone; in seconds. The last one repeats.
const LOOKS: [u64; 4] = [10, 20, 40, 60];

/// The shortest of them for a gateway with a lease: each look stands in Restate's journal.
const SHORTEST_LOOK: u64 = 5;

/// The service, which any worker can give.
pub struct Session {
    gateways: Arc<Gateways>,
}

impl Session {
    /// A service that uses these gateways.
    pub fn new(gateways: Arc<Gateways>) -> Self {
        Self { gateways }
    }

    async fn once(&self, ctx: &Context<'_>, request: &GatewayRequest) -> Result<GatewayReply, TerminalError> {
        self.ask(ctx, request, |reply| reply).await
    }

    /// One request. What is kept of it is how its reply was judged by whoever has asked.
    async fn ask(
        &self,
        ctx: &Context<'_>,
        request: &GatewayRequest,
        judge: impl FnOnce(GatewayReply) -> GatewayReply + Send + 'static,
    ) -> Result<GatewayReply, TerminalError> {
        let (gateways, request) = (Arc::clone(&self.gateways), request.clone());
        let Json(reply) = ctx.run(move || async move { Ok(Json(judge(gateways.ask(&request).await))) }).await?;
        Ok(reply)
    }

    /// Asks for a session until it is known whether there is one.
    async fn spawn(&self, ctx: &Context<'_>, request: &GatewayRequest) -> Result<GatewayReply, TerminalError> {
        let first = FirstAsk::default();
        let announced = first.clone();
        ctx.run(move || async move {
            announced.announce();
            Ok(())
        })
        .await?;
        let mut reply = self.ask(ctx, request, move |reply| first.judged(reply)).await?;
        for pause in PAUSES {
            if !reply.is_in_doubt() {
                break;
            }
            ctx.sleep(Duration::from_secs(pause)).await?;
            reply = self.once(ctx, request).await?.after_doubt();
        }
        Ok(reply)
    }

    /// Stops the session of a key, whether it exists already or not. Goes on until the gateway says something.
    async fn tombstone(&self, ctx: &Context<'_>, gateway: &str, key: &str) -> Result<GatewayReply, TerminalError> {
        let request = GatewayRequest { gateway: gateway.to_owned(), call: GatewayCall::Tombstone(key.to_owned()) };
        for pause in PAUSES.into_iter().chain(repeat(LONGEST_PAUSE)) {
            let reply = self.once(ctx, &request).await?;
            if !reply.answer.as_ref().is_err_and(asks_again) {
                return Ok(reply);
            }
            ctx.sleep(Duration::from_secs(pause)).await?;
        }
        self.once(ctx, &request).await
    }

    async fn until_end(&self, ctx: &Context<'_>, follow: &FollowRequest) -> Result<EndReport, TerminalError> {
        let (awakeable, end) = ctx.awakeable::<Json<EndReport>>();
        let mut pending: DurableFuturesUnordered<Pending<'_>> = DurableFuturesUnordered::new();
        pending.push(Box::pin(end.map_ok(|Json(ended)| Some(ended))));
        let mut lease = Lease::default();
        for look in 0.. {
            let (gateways, awakeable, wanted) = (Arc::clone(&self.gateways), awakeable.clone(), follow.clone());
            let Json(looked) = ctx.run(move || async move { Ok(Json(gateways.watch(&wanted, awakeable))) }).await?;
            let away_ms = lease.looked(looked);
            if follow.lease_seconds.is_some_and(|seconds| away_ms >= u64::from(seconds) * 1_000) {
                return Ok(lost(follow));
            }
            let pause = pause_after(look, follow.lease_seconds);
            pending.push(Box::pin(ctx.sleep(pause).map_ok(|()| None)));
            if let Some((_, got)) = pending.next().await?
                && let Some(ended) = got?
            {
                return Ok(ended);
            }
        }
        Ok(lost(follow))
    }
}

/// Whether this attempt is the first one to ask for a session.
///
/// That it will be asked for is announced in the journal before. An attempt that finds the announcement there has not made it: a worker
/// that is gone may have asked, and the gateway may have done it, though the reply is lost.
#[derive(Clone, Debug, Default)]
struct FirstAsk(Arc<AtomicBool>);

impl FirstAsk {
    /// Nobody has asked yet.
    fn announce(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// What a reply says of the session.
    fn judged(&self, reply: GatewayReply) -> GatewayReply {
        if self.0.swap(false, Ordering::Relaxed) { reply } else { reply.after_doubt() }
    }
}

type Pending<'a> = std::pin::Pin<Box<dyn DurableFuture<Output = Result<Option<EndReport>, TerminalError>> + Send + 'a>>;

#[restate_sdk::service(
    client_visibility = "pub(crate)",
    inactivity_timeout = "1s",
    journal_retention = "0s",
    ingress_private
)]
impl Session {
    /// One request to a gateway.
    #[handler]
    async fn request(&self, ctx: Context<'_>, request: Json<GatewayRequest>) -> HandlerResult<Json<GatewayReply>> {
        let Json(request) = request;
        let reply = match &request.call {
            GatewayCall::Spawn(options) => {
                let reply = self.spawn(&ctx, &request).await;
                if reply.is_err() {
                    // The run was cancelled, and the session may exist.
                    self.tombstone(&ctx, &request.gateway, &options.idempotency_key).await?;
                }
                reply?
            }
            GatewayCall::Facts => {
                let Json(is_drained) =
                    ctx.object_client::<OperatorClient<'_>>(&request.gateway).is_drained().call().await?;
                drained(self.once(&ctx, &request).await?, is_drained)
            }
            GatewayCall::Tombstone(key) => self.tombstone(&ctx, &request.gateway, key).await?,
            _ => self.once(&ctx, &request).await?,
        };
        Ok(Json(reply))
    }

    /// Waits for the end of a session.
    #[handler]
    async fn follow(&self, ctx: Context<'_>, follow: Json<FollowRequest>) -> HandlerResult<Json<EndReport>> {
        let Json(follow) = follow;
        match self.until_end(&ctx, &follow).await {
            Ok(ended) => Ok(Json(ended)),
            Err(error) => {
                // The run was cancelled.
                self.tombstone(&ctx, &follow.gateway, &follow.key).await?;
                Err(error.into())
            }
        }
    }
}

/// The facts of a gateway, with what the operator of the cluster wants of it.
fn drained(mut reply: GatewayReply, is_drained: bool) -> GatewayReply {
    reply.is_drained = Some(is_drained);
    if let Ok(Answer::Facts(facts)) = &mut reply.answer {
        facts.is_drained = is_drained;
    }
    reply
}

/// The pause after a look. That a lease has run out is seen by a look, so they are not much further apart than it is long.
fn pause_after(look: usize, lease_seconds: Option<u32>) -> Duration {
    let pause = LOOKS.get(look).or(LOOKS.last()).copied().unwrap_or_default();
    Duration::from_secs(lease_seconds.map_or(pause, |lease| pause.min(u64::from(lease).max(SHORTEST_LOOK))))
}

/// Whether the same request may be answered after a while, so that it is made again. Only for one that changes nothing when it is repeated.
fn asks_again(error: &HostError) -> bool {
    matches!(
        error,
        HostError::InDoubt(_)
            | HostError::Unavailable(_)
            | HostError::RateLimited { .. }
            | HostError::Busy(_)
            | HostError::AtCapacity(_)
    )
}

/// The end of a session of which nothing more will be known.
fn lost(follow: &FollowRequest) -> EndReport {
    EndReport { at_ms: 0, end: SessionEnd::new(follow.session.clone(), SessionOutcome::Interrupted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_no_further_apart_than_a_lease_is_long() {
        let seconds = |lease| [0, 1, 2, 3, 9].map(|look| pause_after(look, lease).as_secs());
        assert_eq!(seconds(None), [10, 20, 40, 60, 60]);
        assert_eq!(seconds(Some(20)), [10, 20, 20, 20, 20]);
        assert_eq!(seconds(Some(1)), [5; 5]);
        assert_eq!(seconds(Some(3_600)), seconds(None));
    }

    #[test]
    fn a_session_is_stopped_though_its_gateway_has_no_time_at_the_moment() {
        let text = || "text".to_owned();
        for error in [
            HostError::InDoubt(text()),
            HostError::Unavailable(text()),
            HostError::RateLimited { retry_after_ms: None, message: text() },
            HostError::Busy(text()),
            HostError::AtCapacity(text()),
        ] {
            assert!(asks_again(&error), "{error:?}");
        }
        for error in [
            HostError::Forbidden(text()),
            HostError::Invalid(text()),
            HostError::Exhausted(text()),
            HostError::NotFound(text()),
            HostError::NotOwner(text()),
            HostError::Unsupported(text()),
        ] {
            assert!(!asks_again(&error), "{error:?}");
        }
    }

    #[test]
    fn a_gateway_that_is_away_is_known_to_be_drained() {
        let away = GatewayReply::new(7, Err(HostError::Unavailable("away".to_owned())));
        assert_eq!(drained(away.clone(), true), GatewayReply { is_drained: Some(true), ..away });
    }

    #[test]
    fn what_a_worker_asked_for_before_it_died_is_in_doubt() {
        let away = || GatewayReply::new(7, Err(HostError::Unavailable("away".to_owned())));
        let in_doubt = GatewayReply::new(7, Err(HostError::InDoubt("away".to_owned())));
        // It announces the session, asks for it and dies with the reply.
        let first = FirstAsk::default();
        first.announce();
        assert_eq!(first.judged(away()), away());
        // The next worker finds the announcement in the journal, and asks again.
        assert_eq!(FirstAsk::default().judged(away()), in_doubt);
        // As would the same one.
        assert_eq!(first.judged(away()), in_doubt);
    }
}
