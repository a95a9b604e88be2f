//! What a run is told while it is under way: the promises by which it hears it, and whether there is room for more.

use std::sync::LazyLock;

use crate::messages::Control;

/// How many things a run can be told. The last one is kept for a stop.
const MOST_CONTROLS: usize = 256;

/// The promises by which a run is told what to do, one after the other. A run waits for them by these names, so each keeps its own.
pub static CONTROLS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..MOST_CONTROLS).map(|number| format!("control-{number}")).collect());

/// What becomes of something that a run is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is told next.
    Free,
    /// It was told, and nothing against it since.
    Known,
    /// There is no room for it.
    Full,
}

/// Whether a run that was told all this is told another thing.
pub fn place(told: &[Control], wanted: &Control) -> Place {
    let (is_known, kept) = match wanted {
        Control::Stop(_) => (told.iter().any(|one| matches!(one, Control::Stop(_))), 0),
        Control::Drain(gateway, _) => {
            let last = told.iter().rfind(|one| matches!(one, Control::Drain(named, _) if named == gateway));
            (last == Some(wanted), 1)
        }
    };
    if is_known {
        Place::Known
    } else if told.len() + kept < MOST_CONTROLS {
        Place::Free
    } else {
        Place::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_be_stopped_whatever_it_was_told_before() {
        let drain = |number: usize| Control::Drain("a".to_owned(), number.is_multiple_of(2));
        let stop = |reason: &str| Control::Stop(reason.to_owned());
        let mut told = Vec::new();
        while place(&told, &drain(told.len())) == Place::Free {
            told.push(drain(told.len()));
        }
        assert!(told.len() > 16, "{}", told.len());
        assert_eq!(place(&told, &drain(told.len())), Place::Full);
        assert_eq!(place(&told, &stop("enough")), Place::Free);
        told.push(stop("enough"));
        assert_eq!(place(&told, &stop("again")), Place::Known);
        assert_eq!(told.len(), CONTROLS.len());
    }

    #[test]
    fn a_run_is_not_told_of_a_gateway_what_it_was_told_last() {
        let drain = |gateway: &str, is_drained| Control::Drain(gateway.to_owned(), is_drained);
        let told = [drain("a", true), drain("b", false)];
        for (wanted, expected) in [
            (drain("a", true), Place::Known),
            (drain("a", false), Place::Free),
            (drain("b", true), Place::Free),
            (drain("b", false), Place::Known),
            (drain("c", false), Place::Free),
        ] {
            assert_eq!(place(&told, &wanted), expected, "{wanted:?}");
        }
    }

    /// Runs that are under way wait for them.
    #[test]
    fn the_promises_of_a_run_keep_their_names() {
        assert_eq!((CONTROLS[0].as_str(), CONTROLS[15].as_str()), ("control-0", "control-15"));
    }
}
