//! Runs that once violated an invariant, as lines of a file.

use std::str::FromStr;

use super::case::Cut;
use super::explorer::Options;
use super::perturbations::{Perturbation, Perturbations, Places};

/// One line: a seed, how it is run, and what it once found.
#[derive(Clone, Debug)]
pub struct Regression {
    /// Draws the run, together with `options`.
    pub seed: u64,
    /// How it is run.
    pub options: Options,
    /// What was broken.
    pub what: String,
}

/// Reads all lines that are neither empty nor a comment.
///
/// # Errors
/// The number of the first line that makes no sense, and why.
pub fn read(text: &str) -> Result<Vec<Regression>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(index, line)| line.parse().map_err(|why| format!("line {}: {why}", index + 1))).collect()
}

impl FromStr for Regression {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (words, what) = line.split_once(": ").ok_or("nothing says what was broken")?;
        let mut options =
            Options { tasks: 12, perturbations: Perturbations::from([Perturbation::Again]), ..Options::default() };
        let mut seed = None;
        let mut words = words.split_whitespace();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word {
                "--seeds" => seed = Some(number(value()?)?),
                "--tasks" => options.tasks = number(value()?)?,
                "--keep-tasks" => options.cut.tasks = Some(value()?.split(',').map(number).collect::<Result<_, _>>()?),
                "--only-faults" => options.cut = Cut { faults: Some(Cut::named(value()?)), ..options.cut },
                "--no-stops" => options.cut.no_stops = true,
                "--no-calm" => options.cut.no_calm = true,
                "--cancel" => drop(options.perturbations.insert(Perturbation::Cancel(places(value()?)?))),
                "--trap" => drop(options.perturbations.insert(Perturbation::Trap(places(value()?)?))),
                "--crash" => drop(options.perturbations.insert(Perturbation::Crash(places(value()?)?))),
                other => return Err(format!("{other} is no option")),
            }
        }
        Ok(Self { seed: seed.ok_or("there is no --seeds")?, options, what: what.to_owned() })
    }
}

fn places(word: &str) -> Result<Places, String> {
    match word {
        "every" => Ok(Places::Every),
        "sampled" => Ok(Places::Sampled),
        other => Err(format!("{other} is neither every nor sampled")),
    }
}

fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_run() {
        let text = "# nothing\n\n--seeds 7 --tasks 30 --keep-tasks 1,4 --only-faults none --no-calm --cancel every: too many: 2\n";
        let [one] = &read(text).expect("it makes sense")[..] else { panic!("one line") };
        assert_eq!((one.seed, one.options.tasks, one.what.as_str()), (7, 30, "too many: 2"));
        assert_eq!(one.options.cut.to_string(), " --keep-tasks 1,4 --only-faults none --no-calm");
        assert_eq!(
            one.options.perturbations,
            Perturbations::from([Perturbation::Again, Perturbation::Cancel(Places::Every)])
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--seeds 7",
            "--tasks 7: x",
            "--seeds: x",
            "--seeds many: x",
            "--seeds 7 --fly: x",
            "--seeds 7 --trap once: x",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
