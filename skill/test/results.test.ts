import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { TOOLS, createTool } from '../src/tool.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { misfits } from './schema.ts';

const SCORES = ['clarity', 'completeness', 'correctness', 'safety', 'usability', 'testability'];
const REVIEW = JSON.stringify({
  issues: [],
  dimensions: Object.fromEntries(SCORES.map((name) => [name, 9])),
  overall_score: 9,
  verdict: 'ready',
  summary: 'It says what it has to.',
});
const TASK = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };

const example = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../examples/${name}.json`, import.meta.url), 'utf8'));
const described = (name: string) => TOOLS.find((tool) => tool.name === `parallel_agents_${name}`)!;

/** A reply of a tool whose agents all say `answer`, which fits what the tool promises. */
async function use(name: string, parameters: object, answer: string): Promise<any> {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = answer;
  const tool = createTool(described(name), {
    api: openclaw.api({ retentionDays: 0 }),
    context: openclaw.context,
    outside: (work) => work(),
    runOf: () => undefined,
    loadTools: async () => () => openclaw.tools(),
  });
  const { details } = await tool.execute('call-1', parameters);
  assert.deepEqual(misfits(tool.outputSchema, details), []);
  return details;
}

test('what a workflow gives back is what its tool promises', async () => {
  const refined = await use('refine', example('workflow-2-iterative-refinement'), REVIEW);
  assert.equal(refined.result.drafts[0].reason, 'target_reached', JSON.stringify(refined));
  const created = await use('create', example('4-create-agents'), 'no agent');
  assert.equal(created.result.created[0].promotion, 'not_good_enough', JSON.stringify(created));
  const reached = await use('orchestrate', example('workflow-3-orchestration'), 'no plan');
  assert.equal(reached.result.reason, 'plan_refused', JSON.stringify(reached));
});

test('of a long workflow its run is shortened, and what came of it stands', async () => {
  const { result, hint } = await use('refine', { ...example('workflow-2-iterative-refinement'), max_chars: 2_200 }, REVIEW);
  assert.match(hint, /^shortened/);
  assert.equal(result.drafts[0].reason, 'target_reached', JSON.stringify(result));
  assert.equal(result.run.results_left_out, 0);
  assert.ok(JSON.stringify(result).length <= 2_200);
});

test('of a workflow that is too long for that, the run alone is shortened', async () => {
  const draft = { name: 'long', kind: 'text', draft: 'word '.repeat(600) };
  const { result, hint } = await use('refine', { drafts: [draft], max_chars: 3_000 }, REVIEW);
  assert.match(hint, /run alone.*"max_chars":\d+/);
  assert.equal(result.status, 'completed');
  assert.ok(result.results.length > 0 && !('drafts' in result), JSON.stringify(result));
});

test('what is not as promised is found', () => {
  const { outputSchema } = described('run');
  const reply = { ok: true, state: 'done', run_id: 'pa-0123456789ab' };
  const row = { task_id: 'a', agent_type: 'code_reviewer', status: 'completed' };
  const fits = (result: object) => misfits(outputSchema, { ...reply, result });
  assert.deepEqual(fits({ status: 'completed', results: [row], note: 'more' }), []);
  assert.deepEqual(fits({ results: [] }), ['/result: no status']);
  assert.deepEqual(fits({ status: 'good', results: [] }).length, 1);
  assert.deepEqual(fits({ status: 'failed', results: [{ ...row, error: { code: 7, message: '' } }] }).length, 1);
});

test('a long report is as promised too', async () => {
  const { result } = await use('run', { tasks: Array(9).fill(TASK), max_chars: 1_000 }, 'word '.repeat(2_000));
  assert.ok(result.results_left_out > 0, JSON.stringify(result));
});
