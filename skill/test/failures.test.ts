// Errors in the words of providers, of their servers and of OpenClaw.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FailureKind } from '../src/contract.ts';
import { failureOf } from '../src/failures.ts';
import { hostError } from '../src/openclaw_mapping.ts';
import { waitIn } from '../src/waits.ts';

const WORDS: Partial<Record<FailureKind, string[]>> = {
  'rate-limited': [
    '⚠️ sim/standard request failed (rate limited, HTTP 429). This is usually temporary — try again shortly.',
    'Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29500, Requested 1200. Please try again in 1.4s.',
    'Error code: 429 - {"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization’s rate limit of 40,000 input tokens per minute"}}',
    'You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s. [{"retryDelay":"34s"}]',
    'ThrottlingException: Too many tokens, please wait before trying again.',
    'Service tier capacity exceeded for this model.',
    'Requests to the ChatCompletions operation have exceeded call rate limit. Please retry after 20 seconds.',
    'RESOURCE_EXHAUSTED: Resource has been exhausted (e.g. check quota).',
    'Your account reached max organization concurrency limit: 3, please try again after 1 seconds',
    '{"error":{"code":429,"message":"slow down"}}',
  ],
  authentication: [
    'sim/standard request failed (authentication failed, HTTP 401). Re-authenticate the provider and try again.',
    'Incorrect API key provided: [API key removed]. You can find your API key at …',
    '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
    'API key not valid. Please pass a valid API key.',
    'HTTP 403: permission_error',
    // Money is no key, but nobody helps it by trying again.
    'You exceeded your current quota, please check your plan and billing details.',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.',
    'HTTP 402 Insufficient Balance',
    'This request requires more credits, or fewer max_tokens.',
    'openai/gpt-x request failed (provider billing issue, HTTP 402). Check openai billing and try again.',
  ],
  'context-overflow': [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
    '{"error":{"code":"context_length_exceeded"}}',
    'prompt is too long: 250000 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    'the request exceeds the available context size. try increasing the context size or enable context shift',
    'Requested token count exceeds the model’s maximum context length of 4096 tokens',
    'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    'Context overflow: this conversation is too large for the model. Try /compact, use /new …',
    'sim/standard request failed (context limit exceeded).',
    'Request too large for llama on tokens per minute (TPM): Limit 6000, Requested 9100, please reduce your message size',
    'HTTP 413 Payload Too Large',
  ],
  rejected: [
    'The model `gpt-9` does not exist or you do not have access to it.',
    'model "nosuch" not found, try pulling it first',
    'sim/standard request failed (model not found, HTTP 404).',
    'LLM request failed: provider rejected the request schema or tool payload.',
    '{"type":"error","error":{"type":"not_found_error","message":"model: claude-none"}}, HTTP 404',
    'No endpoints found for openai/nothing.',
    'Provider finish_reason: content_filter',
    'HTTP 400: something is wrong with it',
    'status code 422',
  ],
  infrastructure: [
    'sim/standard request failed (provider overloaded, HTTP 529). This is usually temporary — try again shortly.',
    'sim/standard request failed (request timed out).',
    'sim/standard request failed (TLS certificate error).',
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    'The server had an error while processing your request: internal_error, HTTP 500',
    '502 Bad Gateway',
    'Stream ended without finish_reason',
    'fetch failed: ECONNRESET',
    'Idle-timeout cost-runaway breaker tripped',
    'terminated',
  ],
  'not-ready': [
    'Loading model, HTTP 503',
    'Model x/y is currently loading, estimated_time: 20.0',
    'llama runner is still loading',
  ],
  other: ['something else', ''],
};

for (const [kind, all] of Object.entries(WORDS)) {
  for (const words of all) test(`${kind}: ${words.slice(0, 80)}`, () => assert.equal(failureOf(words).kind, kind));
}

const NOW = Date.parse('2026-11-28T12:00:00Z');
const WAITS: Record<string, number | undefined> = {
  'Please try again in 1m3.5s.': 63_500,
  'Please try again in 20s. Visit …': 20_000,
  'try again in 2 minutes': 120_000,
  'Try again in 1 hour and 5 minutes': 3_900_000,
  'try again in 6m0s': 360_000,
  'try again in 1h2m3s': 3_723_000,
  'try again in 850ms': 850,
  'Retry-After: 20': 20_000,
  '⚠️ slow down; Retry-After: 1 seconds': 1_000,
  'retry-after-ms: 1500': 1_500,
  '{"retry_after": 5}': 5_000,
  '{"retry_after_seconds": 12}': 12_000,
  '"retryDelay": "34.074824224s"': 34_075,
  'Please retry after 60 seconds': 60_000,
  'please wait 30 seconds': 30_000,
  'your limit resets in 3h': 10_800_000,
  'Retry-After: Sat, 28 Nov 2026 12:00:30 GMT': 30_000,
  'Retry-After: Saturday, 28-Nov-26 12:00:30 GMT': 30_000,
  'Retry-After: Sat Nov 28 12:00:30 2026': 30_000,
  'Retry-After: Sat, 28 Nov 2026 11:00:00 GMT': 0,
  'try again at 2026-11-28T12:01:00Z': 60_000,
  'Retry-After: 0': 0,
  'try again in 2s, or retry after 5 seconds': 5_000,
  'try again later': undefined,
  'request timed out after 20s': undefined,
  'max retries 3, wait 3 times': undefined,
  'Retry-After: -5': undefined,
  'Retry-After: soon': undefined,
  'Retry-After: 99999999999': undefined,
  '5 requests in 60 seconds': undefined,
};
for (const [words, millis] of Object.entries(WAITS))
  test(`the wait in “${words}” is ${millis}`, () => assert.equal(waitIn(words, NOW), millis));

test('a refusal tells how long to wait', () => {
  const { tag, val } = hostError(new Error('too many requests; Retry-After: 7'));
  assert.deepEqual([tag, (val as { retryAfterMs?: bigint }).retryAfterMs], ['rate-limited', 7_000n]);
});

test('words of any length are read in no time', () => {
  for (const unit of ['retry after ', 'try again in 1', 'model ', '1h', 'a', ' ', 'tokens per minute limit ', '{"', 'wait for '])
    for (const size of [4_096, 65_536, 4_194_304]) {
      // A bound for slow machines; what is quadratic here takes hours.
      const begin = performance.now();
      hostError(new Error(unit.repeat(size / unit.length)));
      assert.ok(performance.now() - begin < 2_000, `${unit} × ${size}: ${performance.now() - begin} ms`);
    }
});
