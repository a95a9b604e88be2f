//! Sessions: another model, more tokens, and the plan of what will happen to them.

use parallel_agents_engine::task::Usage;

use super::draw::Draw;
use super::plan::{FaultPlan, SessionFault};
use crate::script::{Delay, Fault, Refusals, Swap};

/// A repeated or foreign end comes at most this much later than the one that it follows.
const ECHO_MS: u64 = 5_000;

/// Enters into the plan what strikes. The fault is counted now; one that is counted when it happens is not named.
type PlanRule = fn(&Draw<'_>, &mut FaultPlan) -> Option<Fault>;

const PLAN: [PlanRule; 17] = [
    never_start,
    late_start,
    while_it_runs,
    timeout_ignored,
    grandchildren,
    not_owner,
    end_lost,
    end_contradicted,
    history_empty,
    history_gone,
    redacted,
    afterword,
    no_usage,
    refusals_to_clean_up,
    late_end,
    end_twice,
    foreign_end,
];

/// The plan of a session, and the faults that count already.
pub(in crate::gateway) fn plan(draw: &Draw<'_>) -> (FaultPlan, Vec<Fault>) {
    let mut plan = FaultPlan::default();
    let counted = PLAN.iter().filter_map(|rule| rule(draw, &mut plan)).collect();
    (plan, counted)
}

fn delayed(draw: &Draw<'_>, fault: Fault, delay: Option<Delay>) -> Option<u64> {
    delay.filter(|delay| draw.share(fault, delay.per_mille)).map(|delay| delay.delay_ms)
}

fn times(draw: &Draw<'_>, fault: Fault, refusals: Option<Refusals>) -> u32 {
    refusals.filter(|refusals| draw.share(fault, refusals.per_mille)).map_or(0, |refusals| refusals.times)
}

fn echo(draw: &Draw<'_>, fault: Fault) -> Option<u64> {
    draw.strikes(fault).then(|| draw.amount(fault, ECHO_MS))
}

fn never_start(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.never_starts = draw.strikes(Fault::NeverStart);
    plan.never_starts.then_some(Fault::NeverStart)
}

fn late_start(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    let delay_ms = delayed(draw, Fault::LateStart, draw.profile.late_start);
    plan.start_delay_ms = delay_ms.unwrap_or(0);
    delay_ms.map(|_| Fault::LateStart)
}

/// The first of these that strikes.
fn while_it_runs(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    let kinds = [SessionFault::CutOff, SessionFault::Killed, SessionFault::Paused, SessionFault::Vanished];
    let struck = kinds.into_iter().find(|kind| draw.strikes(kind.fault()));
    plan.session_fault = struck.map(|kind| (kind, draw.amount(kind.fault(), 1_000)));
    None
}

fn timeout_ignored(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.ignores_limit = draw.strikes(Fault::TimeoutIgnored);
    None
}

fn grandchildren(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.children = times(draw, Fault::Grandchildren, draw.profile.grandchildren);
    None
}

fn not_owner(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.cleanup.is_not_owned = draw.strikes(Fault::NotOwner);
    None
}

fn end_lost(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.end.is_lost = draw.strikes(Fault::EndLost);
    None
}

fn end_contradicted(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.end.contradiction_ms = echo(draw, Fault::EndContradicted);
    None
}

fn history_empty(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.reads.empty = times(draw, Fault::HistoryEmpty, draw.profile.history_empty);
    None
}

fn history_gone(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.reads.is_gone = draw.strikes(Fault::HistoryGone);
    None
}

fn redacted(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.reads.is_redacted = draw.strikes(Fault::Redacted);
    None
}

fn afterword(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.reads.has_afterword = draw.strikes(Fault::Afterword);
    None
}

fn no_usage(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.usage_is_silent = draw.strikes(Fault::NoUsage);
    plan.usage_is_silent.then_some(Fault::NoUsage)
}

fn refusals_to_clean_up(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.cleanup.cancel_refusals = times(draw, Fault::CancelRefused, draw.profile.cancel_refused);
    plan.cleanup.delete_refusals = times(draw, Fault::DeleteRefused, draw.profile.delete_refused);
    None
}

fn late_end(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    let delay_ms = delayed(draw, Fault::LateEnd, draw.profile.late_end);
    plan.end.delay_ms = delay_ms.unwrap_or(0);
    delay_ms.map(|_| Fault::LateEnd)
}

fn end_twice(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.end.echo_ms = echo(draw, Fault::EndTwice);
    plan.end.echo_ms.map(|_| Fault::EndTwice)
}

fn foreign_end(draw: &Draw<'_>, plan: &mut FaultPlan) -> Option<Fault> {
    plan.end.foreign_ms = echo(draw, Fault::ForeignEnd);
    plan.end.foreign_ms.map(|_| Fault::ForeignEnd)
}

/// The model that runs in place of `model`. None: that one runs.
pub(in crate::gateway) fn swap<'a>(draw: &Draw<'a>, model: &str) -> Option<(Fault, &'a Swap)> {
    draw.profile.swaps.iter().enumerate().find_map(|(index, swap)| {
        let concerned = swap.model.as_ref().map_or(swap.to != model, |wanted| wanted == model);
        let fault = if swap.receipt_lies { Fault::ReceiptLied } else { Fault::ModelSwapped };
        let subject = format!("{} {index}", draw.subject);
        let strikes = concerned && Draw { subject: &subject, ..*draw }.share(fault, swap.per_mille);
        strikes.then_some((fault, swap))
    })
}

/// The tokens of a session that uses more than its script says. None: it does not.
pub(in crate::gateway) fn more_usage(draw: &Draw<'_>, usage: Usage) -> Option<(Fault, Usage)> {
    let more = draw.profile.more_usage.filter(|_| usage != Usage::default())?;
    if !draw.share(Fault::MoreUsage, more.per_mille) {
        return None;
    }
    let times = |tokens: u64| tokens.saturating_mul(more.factor.into());
    let Usage { input_tokens, output_tokens } = usage;
    Some((Fault::MoreUsage, Usage { input_tokens: times(input_tokens), output_tokens: times(output_tokens) }))
}
