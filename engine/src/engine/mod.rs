//! The state of a run: events go in, commands come out. No clock, no random numbers, no input or output.
//!
//! What may happen is decided elsewhere: the plan says what may start, `schedule` whether there is room, `session` what a
//! session does, `policy` what follows from how it ended, `answer` whether an answer counts. Here is what a run remembers, in
//! parts that keep their fields to themselves:
//!
//! - read by all: `run` with the `clock`;
//! - of tasks: `tasks`, `scheduler`, `requests`. Code that decides about tasks (an `impl Work`) gets these and no
//!   others; what has to happen to a session it returns as an action;
//! - of sessions: `attempts`, `session_index`, `reconciling`, `deletions`, `hedges`.
//!
//! `state` holds them all. `step` takes an event to its part (`events`, `timers`, `host_list`, `fill_slots`), and
//! what that returns to the next (`carry_out`).

mod action;
mod alarms;
mod answer_check;
mod attempts;
mod booking;
mod canary_tasks;
mod carry_out;
mod choice;
mod clock;
mod deletions;
mod events;
mod fill_slots;
mod follow_up;
mod hedges;
mod host_list;
mod judge;
mod put_back;
mod reconciling;
mod requests;
mod run;
mod run_end;
mod scheduler;
mod session_end;
mod session_index;
mod start;
mod state;
mod step;
mod task_end;
mod task_run;
mod tasks;
mod timers;
mod work;

pub use state::Engine;

#[cfg(test)]
mod tests;
