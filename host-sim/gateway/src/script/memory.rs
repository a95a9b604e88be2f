//! Answers that a template gave before.
//!
//! Runs are made again and again with the same requests, by random runs each seed twice, and filling a template is most of what
//! a simulated session costs. A filling depends on nothing but the question and the draws, so that an answer to the same question
//! after the same draws is the same.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::about::About;
use super::chance::Dice;
use super::prompt::Prompt;

/// Answers that are kept of one template; the oldest goes first.
const MOST: usize = 32;

/// Bytes that a question and its answer may have together to be kept.
const MOST_BYTES: usize = 64 << 10;

/// The last answers of one template.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    question: Question,
    draws: Vec<Draw>,
    answer: String,
}

/// All that a template looks up, as it is written. Nothing else makes a difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question(Vec<String>);

/// Dice that remember what was drawn.
#[derive(Debug)]
pub(super) struct Recorded {
    dice: Dice,
    draws: Vec<Draw>,
}

/// A draw: the bound and the number below it.
type Draw = (u64, u64);

impl Memory {
    /// The answer to a question with these dice, if it was given before.
    pub(super) fn recall(&self, question: &Question, dice: &Dice) -> Option<String> {
        let all = self.all();
        let known = all.iter().find(|kept| kept.question == *question && draws_again(&kept.draws, dice.clone()))?;
        Some(known.answer.clone())
    }

    /// Keeps an answer, unless it or its question is very long.
    pub(super) fn keep(&self, question: Question, drawn: &Recorded, answer: &str) {
        if question.bytes() + answer.len() > MOST_BYTES {
            return;
        }
        let mut all = self.all();
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Kept { question, draws: drawn.draws.clone(), answer: answer.to_owned() });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    /// What a template that looks up these names can know.
    pub(super) fn of(wanted: &BTreeSet<String>, prompt: &Prompt, about: About<'_>) -> Self {
        let written = |name: &String| match name.as_str() {
            "agent_type" => prompt.agent_type.clone(),
            "task_id" => prompt.task_id.clone(),
            "output_format" => prompt.output_format.name().to_owned(),
            "description" => prompt.description.clone(),
            // Equal values may be written in another order, which a template can see.
            "input" => serde_json::to_string(&prompt.input).unwrap_or_default(),
            "schema" => prompt.schema_text.clone().unwrap_or_default(),
            "model" => about.model.to_owned(),
            "tier" => format!("{:?}", about.tier),
            "attempt" => about.attempt.to_string(),
            "call" => about.call.to_string(),
            // A function, or nothing at all.
            _ => String::new(),
        };
        Self(wanted.iter().map(written).collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }
}

/// Whether the dice fall as they did then.
fn draws_again(draws: &[Draw], mut dice: Dice) -> bool {
    draws.iter().all(|(bound, drawn)| dice.below(*bound) == *drawn)
}

impl Recorded {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, draws: Vec::new() }
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.dice.below(bound);
        self.draws.push((bound, drawn));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::task::OutputFormat;
    use serde_json::{Map, json};

    use super::super::chance::{Chance, Purpose};
    use super::*;

    const ABOUT: About<'_> = About { model: "m", tier: None, attempt: 1, call: 0 };

    fn prompt(input: &str) -> Prompt {
        Prompt {
            agent_type: "a".to_owned(),
            task_id: "t".to_owned(),
            output_format: OutputFormat::Text,
            description: "d".to_owned(),
            input: Map::from_iter([("code".to_owned(), json!(input))]),
            code: None,
            schema_text: None,
        }
    }

    fn recorded() -> Recorded {
        Recorded::new(dice())
    }

    fn dice() -> Dice {
        Chance::of(1, "a", "t", "m", 1).dice(Purpose::Text)
    }

    #[test]
    fn whatever_a_template_looks_up_makes_another_question_and_nothing_else_does() {
        let names = ["agent_type", "task_id", "description", "input", "schema", "output_format"];
        let wanted = |name: &str| BTreeSet::from([name.to_owned()]);
        let changed = Prompt {
            agent_type: "b".to_owned(),
            task_id: "u".to_owned(),
            output_format: OutputFormat::Json,
            description: "e".to_owned(),
            input: Map::new(),
            code: Some("c".to_owned()),
            schema_text: Some("{}".to_owned()),
        };
        for name in names {
            let of = |prompt: &Prompt| Question::of(&wanted(name), prompt, ABOUT);
            assert_ne!(of(&prompt("x")), of(&changed), "{name}");
        }
        let other = About { model: "n", tier: Some("premium"), attempt: 2, call: 1 };
        for name in ["model", "tier", "attempt", "call"] {
            let of = |about| Question::of(&wanted(name), &prompt("x"), about);
            assert_ne!(of(ABOUT), of(other), "{name}");
        }
        let of = |prompt: &Prompt, about| Question::of(&wanted("pick"), prompt, about);
        assert_eq!(of(&prompt("x"), ABOUT), of(&changed, other));
    }

    #[test]
    fn little_is_kept_and_the_last_answer_is_there() {
        let memory = Memory::default();
        let question = |number: usize, length: usize| Question(vec![number.to_string(), "x".repeat(length)]);
        for number in 0..MOST + 5 {
            memory.keep(question(number, 1), &recorded(), "answer");
        }
        memory.keep(question(MOST + 5, MOST_BYTES), &recorded(), "answer");
        assert_eq!(memory.len(), MOST);
        let recall = |number, length| memory.recall(&question(number, length), &dice());
        assert_eq!((recall(4, 1), recall(MOST + 5, MOST_BYTES)), (None, None));
        assert_eq!(recall(MOST + 4, 1).as_deref(), Some("answer"));
    }
}
