//! Whether somebody has to agree before a call, and what they are told: what it spawns, and what that may cost.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::functions::known;
use super::{Read, read};
use parallel_agents_engine::host::OperatorLimits;
use parallel_agents_engine::plan;
use parallel_agents_engine::policy::approval::{self, Reason};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{ApprovalSpec, BudgetSpec, Forecast, Price};
use parallel_agents_engine::text;
use parallel_agents_workflows::outlook::Outlook;

/// What OpenClaw shows of a question at the most, in characters.
const MAX_TITLE_CHARS: usize = 80;
const MAX_TEXT_CHARS: usize = 512;

/// Of that, for the names of models.
const MAX_MODELS_CHARS: usize = 200;

/// What the host's operator wants.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Operator {
    approval: ApprovalSpec,
    budget: BudgetSpec,
    prices: BTreeMap<String, Price>,
}

impl Operator {
    fn limits(&self) -> OperatorLimits {
        let BudgetSpec { tokens, micro_usd, spawns, seconds, session_tokens } = self.budget;
        OperatorLimits { tokens, micro_usd, spawns, seconds, session_tokens, prices: self.prices.clone() }
    }
}

/// Answers `check_approval`, whose document fits its schema. What is wrong with the call itself is told as the call would
/// tell it, with places below `/arguments`.
pub(super) fn check(document: &Value) -> Result<String, CallError> {
    let name = document.get("function").and_then(Value::as_str).unwrap_or_default();
    let function = known(name, "/function")?;
    let operator = document.get("operator").filter(|operator| !operator.is_null());
    let operator = operator.map_or_else(|| Ok(Operator::default()), Operator::deserialize).map_err(|error| {
        let problem = Problem::new("E_OPERATOR", "/operator", format!("operator: {error}"));
        CallError::invalid(vec![problem.hint("give approval, budget and prices as a request has them")])
    })?;
    let arguments = document.get("arguments").cloned().unwrap_or_else(|| json!({}));
    let outlook = match read(function, &arguments.to_string()).map_err(below_arguments)? {
        Read::Run(plan) | Read::One(plan) => Some(Outlook::of_plan(*plan)),
        Read::Refine(what) | Read::Create(what) => Some(Outlook::of_improvement(*what)),
        Read::Reach(goal) => Some(Outlook::of_goal(*goal)),
        Read::Collect(_) | Read::Done(_) => None,
    };
    let Some(mut outlook) = outlook else { return Ok(document::to_text(&json!({ "needed": false }))) };
    outlook.plan.rules.confine(&operator.limits());
    // It has been checked with everything else.
    let own = arguments.get("approval").and_then(|own| ApprovalSpec::deserialize(own).ok()).unwrap_or_default();
    let forecast = outlook.forecast();
    let reasons = approval::reasons(approval::stricter(operator.approval, own), &forecast);
    Ok(document::to_text(&question(name, &outlook, &forecast, &reasons)))
}

fn below_arguments(error: CallError) -> CallError {
    match error {
        CallError::InvalidRequest(mut problems) => {
            problems.iter_mut().for_each(|problem| problem.path.insert_str(0, "/arguments"));
            CallError::InvalidRequest(problems)
        }
        other => other,
    }
}

/// What is asked. None of it was written by an agent: names of functions and models have no other characters than letters,
/// digits and a few marks.
fn question(function: &str, outlook: &Outlook, forecast: &Forecast, reasons: &[Reason]) -> Value {
    let plan = &outlook.plan;
    let named = plan.tasks.iter().map(|task| task.model.clone());
    let models: Vec<String> =
        plan::models(&plan.rules, named).into_iter().map(|model| model.unwrap_or_default()).collect();
    let shown: Vec<&str> =
        models.iter().map(|model| if model.is_empty() { "the gateway's own" } else { model }).collect();
    let cost = match (forecast.micro_usd_expected, forecast.micro_usd_worst) {
        (Some(expected), Some(worst)) => {
            format!("{} expected, {} at the most", text::dollars(expected, 4), text::dollars(worst, 4))
        }
        _ => "unknown, since a model has no price".to_owned(),
    };
    let mut lines = vec![
        format!(
            "{function}: {} sessions expected, {} at the most.",
            forecast.sessions_expected, forecast.sessions_worst
        ),
        format!("Cost: {cost}."),
        text::with_suffix(&["Models: ", &shown.join(", ")], &["."], MAX_MODELS_CHARS),
    ];
    if !reasons.is_empty() {
        let why: Vec<String> = reasons.iter().map(|reason| reason.words()).collect();
        lines.push(format!("Asked because {}.", why.join(", and ")));
    }
    let title = format!("Start {} parallel agents", forecast.sessions_expected);
    json!({
        "needed": !reasons.is_empty(),
        "title": text::first_chars(&title, MAX_TITLE_CHARS),
        "text": text::first_chars(&lines.join("\n"), MAX_TEXT_CHARS),
        "models": models,
        "forecast": forecast,
    })
}
