//! Scenarios beside each other: each track is a thread, and its lines say which one they belong to.

use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};

/// What one track does. Whatever it starts ends with it, also when it fails.
pub type Track<'a> = (&'static str, Box<dyn FnOnce() -> Result<()> + Send + 'a>);

/// Follows all tracks at once, and each to its end: what one of them finds says nothing of the others.
///
/// # Errors
/// Those of all tracks that fail.
pub fn run(tracks: Vec<Track<'_>>) -> Result<()> {
    let failed: Vec<String> = thread::scope(|scope| {
        let mut started = Vec::new();
        for (name, work) in tracks {
            let follow = move || work().inspect_err(|_| eprintln!("  FAILED  {name}; the others go on to their end"));
            started.push((name, thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, follow)));
        }
        let ended = started.into_iter().map(|(name, thread)| {
            let thread = thread.context("cannot start a thread");
            let outcome = thread.and_then(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("it panicked"))));
            outcome.err().map(|error| format!("{name}: {error:#}"))
        });
        ended.flatten().collect()
    });
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}

/// The track that this is called on; nothing where there is none.
pub fn name() -> String {
    let thread = thread::current();
    // The first thread of a program has a name that nobody gave it.
    thread.name().filter(|name| *name != "main").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn tracks_are_followed_beside_each_other_under_their_names() {
        let both = Barrier::new(2);
        let work = |own: &'static str| -> Track<'_> {
            let both = &both;
            let meet = move || {
                both.wait();
                if name() == own { Ok(()) } else { bail!("it is called {}", name()) }
            };
            (own, Box::new(meet))
        };
        run(vec![work("one"), work("two")]).unwrap();
    }

    #[test]
    fn every_failure_is_told() {
        let fail: Track<'_> = ("one", Box::new(|| bail!("no")));
        let panic: Track<'_> = ("two", Box::new(|| panic!("on purpose")));
        let fine: Track<'_> = ("three", Box::new(|| Ok(())));
        assert_eq!(run(vec![fail, panic, fine]).unwrap_err().to_string(), "one: no\ntwo: it panicked");
    }
}
