import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { FakeOpenClaw } from './openclaw.ts';

const place = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
after(() => rmSync(place, { recursive: true, force: true }));

// OpenClaw copies a plugin before it loads it, and removes the copy when the operator changes its configuration.
test('after another load of the plugin runs are started from its own files, and earlier ones are still known', async () => {
  const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
  const openclaw = new FakeOpenClaw();
  const use = async (tool: any, name: string, parameters: object) => {
    const described = tool.TOOLS.find((one: any) => one.name === `parallel_agents_${name}`);
    const loadTools = async () => () => openclaw.tools();
    const [api, context] = [openclaw.api({ retentionDays: 0 }), openclaw.context];
    const made = tool.createTool(described, { api, context, outside: (work: any) => work(), runOf: () => 'turn', loadTools, notices: () => undefined });
    return (await made.execute('call-1', parameters)).details;
  };
  for (const part of ['src', 'dist', 'openclaw.plugin.json'])
    cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), join(place, part), { recursive: true });
  const earlier = await import(pathToFileURL(join(place, 'src/tool.ts')).href);
  const first = await use(earlier, 'run', { tasks: [task] });
  assert.equal(first.state, 'done', JSON.stringify(first));
  rmSync(place, { recursive: true });

  const later = await import('../src/tool.ts');
  const second = await use(later, 'run', { tasks: [task] });
  assert.equal(second.state, 'done', JSON.stringify(second));
  const { runs } = await use(later, 'runs', { action: 'list' });
  assert.deepEqual(
    runs.map(({ run_id }: { run_id: string }) => run_id),
    [second.run_id, first.run_id],
  );
});
