//! The simulated gateway: a pure function of a script, a seed and the commands that it is given.
//!
//! It has its own clock, which moves only when it is polled. It never sleeps: it says until when nothing can happen, and
//! whoever drives it decides whether to wait for that time or to jump there. So virtual and real time see the same events
//! with the same times. What it knows to be true it notes for whoever asks; who that is it does not know.
//!
//! | file              | what is in it                                                                  |
//! |-------------------|--------------------------------------------------------------------------------|
//! | `state`           | the parts of which it consists                                                 |
//! | `polling`         | commands in, events out                                                        |
//! | `requests`        | how requests are answered                                                      |
//! | `lifecycle`       | how a session moves from the queue to its end                                  |
//! | `restart`         | what is left after a crash, and the next call                                  |
//! | `table`, `session`| the sessions; `lane`: those that wait for a place                              |
//! | `event_queue`     | what is going to happen; `outbox`: what has happened and was not told yet       |
//! | `timeline`        | the clock and the number of the next event; `clock_skew`: what the clock shows  |
//! | `random`          | random numbers; `journal`: the journal of the call; `crash`: its host calls     |
//! | `faults`          | rules: what goes wrong, and what comes of it                                   |
//! | `hooks`           | where the gateway asks them; `answers`: what goes wrong with answers            |

mod afterword;
mod answers;
mod clock_skew;
mod crash;
mod cut;
mod event_queue;
mod faults;
mod hooks;
mod intervention;
mod journal;
mod lane;
mod lifecycle;
mod outbox;
mod polling;
mod random;
mod requests;
mod restart;
mod session;
mod state;
mod table;
mod timeline;

pub use crash::{CrashPoint, Moment, Restart};
pub use intervention::Intervention;
pub use state::Gateway;
