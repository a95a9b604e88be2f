//! The service `Runs`: starts runs for whoever knows nothing of gateways, once for each key. It is what other programs use, with the
//! handlers of [`Run`](crate::run::Run); docs/scale-out.md has the form of both.

use std::sync::Arc;

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::messages::RunInput;
use crate::run::RunClient;
use crate::starting::{self, Drawn, Terms, Wanted, errors};

/// How often it is looked whether a run has begun that was only just started. After that its start stands in Restate's journal, and
/// nobody else has the key.
const LOOKS: u32 = 120;

/// What came of a start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Whether there is such a run.
    pub ok: bool,
    /// Whether this start has begun it. False: it was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<Value>,
}

impl Started {
    fn there(is_new: bool) -> Self {
        Self { ok: true, new: Some(is_new), errors: Vec::new() }
    }

    fn refused(errors: Vec<Value>) -> Self {
        Self { ok: false, new: None, errors }
    }
}

/// The service, which any worker can give.
pub struct Runs {
    terms: Arc<Terms>,
}

impl Runs {
    /// A service for runs on these terms.
    pub fn new(terms: Terms) -> Self {
        Self { terms: Arc::new(terms) }
    }

    async fn known(ctx: &Context<'_>, key: &str) -> Result<Option<RunInput>, TerminalError> {
        let Json(known) = ctx.workflow_client::<RunClient<'_>>(key).input().call().await?;
        Ok(known)
    }

    async fn once(&self, ctx: &Context<'_>, wanted: Wanted) -> Result<Started, TerminalError> {
        if let Some(known) = Self::known(ctx, &wanted.key).await? {
            return Ok(same(&wanted, &known, false));
        }
        let terms = Arc::clone(&self.terms);
        let drawn = ctx.run(move || async move { Ok(Json(terms.draw(None))) }).await?;
        let Json(drawn): Json<Drawn> = drawn;
        let input = wanted.clone().input(drawn);
        ctx.workflow_client::<RunClient<'_>>(&wanted.key).run(Json(input.clone())).send();
        // Somebody else may have been first, and only one of them is the run.
        match starting::input(LOOKS, || Self::known(ctx, &wanted.key), |pause| ctx.sleep(pause)).await? {
            Some(known) => Ok(same(&wanted, &known, known == input)),
            None => Ok(Started::there(true)),
        }
    }
}

/// Whether the run that has the key is the one that is wanted.
fn same(wanted: &Wanted, known: &RunInput, is_new: bool) -> Started {
    wanted.same(known).map_or_else(Started::refused, |()| Started::there(is_new))
}

#[restate_sdk::service(client_visibility = "pub(crate)", journal_retention = "0s")]
impl Runs {
    /// Starts a run, or finds the one that was started with the same key and request.
    #[handler]
    async fn start(&self, ctx: Context<'_>, wanted: Json<Value>) -> HandlerResult<Json<Started>> {
        let Json(document) = wanted;
        let wanted = match Wanted::read(&document) {
            Ok(wanted) => wanted,
            Err(problems) => return Ok(Json(Started::refused(errors(problems)))),
        };
        let problems = wanted.problems(&self.terms);
        if !problems.is_empty() {
            return Ok(Json(Started::refused(problems)));
        }
        Ok(Json(self.once(&ctx, wanted).await?))
    }
}
