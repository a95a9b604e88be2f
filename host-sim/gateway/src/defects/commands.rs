//! The engine asks its host for something else than it should.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parallel_agents_engine::host::{Command, Progress, Reply, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::TaskStatus;

use super::defect::{Defect, Tamper};
use super::wire::Wire;
use crate::explore::Perturbation;
use crate::label::id_of;

/// What stands before the nonce of a prompt, and the nonce that a defect has in place of all.
const BEFORE_NONCE: &str = "carry the code ";
const NONCE: &str = "0123456789abcdef";

const fn of(
    name: &'static str,
    invariant: &'static str,
    imitates: &'static str,
    change: fn(&mut Vec<Command>, &mut Wire),
) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Commands(change))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("spawned-twice", "I8", "an attempt is spawned a second time under another key", |step, wire| {
        let twins: Vec<Command> =
            spawns(step).map(|options| Command::Spawn(wire.request(), renamed(options))).collect();
        step.extend(twins);
    }),
    of(
        "other-key-when-asked-again",
        "I8",
        "a spawn call whose answer was lost is repeated under another key",
        |step, wire| {
            each_spawn(step, |request, options| {
                let is_again = wire
                    .spawns
                    .iter()
                    .any(|(other, asked)| *other < request && asked.idempotency_key == options.idempotency_key);
                if is_again {
                    options.idempotency_key.push('x');
                }
            });
        },
    ),
    of("hedge-loser-goes-on", "I8", "the twin of a session that answered goes on", |step, wire| {
        swallow(step, wire, |command, wire| {
            let Command::Cancel(_, session) = command else { return None };
            has_winner(session, wire).then_some(Reply::Cancelled)
        });
    }),
    of("lost-cancel", "E2", "a session is not cancelled", |step, wire| {
        swallow(step, wire, |command, _| matches!(command, Command::Cancel(..)).then_some(Reply::Cancelled));
    }),
    of("cleanup-forgotten", "E2", "sessions are not deleted", |step, wire| {
        swallow(step, wire, |command, _| matches!(command, Command::Delete(..)).then_some(Reply::Deleted));
    }),
    of("end-overwritten", "I14", "a task that has ended ends again", |step, _| {
        let mut again = Vec::new();
        each_progress(step, |progress| {
            if progress.status.is_final() {
                again.push(Command::Progress(Progress { seq: progress.seq + 1, ..progress.clone() }));
            }
        });
        step.extend(again);
    }),
    of("progress-gap", "I14", "a number is left out in the progress", |step, _| {
        each_progress(step, |progress| progress.seq *= 2);
    }),
    of("request-number-reused", "H2", "two requests have one number", |step, _| {
        each_command(step, |command| {
            if let Command::Spawn(request, _) = command {
                request.0 = 1;
            }
        });
    }),
    of("run-not-shown", "I9", "a task is completed that was never shown to run", |step, _| {
        each_progress(step, |progress| {
            if progress.status == TaskStatus::Running {
                progress.status = TaskStatus::Pending;
            }
        });
    }),
    of("nonce-reused", "I16", "all inputs are framed with the same nonce", |step, _| {
        each_spawn(step, |_, options| {
            let nonce = options.task.split_once(BEFORE_NONCE).and_then(|(_, rest)| rest.get(..NONCE.len()));
            if let Some(nonce) = nonce.map(str::to_owned) {
                options.task = options.task.replace(&nonce, NONCE);
            }
        });
    }),
    of("tools-for-readers", "I16", "a session that reads what others wrote has tools", |step, _| {
        each_spawn(step, |_, options| options.tool_free = false);
    }),
    of("model-made-up", "I16", "a session gets a model that the request does not name", |step, _| {
        each_spawn(step, |_, options| options.model = options.model.take().map(|model| format!("{model}-2")));
    }),
    of("tier-lowered", "I19", "a further session of a task gets a cheaper model than the one before", |step, wire| {
        each_spawn(step, |request, options| {
            let is_further = wire
                .spawns
                .iter()
                .any(|(other, before)| *other < request && id_of(&before.label) == id_of(&options.label));
            if is_further && options.model.is_some() {
                options.model = Some("sim/economy".to_owned());
            }
        });
    }),
    of("wrong-session-read", "I10", "the transcript of a session is read that the call never spawned", |step, _| {
        each_command(step, |command| {
            if let Command::History(_, query) = command {
                query.session_key = SessionKey::new(format!("{}0", query.session_key));
            }
        });
    }),
    of("list-storm", "I12", "the host's list is read again and again", |step, wire| {
        let list = step.iter().find_map(|command| match command {
            Command::List(_, filter) => Some(filter.clone()),
            _ => None,
        });
        let storm: Vec<Command> = list
            .iter()
            .flat_map(|list| (0..100).map(|_| list.clone()))
            .map(|list| Command::List(wire.request(), list))
            .collect();
        step.extend(storm);
    }),
    of("unordered-map", "E5", "what a step asks for is asked for in the order of a hash map", |step, _| {
        let (state, mut place) = (RandomState::new(), 0_u32);
        step.sort_by_cached_key(|_| {
            place += 1;
            state.hash_one(place)
        });
    })
    .under(Perturbation::Again),
    of("reused-instance", "E5", "something is kept from one call to the next", |step, wire| {
        each_spawn(step, |_, options| options.idempotency_key = format!("{}-{}", options.idempotency_key, wire.call));
    })
    .under(Perturbation::Again),
];

fn each_command(step: &mut [Command], change: impl FnMut(&mut Command)) {
    step.iter_mut().for_each(change);
}

fn each_progress(step: &mut [Command], mut change: impl FnMut(&mut Progress)) {
    each_command(step, |command| {
        if let Command::Progress(progress) = command {
            change(progress);
        }
    });
}

fn each_spawn(step: &mut [Command], mut change: impl FnMut(RequestId, &mut SpawnOptions)) {
    each_command(step, |command| {
        if let Command::Spawn(request, options) = command {
            change(*request, Arc::make_mut(options));
        }
    });
}

fn spawns(step: &[Command]) -> impl Iterator<Item = &SpawnOptions> {
    step.iter().filter_map(|command| match command {
        Command::Spawn(_, options) => Some(&**options),
        _ => None,
    })
}

/// The same spawn call under another idempotency key.
fn renamed(options: &SpawnOptions) -> Arc<SpawnOptions> {
    Arc::new(SpawnOptions { idempotency_key: format!("{}-again", options.idempotency_key), ..options.clone() })
}

/// Keeps commands from the host; the engine is told that they are done.
fn swallow(step: &mut Vec<Command>, wire: &mut Wire, done: impl Fn(&Command, &Wire) -> Option<Reply>) {
    step.retain(|command| match (command.request(), done(command, wire)) {
        (Some(request), Some(reply)) => {
            wire.pretend(request, reply);
            false
        }
        _ => true,
    });
}

/// Whether another session of the same task has ended.
fn has_winner(session: &SessionKey, wire: &Wire) -> bool {
    let Some(own) = wire.spawn_of(session) else { return false };
    let ended: BTreeSet<&str> =
        wire.ended.iter().filter_map(|key| wire.spawn_of(key)).map(|spawn| id_of(&spawn.label)).collect();
    !wire.ended.contains(session) && ended.contains(id_of(&own.label))
}
