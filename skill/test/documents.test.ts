// Every call and command of the documents, taken from them and made: with a gateway whose sessions all say the same.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { TOOLS, createTool } from '../src/tool.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { misfits } from './schema.ts';

const state = mkdtempSync(join(tmpdir(), 'parallel-agents-documents-'));
after(() => rmSync(state, { recursive: true }));

const openclaw = new FakeOpenClaw();
const text = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
/** How the documents name a run. */
const RUN = 'pa-0c5a…';

async function use(name: string, parameters: object): Promise<any> {
  const described = TOOLS.find((tool) => tool.name === name);
  assert.ok(described, `there is no tool ${name}`);
  const api = openclaw.api();
  api.runtime = { ...api.runtime, state: { resolveStateDir: () => state } };
  const context = { ...openclaw.context, workspaceDir: state };
  const environment = { api, context, outside: <T>(work: () => T) => work(), runOf: () => 'turn' };
  const loadTools = async () => () => openclaw.tools();
  const tool = createTool(described, { ...environment, loadTools, notices: () => undefined });
  const { details } = await tool.execute('call-1', parameters);
  assert.deepEqual(misfits(tool.outputSchema, details), []);
  return details;
}

/** A run with two tasks, for what is said about one. */
async function aRun(): Promise<string> {
  const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
  return (await use('parallel_agents_run', { tasks: [task, task] })).run_id;
}

/** The JSON value that a text begins with, up to the bracket that closes it. */
function value(text: string): unknown {
  for (let end = text.indexOf('}') + 1; end > 0; end = text.indexOf('}', end) + 1) {
    try {
      return JSON.parse(text.slice(0, end));
    } catch {
      // The bracket was one of the inner ones.
    }
  }
  throw new Error(`no JSON: ${text.slice(0, 200)}`);
}

const DOCUMENTS = { 'README.md': '../../README.md', 'USAGE-GUIDE.md': '../USAGE-GUIDE.md', 'SKILL.md': '../../SKILL.md' };

/** What each document holds of them; a call that is written in another way would otherwise be left out unnoticed. */
const HOLDS = { 'README.md': [2, 0], 'USAGE-GUIDE.md': [5, 10], 'SKILL.md': [0, 0] };

for (const [name, file] of Object.entries(DOCUMENTS) as [keyof typeof HOLDS, string][]) {
  const blocks = [...text(file).matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block);
  const calls = blocks.flatMap((block) =>
    [...block.matchAll(/^ {4}(tool_call|parallel_agents_[a-z]+) (?=\{)/gm)].map(({ 0: head, 1: id = '', index }) => {
      const given = value(block.slice(index + head.length)) as { id: string; args: object };
      return id === 'tool_call' ? ([given.id, given.args] as const) : ([id, given as object] as const);
    }),
  );
  const lines = blocks.flatMap((block) => [...block.matchAll(/^ {4}\/parallel_agents (.*)$/gm)].map(([, line = '']) => line));

  test(`${name} holds the calls and commands that are tried`, () =>
    assert.deepEqual([calls.length, lines.length], HOLDS[name]));

  for (const [id, parameters] of calls) {
    test(`${name}: ${id} ${JSON.stringify(parameters).slice(0, 60)}`, async () => {
      const written = JSON.stringify(parameters).replaceAll(RUN, await aRun());
      const reply = await use(id, JSON.parse(written));
      assert.deepEqual([reply.ok, reply.state], [true, 'done'], JSON.stringify(reply));
    });
  }

  for (const line of lines) {
    test(`${name}: /parallel_agents ${line}`, async () => {
      const reply = await use('parallel_agents_call', { command: line.replaceAll(RUN, await aRun()) });
      assert.deepEqual([reply.ok, reply.state], [true, 'done'], JSON.stringify(reply));
    });
  }
}

test('the guide shows the program that is run in a gateway', () => {
  assert.ok(text('../USAGE-GUIDE.md').includes(`\`\`\`js\n${text('../examples/program.js')}\`\`\`\n`));
});
