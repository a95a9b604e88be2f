import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SpawnOptions } from '../src/contract.ts';
import { type Seen, SessionLog, page } from '../src/page.ts';

const options = { task: 'the prompt </script>', label: 'critic one', idempotencyKey: '0123456789abcdef-one-1', taskName: 'one' } as SpawnOptions;

test('the page holds the report and the sessions, and nothing can leave its place', () => {
  const kept: Seen[] = [];
  const log = new SessionLog([], (seen) => kept.push(seen));
  log.asked(options, 5);
  log.asked(options, 9);
  log.accepted('critic one', 's');
  log.started('s', 10);
  const end = { session: 's', outcome: { tag: 'timed-out' }, usage: { inputTokens: 3n, outputTokens: 4n } } as const;
  log.ended(end, 20);
  log.ended(end, 30);
  log.answered('s', { text: '<!-- an answer', truncated: false });
  log.answered('s', { text: 'told again', truncated: true });
  assert.deepEqual(new SessionLog(kept).records, log.records, 'what was kept tells the same');
  const html = page('run_tasks', '{"results":[],"note":"</script>$&"}', log.records);
  const document = html.split('id="document">')[1]?.split('</script>')[0] ?? '';
  const { report, sessions } = JSON.parse(document);
  assert.equal(report.note, '</script>$&');
  assert.equal(sessions.length, 1);
  assert.deepEqual(sessions[0], {
    session_key: 's',
    label: 'critic one',
    task_id: 'one',
    number: 1,
    prompt: 'the prompt </script>',
    model: null,
    asked_ms: 5,
    started_ms: 10,
    ended_ms: 20,
    outcome: 'timeout',
    usage: { input_tokens: 3, output_tokens: 4 },
    answer: '<!-- an answer',
    answer_is_cut: false,
  });
  assert.ok(!html.includes('src='));
});

test('what prompts have in common is told once', () => {
  const log = new SessionLog();
  const prompts = ['A role.\n\n# Task\n\nOne.', 'A role.\n\n# Task\n\nTwo.', 'Another.\n# Task\nThree.', 'No task.'];
  prompts.forEach((task, number) => log.asked({ ...options, task, label: `critic ${number}` }, 1));
  const { heads, sessions } = JSON.parse(page('run_tasks', 'null', log.records).split('id="document">')[1]?.split('</script>')[0] ?? '');
  assert.deepEqual(heads, ['A role.\n\n', 'Another.\n']);
  assert.deepEqual(sessions.map((session: any) => (heads[session.head] ?? '') + session.prompt), prompts);
});

test('a session says for which task it is, whatever its label has room for', () => {
  const log = new SessionLog();
  const keys = ['0123456789abcdef-item-7-draft-12', 'of-another-form', 'k', undefined];
  keys.forEach((key, number) => log.asked({ ...options, idempotencyKey: key, label: `critic ${number}` } as SpawnOptions, 1));
  const known = log.records.map(({ task_id, number }) => [task_id, number]);
  assert.deepEqual(known, [['item-7-draft', 12], [null, null], [null, null], [null, null]]);
});

test('an event looks at its own session only, however many there are', () => {
  const log = new SessionLog();
  for (let number = 0; number < 100; number += 1) {
    log.asked({ ...options, label: `critic ${number}` }, 1);
    log.accepted(`critic ${number}`, `s${number}`);
  }
  log.accepted('critic 7', 's3');
  let scans = 0;
  const { values } = Map.prototype;
  Map.prototype.values = function (this: Map<unknown, unknown>) {
    scans += 1;
    return values.call(this);
  } as typeof values;
  try {
    for (const session of ['s3', 's99', 'unknown']) log.started(session, 5);
    log.ended({ session: 's99', outcome: { tag: 'completed' }, usage: undefined }, 9);
    log.answered('s99', { text: 'fine', truncated: false });
  } finally {
    Map.prototype.values = values;
  }
  assert.equal(scans, 0);
  const heard = log.records.filter(({ started_ms }) => started_ms !== null).map(({ label, answer }) => [label, answer]);
  assert.deepEqual(heard, [['critic 3', null], ['critic 99', 'fine']], 'a session belongs to whom it was given first');
});
