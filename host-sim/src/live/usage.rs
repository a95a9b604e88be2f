//! What servers say of their tokens.

use parallel_agents_engine::task::Usage;
use serde_json::Value;

/// Names of the tokens that were read and of those that were written: OpenAI's, Anthropic's, Ollama's, llama.cpp's, Gemini's.
const INPUT: [&str; 5] = ["prompt_tokens", "input_tokens", "prompt_eval_count", "tokens_evaluated", "promptTokenCount"];
const OUTPUT: [&str; 5] =
    ["completion_tokens", "output_tokens", "eval_count", "tokens_predicted", "candidatesTokenCount"];
const TOTAL: [&str; 2] = ["total_tokens", "totalTokenCount"];

/// Places of an answer's chunk where counts stand.
const PLACES: [&str; 7] =
    ["/usage", "/x_groq/usage", "/choices/0/usage", "/choices/0/message/usage", "/message/usage", "/usageMetadata", ""];

/// The counts so far. Servers repeat them, count on, or end with zeros, so the highest of each is the one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    input: u64,
    output: u64,
}

impl Counts {
    /// Takes what a chunk says.
    pub(super) fn take(&mut self, chunk: &Value) {
        let at = |place: &&str| chunk.pointer(place).and_then(read);
        if let Some(counts) = PLACES.iter().find_map(at).or_else(|| read_timings(chunk)) {
            self.input = self.input.max(counts.input);
            self.output = self.output.max(counts.output);
        }
    }

    /// What was used, if that is known: a prompt always has tokens, and a text too, so 0 is what is written where nobody
    /// counts.
    pub(super) fn known(self, has_text: bool) -> Option<Usage> {
        let Self { input: input_tokens, output: output_tokens } = self;
        (input_tokens > 0 && (output_tokens > 0 || !has_text)).then_some(Usage { input_tokens, output_tokens })
    }
}

/// Both counts, or one and the sum of both. What the sum has beyond both are thoughts, which xAI and gateways to Gemini count there
/// alone; they are billed as output.
fn read(usage: &Value) -> Option<Counts> {
    let first = |names: &[&str]| names.iter().find_map(|name| count(usage.get(name)?));
    match (first(&INPUT), first(&OUTPUT), first(&TOTAL)) {
        (Some(input), Some(output), total) => {
            Some(Counts { input, output: output.max(total.map_or(0, |total| total.saturating_sub(input))) })
        }
        (Some(input), None, Some(total)) => Some(Counts { input, output: total.checked_sub(input)? }),
        (None, Some(output), Some(total)) => Some(Counts { input: total.checked_sub(output)?, output }),
        (Some(input), None, None) => Some(Counts { input, output: 0 }),
        (None, Some(output), None) => Some(Counts { input: 0, output }),
        (None, None, _) => None,
    }
}

/// llama.cpp's, which count what was read anew and what its cache had.
fn read_timings(chunk: &Value) -> Option<Counts> {
    let timings = chunk.get("timings")?;
    let input = count(timings.get("prompt_n")?)? + timings.get("cache_n").and_then(count).unwrap_or(0);
    Some(Counts { input, output: count(timings.get("predicted_n")?)? })
}

/// A whole number, however it is written.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64().filter(|it| it.fract() == 0.0 && (0.0..1e15).contains(it))?;
            Some(float as u64)
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(chunks: &[Value], expected: Option<(u64, u64)>) {
        let mut counts = Counts::default();
        for chunk in chunks {
            counts.take(chunk);
        }
        let known = counts.known(true).map(|usage| (usage.input_tokens, usage.output_tokens));
        assert_eq!(known, expected, "{chunks:?}");
    }

    #[test]
    fn counts_are_found_where_servers_put_them() {
        check(&[json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})], Some((9, 2)));
        check(&[json!({"x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 2}}})], Some((9, 2)));
        check(&[json!({"choices": [{"usage": {"prompt_tokens": 9, "completion_tokens": 2}}]})], Some((9, 2)));
        check(&[json!({"usage": {"input_tokens": 9, "output_tokens": 2}})], Some((9, 2)));
        check(&[json!({"done": true, "prompt_eval_count": 9, "eval_count": 2})], Some((9, 2)));
        check(&[json!({"timings": {"prompt_n": 3, "cache_n": 6, "predicted_n": 2}})], Some((9, 2)));
        check(&[json!({"usage": {"prompt_tokens": 9.0, "completion_tokens": "2"}})], Some((9, 2)));
        check(&[json!({"usage": {"completion_tokens": 2, "total_tokens": 11}})], Some((9, 2)));
        let with_thoughts = json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
            "completion_tokens_details": {"reasoning_tokens": 94}});
        check(&[json!({"usage": with_thoughts})], Some((32, 103)));
        check(
            &[json!({"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 21}})],
            Some((9, 12)),
        );
        check(&[json!({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 0}})], Some((9, 2)));
        // Anthropic's begin with one and end with the other.
        check(
            &[json!({"message": {"usage": {"input_tokens": 9}}}), json!({"usage": {"output_tokens": 2}})],
            Some((9, 2)),
        );
    }

    #[test]
    fn the_highest_count_is_the_one() {
        let usage = |input: u64, output: u64| json!({"usage": {"prompt_tokens": input, "completion_tokens": output}});
        check(&[usage(9, 1), usage(9, 2), usage(9, 3)], Some((9, 3)));
        check(&[usage(0, 0), usage(9, 3)], Some((9, 3)));
        check(&[usage(9, 3), usage(0, 0), json!({"usage": null})], Some((9, 3)));
    }

    #[test]
    fn what_is_not_counted_is_unknown() {
        check(&[json!({"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})], None);
        check(&[json!({"usage": {"prompt_tokens": 9, "completion_tokens": 0}})], None);
        check(&[json!({"usage": {"prompt_tokens": 0, "completion_tokens": 2}})], None);
        check(&[json!({"usage": {"prompt_tokens": null, "completion_tokens": -1}})], None);
        check(&[json!({"usage": {"prompt_tokens": 5.5, "completion_tokens": 2}})], None);
        check(&[json!({"usage": {"total_tokens": 7}}), json!([])], None);
        let empty = Counts { input: 9, output: 0 };
        assert!(empty.known(false).is_some() && empty.known(true).is_none());
    }
}
