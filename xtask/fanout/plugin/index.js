// The routes that the plugin takes, with nothing around them: `sessions_spawn` with `collect` for every prompt at once, then
// `agents_wait` until all have ended; the sub-agent calls of its fallback; and the completion call. They keep no order, no
// limit, no journal and no whole answers.

import { randomUUID } from 'node:crypto';

import { createOpenClawCodingTools } from 'openclaw/plugin-sdk/agent-harness';

// OpenClaw loads a plugin several times, and hooks and tools may be those of two loads.
const turns = (globalThis[Symbol.for('bare-fanout.turns')] ??= new Map());

async function fanOut(context, runId, { prompts, toolFree }, signal) {
  const { agentId, sessionKey, sessionId, agentDir, workspaceDir, senderIsOwner, activeModel } = context;
  const inheritedToolAllowlistRef = [];
  const tools = createOpenClawCodingTools({
    agentId,
    sessionKey,
    sessionId,
    agentDir,
    workspaceDir,
    senderIsOwner,
    runId,
    config: context.getRuntimeConfig(),
    modelProvider: activeModel?.provider,
    modelId: activeModel?.modelId,
    inheritedToolAllowlistRef,
  });
  // As the plugin does it for agents that need no tools.
  if (toolFree) inheritedToolAllowlistRef.splice(0, inheritedToolAllowlistRef.length, 'get_goal');
  const use = async (name, parameters) =>
    (await tools.find((tool) => tool.name === name).execute(randomUUID(), parameters, signal)).details;
  const lean = toolFree ? { lightContext: true } : {};
  const fixed = { collect: true, groupId: randomUUID(), cleanup: 'keep', runTimeoutSeconds: 600, ...lean };
  const receipts = await Promise.all(prompts.map((task) => use('sessions_spawn', { task, ...fixed })));
  const open = new Set(receipts.map((receipt) => receipt.runId));
  let completed = 0;
  while (open.size > 0) {
    const said = await use('agents_wait', { ids: [...open], timeoutSeconds: 45 });
    if (said.errors?.length > 0) throw new Error(JSON.stringify(said.errors));
    for (const { runId, status, result } of said.completed) {
      open.delete(runId);
      if (status === 'done' && result) completed += 1;
    }
  }
  return { completed };
}

async function subAgents({ subagent }, { prompts }) {
  const one = async (message) => {
    const sessionKey = `agent:main:subagent:bare-fanout-${randomUUID()}`;
    const lean = { disableTools: true, lightContext: true };
    const request = { sessionKey, message, deliver: false, lane: 'subagent', idempotencyKey: randomUUID(), ...lean };
    const { runId } = await subagent.run(request);
    const { status, terminalReply } = await subagent.waitForRun({ runId, timeoutMs: 600_000 });
    return status === 'ok' && Boolean(terminalReply?.text);
  };
  return { completed: (await Promise.all(prompts.map(one))).filter((done) => done).length };
}

async function completions({ llm }, { prompts }) {
  const one = async (content) => {
    // As the plugin does it: a failure comes as an answer without text.
    const { text, stopReason } = await llm.complete({ messages: [{ role: 'user', content }] });
    return stopReason !== 'error' && Boolean(text);
  };
  return { completed: (await Promise.all(prompts.map(one))).filter((done) => done).length };
}

const prompts = { type: 'array', items: { type: 'string' } };
const said = (details) => ({ content: [{ type: 'text', text: JSON.stringify(details) }], details });

export default {
  id: 'bare-fanout',
  name: 'Bare fan-out',
  register(api) {
    api.on('before_tool_call', ({ toolCallId, runId }) => {
      if (toolCallId && runId) turns.set(toolCallId, runId);
    });
    api.registerTool(
      (context) => ({
        name: 'bare_fanout',
        label: 'Bare fan-out',
        description: 'Runs every prompt in a sub-session of its own.',
        parameters: {
          type: 'object',
          required: ['prompts', 'toolFree'],
          properties: { prompts, toolFree: { type: 'boolean' } },
        },
        execute: async (id, parameters, signal) => said(await fanOut(context, turns.get(id), parameters, signal)),
      }),
      { name: 'bare_fanout' },
    );
    api.registerTool(
      {
        name: 'bare_sub_agents',
        label: 'Bare sub-agents',
        description: 'Runs every prompt in a sub-agent of its own, without tools.',
        parameters: { type: 'object', required: ['prompts'], properties: { prompts } },
        execute: async (_, parameters) => said(await subAgents(api.runtime, parameters)),
      },
      { name: 'bare_sub_agents' },
    );
    api.registerTool(
      {
        name: 'bare_completions',
        label: 'Bare completions',
        description: 'Sends every prompt to its model, without a session.',
        parameters: { type: 'object', required: ['prompts'], properties: { prompts } },
        execute: async (_, parameters) => said(await completions(api.runtime, parameters)),
      },
      { name: 'bare_completions' },
    );
  },
};
