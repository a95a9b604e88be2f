//! The object `Operator`, one for each gateway: what the operator of the cluster wants of it, for runs that are still to be started.

use restate_sdk::prelude::*;

const DRAINED: &str = "drained";

/// The object; its key is the name of a gateway.
pub struct Operator;

#[restate_sdk::object(client_visibility = "pub(crate)")]
impl Operator {
    /// No new sessions from now on, or new ones again.
    #[handler]
    async fn drain(&self, ctx: ObjectContext<'_>, is_drained: Json<bool>) -> HandlerResult<()> {
        ctx.set(DRAINED, is_drained);
        Ok(())
    }

    /// Whether it gets no new sessions.
    #[handler]
    async fn is_drained(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<bool>> {
        Ok(ctx.get::<Json<bool>>(DRAINED).await?.unwrap_or(Json(false)))
    }
}
