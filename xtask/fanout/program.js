// One fan-out, timed inside the gateway. The benchmark puts `const way = …, count = …;` in front.
const writer = (tools) => ({
  name: 'note_writer',
  description: 'Writes one sentence.',
  tools,
  output_format: 'text',
  prompt: 'You write one clear sentence about what you are asked.',
});
const task = { agent_type: 'note_writer', task_description: 'Write one sentence about the tides.', timeout_seconds: 600 };
// What the component would send, so that all ways send the same.
const shown = await parallel_agents_call({ function: 'render_prompt', arguments: { task, agents: [writer('none')] } });
const prompts = Array.from({ length: count }, (_, at) => shown.result.prompt.replace('task-1', `task-${at + 1}`));

const plugin = async (tools) => {
  const tasks = prompts.map(() => task);
  const given = { tasks, agents: [writer(tools)], max_concurrent: count, timeoutSeconds: 600 };
  const reply = await parallel_agents_run(given);
  if (!reply.result) throw new Error(JSON.stringify(reply));
  return reply.result.census.completed;
};
const bare = async (toolFree) => (await bare_fanout({ prompts, toolFree })).completed;
const swarm = async () => (await Promise.all(prompts.map((prompt) => agents.run(prompt)))).filter((text) => text).length;
const ways = {
  nothing: async () => 0,
  swarm,
  plugin: () => plugin('inherit'),
  bare: () => bare(false),
  plugin_tool_free: () => plugin('none'),
  bare_tool_free: () => bare(true),
  sub_agents: async () => (await bare_sub_agents({ prompts })).completed,
  // The plugin is configured to take completions for them.
  plugin_completions: () => plugin('none'),
  completions: async () => (await bare_completions({ prompts })).completed,
};
const begin = Date.now();
const completed = await ways[way]();
return { completed, ms: Date.now() - begin };
