// What sessions say, whatever its size and whatever is in it: cut at the contract's limit, without secrets, and never lost.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { historyPage } from '../src/history.ts';
import { MAX_PAGE_BYTES, MAX_TEXT_BYTES, cut } from '../src/text.ts';
import { message, sessionEnd } from '../src/transcript.ts';
import { KEY, outcome, spawn } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, use } from './use.ts';

const MIB = 2 ** 20;

for (const [what, unit] of Object.entries({ letters: 'a', 'two bytes': 'é', 'three bytes': '中', 'four bytes': '🔑' })) {
  test(`a text of ${what} is cut at the limit, at the end of a character`, () => {
    const bytes = Buffer.byteLength(unit);
    for (const most of [1, 7, 1000, MAX_TEXT_BYTES]) {
      const fits = unit.repeat(Math.floor(most / bytes));
      assert.deepEqual(cut(fits, most), { text: fits, truncated: false, bytes: Buffer.byteLength(fits) });
      for (const more of [unit, 'x'.repeat(4)]) {
        const { text, truncated } = cut(fits + more + unit, most);
        assert.ok(truncated && Buffer.byteLength(text) <= most && text.startsWith(fits) && text.isWellFormed());
      }
    }
  });
}

test('half a character is no reason to fail', () => {
  for (const text of ['\ud83d', 'a\ud83d', '\udd11b']) assert.ok(!cut(text).truncated);
});

for (const [mebibytes, unit] of [[10, 'a'], [14, 'a'], [40, 'The quick brown fox. '], [20, '中']] as [number, string][]) {
  test(`an answer of ${mebibytes} MiB of “${unit}” is cut, and the run goes on`, async () => {
    const openclaw = new FakeOpenClaw();
    const long = unit.repeat(Math.ceil((mebibytes * MIB) / Buffer.byteLength(unit)));
    openclaw.answerOf = ({ key }) => (key === KEY ? long : 'a short answer');
    const tasks = [TASK, TASK, TASK];
    const reply = await use(openclaw, 'run', { tasks, max_concurrent: 1, retries: 0, max_chars: 200_000 });
    assert.equal(reply.state, 'done', JSON.stringify(reply).slice(0, 500));
    const [first, ...others] = reply.result.results;
    assert.equal(first.truncated, true);
    assert.ok(JSON.stringify(first.output).includes(unit), 'what fits is kept');
    assert.deepEqual(others.map((one: any) => one.output), ['a short answer', 'a short answer']);
  });
}

test('a run goes on after a restart although an answer was larger than all memory of the component', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  openclaw.answerOf = ({ key }) => (key === KEY ? 'b'.repeat(70 * MIB) : 'a short answer');
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK], max_concurrent: 1, retries: 0 }, { state });
  const runs = join(state, 'parallel-agents/runs');
  const { renameSync, rmSync, writeFileSync } = await import('node:fs');
  // As after a crash in the middle: other files of the same run, whose journal lacks its end.
  const id = 'pa-0123456789ad';
  for (const kind of ['json', 'journal', 'sessions']) renameSync(join(runs, `${run_id}.${kind}`), join(runs, `${id}.${kind}`));
  rmSync(join(runs, `${run_id}.result`));
  const record = JSON.parse(readFileSync(join(runs, `${id}.json`), 'utf8'));
  writeFileSync(join(runs, `${id}.json`), JSON.stringify({ ...record, run_id: id, state: 'running' }));
  const lines = readFileSync(join(runs, `${id}.journal`), 'utf8').trimEnd().split('\n');
  writeFileSync(join(runs, `${id}.journal`), lines.slice(0, -3).join('\n') + '\n');
  const reply = await use(openclaw, 'runs', { action: 'resume', run_id: id }, { state });
  assert.equal(reply.state, 'done', JSON.stringify(reply).slice(0, 500));
  assert.deepEqual(reply.result.results[1].output, 'a short answer');
  assert.equal(openclaw.sessions.length, 2);
});

test('a page of a transcript has a limit, and its oldest messages are counted that do not fit', () => {
  const messages = Array.from({ length: 12 }, (_, at) => message({ role: 'assistant', content: `${at} ${'x'.repeat(MIB)}` }));
  assert.ok(messages.every(({ truncated, text }) => truncated && Buffer.byteLength(text) === MAX_TEXT_BYTES));
  const page = historyPage(messages, { sessionKey: KEY, offset: 1, limit: 9, includeTools: true });
  assert.equal(page.messages.length + page.droppedMessages, 9);
  assert.deepEqual(page.messages.map(({ text }) => text.split(' ')[0]), ['7', '8', '9', '10']);
  assert.ok(page.hasMore && page.messages.length * MIB <= MAX_PAGE_BYTES);
  const small = historyPage(messages.slice(0, 2), { sessionKey: KEY, offset: 0, limit: 9, includeTools: true });
  assert.deepEqual([small.messages.length, small.droppedMessages, small.hasMore], [2, 0, false]);
});

test('no secret of an answer reaches the component or a file', async () => {
  const secret = `ghp_${'A1b2C3d4E5'.repeat(4)}`;
  const state = directory();
  const openclaw = new FakeOpenClaw();
  openclaw.answer = `The token is ${secret}.`;
  const reply = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  assert.equal(reply.result.results[0].output, 'The token is [GitHub token removed].');
  await use(openclaw, 'runs', { action: 'report', run_id: reply.run_id }, { state });
  const runs = join(state, 'parallel-agents/runs');
  const files = readdirSync(runs);
  assert.ok(files.some((file) => file.endsWith('.html')) && files.some((file) => file.endsWith('.seen')), files.join());
  for (const file of files) assert.ok(!readFileSync(join(runs, file), 'utf8').includes(secret), file);
  const seen = readFileSync(join(runs, `${reply.run_id}.seen`), 'utf8');
  assert.ok(seen.includes('[GitHub token removed]'), seen);
});

test('an answer that is made to keep a search busy keeps nobody waiting', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = '-eyJ'.repeat(256 * 1024);
  let longest = 0;
  let last = performance.now();
  // What the gateway's own thread is kept from while it has other things to do.
  const clock = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const reply = await use(openclaw, 'run', { tasks: [TASK, TASK, TASK, TASK] });
  clearInterval(clock);
  assert.equal(reply.state, 'done');
  // Minutes, where the search was quadratic; a bound for the slowest machine.
  assert.ok(longest < 5_000, `${longest} ms`);
});

test('a session that is stopped is told of with what it had said', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  openclaw.partial = 'half an ans';
  const host = openclaw.host();
  const next = async () => (await host.next(undefined)).what;
  await next();
  host.perform(spawn(1n));
  await next();
  await next();
  host.perform({ kind: 'cancel', request: 2n, session: KEY });
  const end = await next();
  assert.ok(end.tag === 'session-ended' && end.val.outcome.tag === 'cancelled');
  assert.equal(end.val.completion?.text, 'half an ans');
  assert.equal(outcome(await next(), 2n).tag, 'ok');
  await host.close();
});

for (const said of [{ status: 'timeout' }, { status: 'failed', error: 'HTTP 500' }, { status: 'killed' }]) {
  test(`what had arrived is handed over with ${JSON.stringify(said)}`, () => {
    const messages = [
      { role: 'user', content: 'Do it.' },
      { role: 'assistant', content: [{ type: 'text', text: 'the first part' }] },
      { role: 'assistant', content: [], stopReason: 'error', errorMessage: 'HTTP 500' },
    ].map(message);
    const end = sessionEnd(KEY, said, messages);
    assert.notEqual(end.outcome.tag, 'completed');
    assert.equal(end.completion?.text, 'the first part');
  });
}

for (const result of ['Context overflow: prompt too large. Try /reset.', 'Context overflow: prompt too…', '']) {
  test(`a sentence of the gateway's about the failure is nothing that arrived: ${result}`, () => {
    const error = 'Context overflow: prompt too large. Try /reset.';
    const shown = [{ role: 'assistant', content: result, stopReason: 'error', errorMessage: '' }].map(message);
    for (const messages of [[], shown]) {
      const end = sessionEnd(KEY, { status: 'failed', error, result }, messages);
      assert.equal(end.completion?.text || undefined, undefined);
    }
    const half = [{ role: 'assistant', content: 'half an answer' }].map(message);
    assert.equal(sessionEnd(KEY, { status: 'failed', error, result }, [...half, ...shown]).completion?.text, 'half an answer');
  });
}

test('what only begins like the failure is a partial answer', () => {
  for (const [shown, error] of [['The', 'The AI service is overloaded.'], ['HTTP 500 is answered where', 'HTTP 500']] as const) {
    const messages = [{ role: 'assistant', content: shown }].map(message);
    assert.equal(sessionEnd(KEY, { status: 'failed', error }, messages).completion?.text, shown);
  }
});

test('of a session that came to its end only the last word counts', () => {
  const messages = [
    { role: 'assistant', content: 'thinking aloud' },
    { role: 'assistant', content: '' },
  ].map(message);
  assert.equal(sessionEnd(KEY, { status: 'done' }, messages).completion?.text, '');
});
