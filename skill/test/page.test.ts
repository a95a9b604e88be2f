import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SpawnOptions } from '../src/contract.ts';
import { type Seen, SessionLog, page } from '../src/page.ts';

const options = { task: 'the prompt </script>', label: 'critic one', idempotencyKey: 'k', taskName: 'one' } as SpawnOptions;

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
