//! The hook points at which faults strike: here the gateway asks the rules, counts what strikes and does what they say.

use parallel_agents_engine::host::{
    Command, FailureKind, HistoryPage, HostError, Receipt, Reply, SessionEnd, SessionPage,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

use super::event_queue::Due;
use super::faults::cleanup::Request;
use super::faults::plan::{EndPlan, FaultPlan};
use super::faults::read::Odd;
use super::faults::{Draw, cleanup, delivery, read, session, spawn};
use super::state::Gateway;
use crate::script::{Fault, Scripted, ScriptedOutcome};
use crate::truth::Truth;

/// How long a provider takes to refuse a session.
const PROVIDER_REFUSAL_MS: u64 = 300;

impl Gateway {
    /// Why the gateway does not even look at a spawn request. `nth`: requests with this key so far.
    pub(super) fn spawn_refusal(&mut self, key: &str, nth: u32) -> Option<HostError> {
        let script = self.script.clone();
        let now_ms = self.time.now_ms();
        let request = spawn::SpawnRequest {
            draw: Draw { profile: script.faults(), seed: self.seed, subject: key, nth },
            since_opened_ms: now_ms.saturating_sub(self.options.start_ms),
            spawned_within: &|per_ms| self.sessions.spawned_within(now_ms, per_ms),
        };
        let (fault, refusal) = spawn::refusal(&request)?;
        self.truths.fault(fault);
        Some(refusal)
    }

    /// The answer to a spawn request that took effect. `key`: its idempotency key.
    pub(super) fn spawn_answer(&mut self, key: &str, nth: u32, receipt: Receipt) -> Result<Reply, HostError> {
        let script = self.script.clone();
        let another = self.sessions.another_receipt(&receipt.session_key);
        let draw = Draw { profile: script.faults(), seed: self.seed, subject: key, nth };
        let answer = spawn::answer(&spawn::SpawnAnswer { draw, receipt: &receipt, another });
        let Some((fault, answer)) = answer else { return Ok(Reply::Spawned(receipt)) };
        self.truths.fault(fault);
        if fault == Fault::ReceiptRepeated {
            self.truths.note(Truth::ReceiptRepeated(receipt.session_key));
        }
        answer
    }

    /// How much later than others a request is carried out, in milliseconds.
    pub(super) fn late_by(&mut self, command: &Command) -> u64 {
        let Command::Spawn(request, _) = command else { return 0 };
        let script = self.script.clone();
        let subject = request.to_string();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject: &subject, nth: 1 };
        let Some((fault, late_ms)) = spawn::late_ms(&draw) else { return 0 };
        self.truths.fault(fault);
        late_ms
    }

    /// Whether a session is accepted although there is no room.
    pub(super) fn ignores_cap(&mut self, key: &str, nth: u32) -> bool {
        let script = self.script.clone();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject: key, nth };
        let ignored = spawn::ignores_cap(&draw);
        ignored.into_iter().for_each(|fault| self.truths.fault(fault));
        ignored.is_some()
    }

    /// The model that runs in place of `model`, and whether the receipt keeps silent about it.
    pub(super) fn swapped(&mut self, subject: &str, nth: u32, model: String) -> (String, bool) {
        let script = self.script.clone();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject, nth };
        let Some((fault, swap)) = session::swap(&draw, &model) else { return (model, false) };
        self.truths.fault(fault);
        (swap.to.clone(), swap.receipt_lies)
    }

    /// What is going to happen to a session beside what its script says.
    pub(super) fn fault_plan(&mut self, subject: &str, nth: u32) -> FaultPlan {
        let script = self.script.clone();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject, nth };
        let (plan, counted) = session::plan(&draw);
        counted.into_iter().for_each(|fault| self.truths.fault(fault));
        plan
    }

    /// Makes a session use more tokens than its script says, if that strikes.
    pub(super) fn inflate(&mut self, subject: &str, nth: u32, model: &str, scripted: &mut Scripted) {
        let script = self.script.clone();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject, nth };
        let Some((fault, usage)) = session::more_usage(&draw, scripted.usage) else { return };
        self.truths.fault(fault);
        scripted.usage = usage;
        scripted.cost_micro_usd = script.cost(model, usage);
    }

    /// Has the provider refuse a session that is one too many for its model.
    pub(super) fn ask_provider(&mut self, key: &SessionKey) {
        let Some(session) = self.sessions.get(key) else { return };
        let limit = self.script.provider_limit(&session.model);
        let model = session.model.clone();
        let running = self.sessions.running_under(&model);
        let is_too_often = limit.starts_per_ms.is_some_and(|(most, per_ms)| {
            self.sessions.started_within(&model, self.time.now_ms(), per_ms) >= most as usize
        });
        let is_too_many = limit.max_concurrent.is_some_and(|most| running >= most as usize);
        if !is_too_often && !is_too_many {
            self.sessions.note_start(&model, self.time.now_ms());
            return;
        }
        self.truths.fault(Fault::ProviderLimit);
        let seconds = limit.retry_after_seconds();
        let message = format!("HTTP 429: rate limit exceeded for this model, retry after {seconds} seconds");
        if let Some(session) = self.sessions.get_mut(key) {
            session.scripted = Scripted {
                latency_ms: PROVIDER_REFUSAL_MS,
                outcome: ScriptedOutcome::Fail { kind: FailureKind::RateLimited, message, retry_after_ms: None },
                usage: Usage::default(),
                cost_micro_usd: 0,
                tools: Vec::new(),
                fault: None,
            };
        }
    }

    /// Why a request to stop, delete or read a session is refused.
    pub(super) fn session_refusal(&mut self, request: Request, key: &SessionKey) -> Option<HostError> {
        let session = self.sessions.get_mut(key)?;
        let (fault, refusal) = cleanup::refusal(request, key, &mut session.fault_plan.cleanup)?;
        self.truths.fault(fault);
        self.truths.note(Truth::KeptAlive(key.clone()));
        if fault == Fault::NotOwner {
            self.truths.note(Truth::Denied(key.clone()));
        }
        Some(refusal)
    }

    /// The transcript cannot be read any more.
    pub(super) fn history_gone(&mut self, key: &SessionKey) -> Option<HostError> {
        self.sessions.get(key).filter(|session| session.fault_plan.reads.is_gone)?;
        self.truths.fault(Fault::HistoryGone);
        self.truths.note(Truth::Unreadable(key.clone()));
        Some(HostError::NotFound(format!("No transcript found: {key}")))
    }

    /// A page of a transcript as it is handed out.
    pub(super) fn handed_out(&mut self, key: &SessionKey, page: HistoryPage) -> HistoryPage {
        let odd = self.odd_page();
        let Some(session) = self.sessions.get_mut(key) else { return page };
        let (page, counted) = read::transcript(page, &mut session.fault_plan.reads, odd);
        counted.into_iter().for_each(|fault| self.truths.fault(fault));
        page
    }

    /// A page of a list as it is handed out.
    pub(super) fn listed(&mut self, page: SessionPage) -> SessionPage {
        let script = self.script.clone();
        let draw = Draw { profile: script.faults(), seed: self.seed, subject: "", nth: self.pages };
        let odd = self.odd_page();
        let (page, counted, missing) = read::list(page, &draw, odd);
        counted.into_iter().for_each(|fault| self.truths.fault(fault));
        missing.into_iter().for_each(|key| self.truths.note(Truth::LeftOut(key)));
        page
    }

    /// Whether the next page is odd, and how.
    fn odd_page(&mut self) -> Option<Odd> {
        self.pages += 1;
        let script = self.script.clone();
        let odd = read::odd(&Draw { profile: script.faults(), seed: self.seed, subject: "page", nth: self.pages })?;
        self.truths.fault(Fault::OddPage);
        Some(odd)
    }

    /// Tells the end of a session, as late and as often as its plan wants.
    pub(super) fn tell_end(&mut self, end: SessionEnd, plan: EndPlan) {
        let stranger = plan.foreign_ms.map(|_| SessionKey::new(format!("agent:other:subagent:{}", self.random.uuid())));
        let (notices, counted) = delivery::notices(end, plan, stranger);
        counted.into_iter().for_each(|fault| self.truths.fault(fault));
        for notice in notices {
            let (delay_ms, is_extra) = (notice.delay_ms, notice.is_extra);
            match delay_ms {
                None => self.tell(notice.into()),
                Some(delay_ms) => self.enter_after(delay_ms, Due::Tell { what: Box::new(notice.into()), is_extra }),
            }
        }
    }
}
