import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Completions } from '../src/completion.ts';
import { forget } from '../src/forms.ts';
import { Gateway } from '../src/gateway.ts';
import { options } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';

const NEVER = new AbortController().signal;
const SCHEMA = { type: 'object', required: ['score'], properties: { score: { type: 'integer' } } };
const JSON_FORM = { tag: 'json' as const, val: JSON.stringify(SCHEMA) };
const BY_SCHEMA = { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA } };

beforeEach(forget);

/** Completions of a server that takes so much of a form. */
function server(takes: (format: any) => boolean) {
  const openclaw = new FakeOpenClaw();
  const around = openclaw.generous();
  const asked: any[] = [];
  openclaw.runtime.llm = {
    complete: async (request: any) => {
      asked.push(request);
      return takes(request.responseFormat) ? { text: '{"score":7}', stopReason: 'stop' } : { text: '', stopReason: 'error' };
    },
  };
  const route = new Completions(around, new Gateway(around, () => openclaw.tools()));
  const run = async (more: object = {}) => {
    const { runId } = await route.spawn({ ...options(), form: JSON_FORM, ...more });
    return (await route.ends([runId], NEVER))[0]?.['status'];
  };
  return { asked, run, formats: () => asked.splice(0).map(({ responseFormat }) => responseFormat) };
}

test('a completion is asked for by the schema of its answer, and with its limit of tokens', async () => {
  const { asked, run } = server(() => true);
  assert.equal(await run({ maxOutputTokens: 300 }), 'done');
  assert.deepEqual([asked[0].responseFormat, asked[0].maxTokens], [BY_SCHEMA, 300]);
  await run({ form: { tag: 'json' } });
  assert.deepEqual(asked[1].responseFormat, { type: 'json_object' });
  await run({ form: { tag: 'text' } });
  assert.ok(!('responseFormat' in asked[2]) && !('maxTokens' in asked[2]));
  for (const val of ['no JSON', '[]', '7', 'null']) {
    await run({ form: { tag: 'json', val } });
    assert.deepEqual(asked.at(-1).responseFormat, { type: 'json_object' }, val);
  }
});

for (const [what, takes, first, later] of [
  ['any JSON object', (format: any) => format?.type !== 'json_schema', [BY_SCHEMA, { type: 'json_object' }], [{ type: 'json_object' }]],
  ['no form', (format: any) => format === undefined, [BY_SCHEMA, { type: 'json_object' }, undefined], [undefined]],
] as const) {
  test(`a server that takes ${what} is asked for that from the second call on`, async () => {
    const { run, formats } = server(takes);
    assert.equal(await run(), 'done');
    assert.deepEqual(formats(), first);
    for (let time = 0; time < 3; time += 1) assert.equal(await run(), 'done');
    assert.deepEqual(formats(), [later[0], later[0], later[0]]);
    assert.equal(await run({ model: 'another/model' }), 'done');
    assert.deepEqual(formats(), first, 'that of another model is another server');
  });
}

test('a provider that is down is not taken for one that refuses a form', async () => {
  let up = false;
  const { run, formats } = server(() => up);
  assert.equal(await run(), 'failed');
  assert.equal(formats().length, 3);
  up = true;
  assert.equal(await run(), 'done');
  assert.deepEqual(formats(), [BY_SCHEMA]);
  up = false;
  assert.equal(await run(), 'failed');
  assert.deepEqual(formats(), [BY_SCHEMA], 'it took the form before, so that is not why');
});

for (const [stopReason, status] of [['stop', 'done'], ['length', 'done'], ['error', 'failed'], ['aborted', 'failed']] as const) {
  test(`a completion that stops with ${stopReason} is ${status}, and its text is kept`, async () => {
    const openclaw = new FakeOpenClaw();
    const around = openclaw.generous();
    openclaw.spoil = (call) => (call === 'complete' ? { text: 'half an ans', stopReason } : undefined);
    const route = new Completions(around, new Gateway(around, () => openclaw.tools()));
    const { runId, sessionKey } = await route.spawn(options());
    assert.equal((await route.ends([runId], NEVER))[0]?.['status'], status);
    const last = (await route.messages(sessionKey)).at(-1);
    assert.deepEqual([last?.role, last?.text], ['assistant', 'half an ans']);
    assert.equal(last?.finish, stopReason === 'stop' ? 'stop' : stopReason === 'length' ? 'length' : 'unknown');
  });
}

test('what a call that is stopped gives back is kept', async () => {
  const openclaw = new FakeOpenClaw();
  const around = openclaw.generous();
  openclaw.runtime.llm = {
    complete: ({ signal }: any) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ text: 'half an ans', stopReason: 'aborted' })),
      ),
  };
  const route = new Completions(around, new Gateway(around, () => openclaw.tools()));
  const { runId, sessionKey } = await route.spawn(options());
  await route.cancel(runId);
  assert.equal((await route.ends([runId], NEVER))[0]?.['status'], 'killed');
  assert.equal((await route.messages(sessionKey)).at(-1)?.text, 'half an ans');
});
