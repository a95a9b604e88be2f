import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostError } from '../src/openclaw_mapping.ts';
import { message, sessionEnd } from '../src/transcript.ts';

/** What OpenClaw says of a session that failed, as seen on a gateway, and what kind of failure that is. */
const FAILURES: [string, string][] = [
  ['⚠️ the script limits the rate; Retry-After: 1 seconds', 'rate-limited'],
  ['⚠️ too busy for you; retry-after: 20 seconds', 'rate-limited'],
  ['the request failed (provider internal error, HTTP 500)', 'infrastructure'],
  ['The AI service is temporarily overloaded.', 'infrastructure'],
  ['⚠️ Agent run failed (model: sim/standard).', 'infrastructure'],
  ['LLM request failed: network connection error.', 'infrastructure'],
  ['authentication failed, HTTP 401', 'authentication'],
  ['the selected model was not found', 'rejected'],
  ['context length exceeded', 'context-overflow'],
  ['something else', 'other'],
];

for (const [error, kind] of FAILURES) {
  test(`"${error}" is a failure of the kind ${kind}`, () => {
    const { outcome } = sessionEnd('agent:main:subagent:0', { status: 'failed', error }, []);
    assert.ok(outcome.tag === 'failed');
    assert.deepEqual([outcome.val.kind, outcome.val.message], [kind, error]);
  });
}

for (const [error, kind, remedy] of [
  ['Plugin LLM completion cannot override the target model.', 'rejected', /llm\.allowModelOverride/],
  ['Plugin LLM completion model override "sim/x" is not allowlisted.', 'rejected', /allowedModels.*\.llm/],
  ['plugin "x" is not trusted for fallback provider/model override requests', 'other', /subagent\.allowModelOverride/],
] as const) {
  test(`“${error}” comes at the end of a session with what to do about it`, () => {
    const { outcome } = sessionEnd('agent:main:subagent:0', { status: 'failed', error }, []);
    assert.ok(outcome.tag === 'failed' && outcome.val.kind === kind, JSON.stringify(outcome));
    assert.ok(outcome.val.message.startsWith(error));
    assert.match(outcome.val.message, remedy);
  });
}

test('a model that nobody knows is a request that cannot be met, and the message says what to do', () => {
  const said = 'sessions_spawn model "nobody/none" is not usable: Unknown model: nobody/none.';
  const { tag, val } = hostError(new Error(said));
  assert.equal(tag, 'invalid');
  assert.match(String(val), /nobody\/none.*name a model that the gateway is configured with/);
});

for (const [reason, error, finish] of [
  ['stop', undefined, 'stop'],
  ['end_turn', undefined, 'stop'],
  ['length', undefined, 'length'],
  ['MAX_TOKENS', undefined, 'length'],
  ['max_output_tokens', undefined, 'length'],
  ['content_filter', undefined, 'filtered'],
  ['SAFETY', undefined, 'filtered'],
  ['refusal', undefined, 'filtered'],
  ['error', 'Provider finish_reason: content_filter', 'filtered'],
  ['error', 'the response was filtered due to Azure’s content management policy', 'filtered'],
  ['error', 'HTTP 500', 'unknown'],
  ['aborted', undefined, 'unknown'],
  ['toolUse', undefined, 'unknown'],
  ['constructor', undefined, 'unknown'],
  ['', undefined, 'unknown'],
  [undefined, undefined, 'unknown'],
  [7, undefined, 'unknown'],
] as const) {
  test(`an answer that stops with ${reason} and the error ${error} has the end “${finish}”`, () => {
    const last = { role: 'assistant', content: 'an answer', stopReason: reason, errorMessage: error };
    const end = sessionEnd('s', { status: 'failed', error: 'something' }, [message(last)]);
    assert.deepEqual(end.completion, { text: 'an answer', truncated: false, finish });
    assert.equal(message({ ...last, role: 'user' }).finish, 'stop');
  });
}

test('what the gateway takes for done and the provider for an error is a failure, but for what a filter let pass', () => {
  const end = (errorMessage: string) =>
    sessionEnd('s', { status: 'done' }, [message({ role: 'assistant', content: 'half', stopReason: 'error', errorMessage })]);
  const broken = end('upstream connect error; Retry-After: 3');
  assert.ok(broken.outcome.tag === 'failed' && broken.outcome.val.kind === 'rate-limited');
  assert.equal(broken.outcome.val.retryAfterMs, 3_000n);
  assert.equal(broken.completion?.text, 'half');
  const filtered = end('Provider finish_reason: content_filter');
  assert.deepEqual([filtered.outcome.tag, filtered.completion?.finish], ['completed', 'filtered']);
});

test('the provider’s own words tell what the gateway’s leave open', () => {
  const last = message({ role: 'assistant', content: [], stopReason: 'error', errorMessage: 'HTTP 429, try again in 1m3.5s' });
  const { outcome } = sessionEnd('s', { status: 'failed', error: 'subagent run ended' }, [last]);
  assert.ok(outcome.tag === 'failed');
  assert.deepEqual([outcome.val.kind, outcome.val.retryAfterMs], ['rate-limited', 63_500n]);
});

test('a session that a restart cut off is told of as interrupted', () => {
  const error = 'Subagent execution was interrupted by a Gateway restart.';
  const { outcome } = sessionEnd('agent:main:subagent:0', { status: 'failed', error }, []);
  assert.deepEqual(outcome, { tag: 'interrupted' });
});
