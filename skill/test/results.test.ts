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
    notices: () => undefined,
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
  const long = JSON.stringify({ ...JSON.parse(REVIEW), summary: 'It says what it has to. '.repeat(30) });
  const { result, hint } = await use('refine', { ...example('workflow-2-iterative-refinement'), max_chars: 2_000 }, long);
  assert.match(hint, /^shortened/);
  assert.equal(result.drafts[0].reason, 'target_reached', JSON.stringify(result));
  assert.equal(result.run.results[0].output_cut, true, JSON.stringify(result.run));
  assert.ok(JSON.stringify(result).length <= 2_000);
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

test('a reply has answers first: of five short reviews metadata is left out, and comes on request', async () => {
  const five = { tasks: Array(5).fill(TASK) };
  const review = 'The loop in line 12 reads one element behind the end of the list. '.repeat(11);
  const brief = await use('run', five, review);
  const detailed = await use('run', { ...five, detail: true }, review);
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const answers = brief.result.results.reduce((sum: number, row: any) => sum + size(row.output), 0);
  assert.deepEqual(brief.result.results.map((row: any) => row.output), detailed.result.results.map((row: any) => row.output));
  assert.deepEqual(Object.keys(brief.result), ['status', 'results', 'census']);
  assert.deepEqual(Object.keys(brief.result.results[0]), ['task_id', 'agent_type', 'status', 'output']);
  assert.ok(detailed.result.results[0].metadata.attempt_log.length === 1 && detailed.result.usage_complete !== undefined);
  const [small, large] = [size(brief), size(detailed)];
  console.log(`five short reviews: ${answers} bytes of answers, in a reply of ${small}, with details ${large}`);
  assert.ok(small - answers < 900 && large > 2 * small, `${answers}, ${small}, ${large}`);
});

test('what a reader needs to trust an answer stands in every reply', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.ending = { stopReason: 'length' };
  openclaw.answer = 'I cannot go on: Error 500';
  const tool = createTool(described('run'), {
    api: openclaw.api({ retentionDays: 0 }),
    context: openclaw.context,
    outside: (work) => work(),
    runOf: () => undefined,
    loadTools: async () => () => openclaw.tools(),
    notices: () => undefined,
  });
  const { details } = await tool.execute('call-1', { tasks: [TASK], retries: 0, accept_truncated: true });
  const [row] = (details as any).result.results;
  assert.equal(row.truncated, true, JSON.stringify(row));
  const refused = await tool.execute('call-2', { tasks: [TASK], retries: 0 });
  const [failed] = (refused.details as any).result.results;
  assert.deepEqual([failed.status, failed.error.code], ['failed', 'E_OUTPUT_TRUNCATED']);
  assert.equal(failed.output, openclaw.answer, 'what arrived is kept');
});
