// In Code Mode the tools are async functions. Their reply has the result of the run, or says what is wrong.
const agents = await parallel_agents_catalogue({ category: 'qa' });
const tasks = agents.result.agents.slice(0, 3).map(({ name }) => ({
  agent_type: name,
  task_description: 'Review this function.',
  input_data: { code: 'fn half(n: u32) -> u32 { n / 2 }' },
}));
let reply = await parallel_agents_run({ tasks, max_concurrent: 3, timeoutSeconds: 50 });
while (reply.state === 'running') reply = await parallel_agents_runs({ action: 'status', run_id: reply.run_id });
if (!reply.ok) throw new Error(JSON.stringify(reply.errors));
return { status: reply.result.status, completed: reply.result.results.filter((one) => one.status === 'completed').length };
