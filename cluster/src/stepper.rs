//! A call of the engine, one event at a time: what waits for a host elsewhere is stepped here, so that whoever has the events may keep
//! them wherever he likes, and give the same ones again after a restart.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Command, Event, Host};
use parallel_agents_engine::problem::CallError;

/// A call that is under way.
pub struct Stepper {
    call: Pin<Box<dyn Future<Output = DocumentReply> + Send>>,
    mailbox: Arc<Mutex<Mailbox>>,
}

/// What a call wants next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// An event, at the latest the one that its time has come, in milliseconds on the host's clock.
    Waits(Option<u64>),
    /// Nothing: this is its reply.
    Over(DocumentReply),
}

/// What lies between the call and its events.
#[derive(Debug, Default)]
struct Mailbox {
    commands: Vec<Command>,
    event: Option<Event>,
    until_ms: Option<u64>,
}

impl Stepper {
    /// A call of a function with a JSON object; nothing is done yet.
    pub fn new(function: String, arguments: String) -> Self {
        let mailbox = Arc::new(Mutex::new(Mailbox::default()));
        let mut host = Mailed(Arc::clone(&mailbox));
        let call = Box::pin(async move { documents::call_named(&function, arguments, &mut host).await });
        Self { call, mailbox }
    }

    /// Lets it go on until it waits, with the event that it waited for; the first time it has none. What is to be done, in order.
    pub fn step(&mut self, event: Option<Event>) -> (Vec<Command>, Turn) {
        self.mail().event = event;
        let turn = self.call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let mut mail = self.mail();
        let commands = std::mem::take(&mut mail.commands);
        match turn {
            Poll::Ready(reply) => (commands, Turn::Over(reply)),
            Poll::Pending => (commands, Turn::Waits(mail.until_ms)),
        }
    }

    fn mail(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call's side of the mailbox.
struct Mailed(Arc<Mutex<Mailbox>>);

impl Host for Mailed {
    fn perform(&mut self, command: Command) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).commands.push(command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        std::future::poll_fn(|_| {
            let mut mail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            mail.until_ms = until_ms;
            mail.event.take().map_or(Poll::Pending, |event| Poll::Ready(Ok(event)))
        })
        .await
    }
}
