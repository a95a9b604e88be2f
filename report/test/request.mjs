// A run of 200 tasks on a bad day: teams that draft, check and sum up, beside tasks that stand alone.

const VERDICT = {
  type: 'object',
  properties: { verdict: { enum: ['good', 'poor'] }, notes: { type: 'string' } },
  required: ['verdict', 'notes'],
};
const WRITERS = ['content_writer_funny', 'content_writer_creative', 'api_designer', 'code_reviewer', 'test_engineer'];
const INPUT = { topic: 'lighthouses', tone: 'dry', project_name: 'Beacon', code: 'let lamp = 1;' };

const task = (task_id, agent_type, task_description, dependencies = []) => ({
  task_id,
  agent_type,
  task_description,
  input_data: INPUT,
  output_schema: VERDICT,
  dependencies,
});

export function request(teams = 25) {
  const tasks = [];
  for (let team = 1; team <= teams; team++) {
    const name = String(team).padStart(2, '0');
    const drafts = [1, 2, 3].map((part) => task(`draft-${name}-${part}`, WRITERS[(team + part) % 5], `Draft part ${part} of chapter ${team}.`));
    const checks = drafts.slice(0, 2).map(({ task_id }, part) => task(`check-${name}-${part + 1}`, WRITERS[(team + part + 2) % 5], `Check ${task_id}.`, [task_id]));
    tasks.push(...drafts, ...checks, task(`merge-${name}`, WRITERS[team % 5], `Merge chapter ${team}. [hard]`, checks.map(({ task_id }) => task_id)));
    const before = team % 5 === 0 ? [4, 3, 2, 1, 0].map((back) => `merge-${String(team - back).padStart(2, '0')}`) : [`merge-${name}`];
    tasks.push(task(`review-${name}`, WRITERS[(team + 1) % 5], `Review chapter ${team}.`, before));
    tasks.push(task(`note-${name}`, WRITERS[(team + 3) % 5], `Write a note about chapter ${team}.`));
  }
  return {
    tasks,
    max_concurrent: 20,
    retries: 1,
    models: { economy: 'sim/economy', standard: 'sim/standard', premium: 'sim/premium' },
    prices: { 'sim/economy': { input: 1_000, output: 5_000 }, 'sim/standard': { input: 3_000, output: 15_000 }, 'sim/premium': { input: 15_000, output: 75_000 } },
    escalate: true,
    hedge: true,
    budget: { tokens: 4_000_000, micro_usd: 60_000_000 },
    breaker: false,
    retry_budget: 60,
  };
}
