//! Whether an error says that a prompt does not fit the model.
//!
//! No list of sentences: an error is about the window if it names the window, or what is put into it, and says that
//! something is beyond it. A limit of tokens in a time is none, unless this one request is beyond it by itself.

/// Parts of codes and types.
const NAMES: [&str; 7] = [
    "context_length",
    "context_size",
    "context_window",
    "context_limit",
    "prompt_too_long",
    "input_too_long",
    "string_above_max_length",
];

/// Names of the window and of its measure. All texts are compared with spaces for `_` and `-`.
const WINDOW: [&str; 19] = [
    "context length",
    "context size",
    "context window",
    "context limit",
    "maximum context",
    "context the overflow",
    "context overflow",
    "n ctx",
    "max model len",
    "model length",
    "model token limit",
    "prompt length",
    "input length",
    "sequence length",
    "input token",
    "prompt token",
    "maximum number of tokens",
    "max new tokens",
    "max tokens allowed",
];

/// Ways to say that it is not enough.
const BEYOND: [&str; 20] = [
    "resulted in",
    "you requested",
    "exceed",
    "too long",
    "too large",
    "too many",
    "longer than",
    "greater than",
    "larger than",
    "more than",
    "overflow",
    "must be <",
    "must be less",
    "must have less",
    "reduce",
    "shorten",
    "not enough",
    "larger context",
    "is only",
    "but the request contains",
];

/// What is put into the window, and what is said of it alone.
const INPUT: [&str; 7] = ["prompt", "input", "message", "conversation", "request", "content", "text"];
const TOO_LONG: [&str; 7] = [
    "is too long",
    "too long for",
    "prompt too long",
    "too many tokens",
    "too large for model",
    "length limit",
    "exceeds the limit of",
];

/// Words about a rate.
const RATES: [&str; 8] = ["rate limit", "per minute", "per min", "per day", "per second", "tpm", "quota", "concurren"];

/// Words about a single request that is beyond a rate by itself, so that no wait helps.
const ALONE: [&str; 2] = ["request too large", "must be reduced in order to run"];

/// Whether that is what an error says, by its codes and types and by its words.
pub(super) fn is_meant(names: &[String], words: &str) -> bool {
    let words = words.to_lowercase().replace(['_', '-'], " ");
    let has = |list: &[&str]| list.iter().any(|part| words.contains(part));
    if has(&RATES) {
        return has(&ALONE);
    }
    names.iter().any(|name| NAMES.iter().any(|part| name.contains(part)))
        || NAMES.iter().any(|part| words.contains(&part.replace('_', " ")) && has(&BEYOND))
        || (has(&WINDOW) && has(&BEYOND))
        || (has(&INPUT) && has(&TOO_LONG))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Server and sentence.
    const OVERFLOWS: &[(&str, &str)] = &[
        (
            "OpenAI",
            "This model's maximum context length is 4097 tokens. However, your messages resulted in 4294 tokens.",
        ),
        ("OpenAI", "Your input exceeds the context window of this model. Please adjust your input."),
        (
            "Azure",
            "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300001 tokens.",
        ),
        ("Anthropic", "prompt is too long: 209353 tokens > 199999 maximum"),
        ("Anthropic", "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000"),
        ("Gemini", "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."),
        ("Gemini", "The input token count exceeds the maximum number of tokens allowed 1048576."),
        ("Vertex", "The prompt token count of 4662 exceeds the max token count of 4095"),
        (
            "vLLM",
            "This model's maximum context length is 2048 tokens. However, you requested 6751 tokens (6719 in the messages, 32 in the completion).",
        ),
        ("vLLM", "The decoder prompt (length 9000) is longer than the maximum model length of 8192."),
        ("SGLang", "The input (61709 tokens) is longer than the model's context length (40960 tokens)."),
        ("SGLang", "Requested token count exceeds the model's maximum context length of 32768 tokens."),
        (
            "llama.cpp",
            "the request exceeds the available context size. try increasing the context size or enable context shift",
        ),
        ("llama.cpp", "request (9001 tokens) exceeds the available context size (8192 tokens), try increasing it"),
        ("Ollama", "prompt is too long for the model's context window"),
        ("Ollama", "input length exceeds maximum context length"),
        (
            "LM Studio",
            "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
        ),
        ("LM Studio", "The number of tokens to keep from the initial prompt is greater than the context length"),
        ("LM Studio", "Context size has been exceeded."),
        ("Mistral", "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
        (
            "DeepSeek",
            "This model's maximum context length is 131072 tokens. However, you requested 133034 tokens (125034 in the messages, 8000 in the completion).",
        ),
        ("Groq", "Please reduce the length of the messages or completion. Your prompt exceeds the context window."),
        (
            "Groq",
            "Request too large for model `m` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 9000",
        ),
        (
            "OpenAI",
            "Request too large for m on tokens per min (TPM): Limit 30000, Requested 31000. The input or output tokens must be reduced in order to run successfully.",
        ),
        (
            "Together",
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 37500 `inputs` tokens and 20 `max_new_tokens`",
        ),
        ("TGI", "Input validation error: `inputs` must have less than 4095 tokens. Given: 8740 input tokens"),
        ("Cohere", "too many tokens: total number of tokens in the prompt cannot exceed 128000"),
        ("Bedrock", "Input is too long for requested model."),
        ("Bedrock", "The model returned the following errors: prompt is too long: 903884 tokens > 200000 maximum"),
        ("xAI", "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        ("Kimi", "Invalid request: Your request exceeded model token limit: 262144"),
        ("MiniMax", "invalid params, context window exceeds limit"),
        ("Copilot", "prompt token count of 130000 exceeds the limit of 128000"),
        (
            "OpenRouter",
            "This endpoint's maximum context length is 131072 tokens. However, you requested about 132463 tokens. Please reduce the length of either one.",
        ),
        ("LiteLLM", "litellm.ContextWindowExceededError: litellm.BadRequestError: context window exceeded"),
    ];

    #[test]
    fn every_server_has_its_own_words_for_a_prompt_that_is_too_long() {
        for (server, words) in OVERFLOWS {
            assert!(is_meant(&[], words), "{server}: {words}");
        }
        for name in ["context_length_exceeded", "exceed_context_size_error", "model_context_window_exceeded"] {
            assert!(is_meant(&[name.to_owned()], ""), "{name}");
        }
    }

    #[test]
    fn other_errors_about_lengths_and_tokens_are_something_else() {
        let others = [
            "Rate limit reached for m on tokens per min (TPM): Limit 30000, Used 28000, Requested 5000. Please try again in 6s.",
            "Number of request tokens has exceeded your per-minute rate limit",
            "You exceeded your current quota, please check your plan and billing details.",
            "The model `m` does not exist or you do not have access to it.",
            "Model is not loaded; load it first",
            "Invalid API key: the token is too long",
            "Too many concurrent requests",
            "Unknown parameter: 'stream_options'.",
            "server busy, please try again. maximum pending requests exceeded",
            "upstream request timeout",
            "Internal Server Error",
            "",
        ];
        for words in others {
            assert!(!is_meant(&[], words), "{words}");
        }
    }
}
