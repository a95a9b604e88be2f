//! Signals that ask the program to end. The first one asks the component to stop, which gives a report; the second one ends
//! the program.

use std::process;

use gateway_sim::clock::StopSwitch;
use tokio::sync::watch;

/// What a signal means.
#[derive(Clone, Copy)]
struct Kind {
    /// Why the run was stopped, for the report.
    reason: &'static str,
    /// The exit code of a program that it ends, as shells have it: 128 and its number.
    exit_code: i32,
}

const INTERRUPT: Kind = Kind { reason: "interrupted at the keyboard", exit_code: 130 };

/// The signals of one call.
pub struct Interrupt {
    stop: StopSwitch,
    first: watch::Receiver<bool>,
}

impl Interrupt {
    /// A switch that the first signal throws.
    pub fn switch(&self) -> StopSwitch {
        self.stop.clone()
    }

    /// Waits for the first signal, which may have come already.
    pub async fn heard(&mut self) {
        // Its sender lives as long as signals are listened to.
        let _ = self.first.wait_for(|is_heard| *is_heard).await;
    }
}

/// Listens from now on. Needs a Tokio runtime.
pub fn stop_on_signal() -> Interrupt {
    let stop = StopSwitch::new();
    let (heard, first) = watch::channel(false);
    let switch = stop.clone();
    // Heard from now on, and not only once the task runs.
    let mut signals = of_the_system::Signals::new();
    tokio::spawn(async move {
        let kind = signals.next().await;
        switch.throw(kind.reason);
        heard.send_replace(true);
        let second = signals.next().await;
        process::exit(second.exit_code);
    });
    Interrupt { stop, first }
}

#[cfg(unix)]
mod of_the_system {
    use std::fs;
    use std::future::pending;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::{INTERRUPT, Kind};

    const TERMINATE: Kind = Kind { reason: "asked to end (SIGTERM)", exit_code: 143 };
    const HANGUP: Kind = Kind { reason: "the terminal was closed (SIGHUP)", exit_code: 129 };

    /// The signals that are listened to; one that the system does not let be heard ends the program as ever.
    pub(super) struct Signals {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        hangup: Option<Signal>,
    }

    impl Signals {
        pub(super) fn new() -> Self {
            let heard = |kind: SignalKind| signal(kind).ok();
            Self {
                interrupt: heard(SignalKind::interrupt()),
                terminate: heard(SignalKind::terminate()),
                // What `nohup` starts is to outlive its terminal.
                hangup: if ignores_hangup() { None } else { heard(SignalKind::hangup()) },
            }
        }

        pub(super) async fn next(&mut self) -> Kind {
            tokio::select! {
                () = received(&mut self.interrupt) => INTERRUPT,
                () = received(&mut self.terminate) => TERMINATE,
                () = received(&mut self.hangup) => HANGUP,
            }
        }
    }

    async fn received(signal: &mut Option<Signal>) {
        match signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => pending().await,
        }
    }

    /// Whether the program was started with SIGHUP ignored. Where the system does not tell, it was not.
    fn ignores_hangup() -> bool {
        fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, 1))
    }

    /// Whether a process's status names a signal among those that it ignores.
    fn ignores(status: &str, signal: u32) -> bool {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        mask & (1 << (signal - 1)) != 0
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_mask_of_ignored_signals_is_read() {
            let status = "Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
            assert!(ignores(status, 1) && ignores(status, 13) && !ignores(status, 2));
            assert!(!ignores("SigIgn:\t0000000000001000\n", 1) && !ignores("", 1));
        }
    }
}

#[cfg(not(unix))]
mod of_the_system {
    use std::future::pending;

    use super::{INTERRUPT, Kind};

    /// The only signal that there is everywhere.
    pub(super) struct Signals;

    impl Signals {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) async fn next(&mut self) -> Kind {
            match tokio::signal::ctrl_c().await {
                Ok(()) => INTERRUPT,
                Err(_) => pending().await,
            }
        }
    }
}
