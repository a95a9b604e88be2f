//! What a row of the table says.

use crate::script::Fault;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its number, from 1.
    pub number: u32,
    /// What goes wrong.
    pub what: &'static str,
    /// What brings it about.
    pub source: Source,
}

/// Where a fault comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Parts of a script.
    Script(&'static [Knob]),
    /// No script can do it; who does, in one sentence.
    Elsewhere(&'static str),
}

/// A part of a script that brings a fault about.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// What it concerns.
    pub place: Place,
    /// Lines of a script with which it strikes whenever it can; its name is in them.
    pub always: &'static str,
    /// How it is counted.
    pub counted: Fault,
}

/// What a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A request for a session, or its answer.
    Spawn,
    /// A session while it runs.
    Session,
    /// What is told of the end of a session.
    End,
    /// A list or a transcript.
    Reading,
    /// The text of an answer.
    Answer,
    /// A request to stop or delete a session.
    Deletion,
    /// The host itself, its clock and its journal.
    Host,
    /// Whoever called.
    Caller,
}
