/** A tool, called as OpenClaw calls it, and a place for what it keeps. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import type { Notices } from '../src/notices.ts';
import type { ToolResult } from '../src/openclaw.ts';
import { runs } from '../src/runs.ts';
import { TOOLS, createTool } from '../src/tool.ts';
import { settled } from './commands.ts';
import type { FakeOpenClaw } from './openclaw.ts';
import { misfits } from './schema.ts';

export const TASK = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };

const made: string[] = [];
after(() => made.forEach((directory) => rmSync(directory, { recursive: true })));

export function directory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
  made.push(directory);
  return directory;
}

/** Waits for what comes sooner or later, however slow the machine is. */
export async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await settled();
}

/** A request for `map_tasks` with two items. */
export const MAP = { steps: [{ ...TASK, task_description: 'Look at {{name}}.' }], items: [{ name: 'a' }, { name: 'b' }] };

/** What a gateway leaves that is killed before it writes down the result of a run that has ended. */
export function loseResult(state: string, run_id: string): void {
  const file = (kind: string) => join(state, 'parallel-agents/runs', `${run_id}.${kind}`);
  writeFileSync(file('json'), JSON.stringify({ ...JSON.parse(readFileSync(file('json'), 'utf8')), state: 'running' }));
  rmSync(file('result'));
  runs.forget(run_id);
}

interface Setup {
  config?: Record<string, unknown>;
  state?: string;
  context?: object;
  tools?: boolean;
  notices?: Notices;
  shadow?: string;
  /** The call's own name. */
  callId?: string;
}

/** Calls a tool as OpenClaw does; the details of its reply, which have to be what its text says. */
export async function use(
  openclaw: FakeOpenClaw,
  name: string,
  parameters: object,
  setup: Setup = {},
  signal?: AbortSignal,
  shown: object[] = [],
): Promise<any> {
  return (await reply(openclaw, name, parameters, setup, signal, shown)).details;
}

/** What a person sees who sends a line of the slash command. */
export async function say(openclaw: FakeOpenClaw, line: string, setup: Setup = {}): Promise<string> {
  return (await reply(openclaw, 'call', { command: line }, setup)).content[0]?.text ?? '';
}

async function reply(
  openclaw: FakeOpenClaw,
  name: string,
  parameters: object,
  { config, state, context, tools = true, notices, shadow, callId = 'call-1' }: Setup,
  signal?: AbortSignal,
  shown: object[] = [],
): Promise<ToolResult> {
  const described = TOOLS.find((tool) => tool.name === `parallel_agents_${name}`);
  assert.ok(described, name);
  const api = openclaw.api(config);
  api.runtime = { ...api.runtime, state: { resolveStateDir: () => state ?? '' } };
  const tool = createTool(described, {
    api,
    context: { ...openclaw.context, ...context },
    outside: (work) => work(),
    runOf: () => 'turn',
    loadTools: async () => (tools ? () => openclaw.tools() : undefined),
    notices: () => notices,
    shadow: async () => shadow,
  });
  const answer = await tool.execute(callId, parameters, signal, (update) => shown.push(update));
  const { content, details } = answer;
  // A slash command is answered for people, everything else for programs.
  if (!('command' in parameters)) assert.equal(content[0]?.text, JSON.stringify(details));
  assert.deepEqual(misfits(tool.outputSchema, details), []);
  for (const reserved of ['status', 'error', 'timedOut', 'isError']) assert.ok(!(reserved in details), reserved);
  return answer;
}
