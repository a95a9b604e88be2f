import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostError, sessionEnd } from '../src/words.ts';

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
    assert.deepEqual(outcome, { tag: 'failed', val: { kind, message: error } });
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

test('a session that a restart cut off is told of as interrupted', () => {
  const error = 'Subagent execution was interrupted by a Gateway restart.';
  const { outcome } = sessionEnd('agent:main:subagent:0', { status: 'failed', error }, []);
  assert.deepEqual(outcome, { tag: 'interrupted' });
});
