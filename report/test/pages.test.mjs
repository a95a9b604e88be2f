// The plugin's pages of runs in a real browser: the list, and a run while it lasts. Only OpenClaw is a stand-in.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { FakeOpenClaw } from '../../skill/test/openclaw.ts';
import { directory, use } from '../../skill/test/use.ts';
import { SHOTS, serious, visit } from './browser.mjs';
import { watched } from './live.mjs';
import { servePages } from './served.mjs';

const TOTAL = 40;
const EVIL = '<img src=x onerror="window.hacked = 1">';
const openclaw = new FakeOpenClaw();
const state = directory();
let server;
let run;

before(async () => {
  server = await servePages(openclaw, state);
  openclaw.answer = undefined;
  const tasks = Array.from({ length: TOTAL }, (_, index) => ({ agent_type: 'code_reviewer', task_id: `task-${index}`, task_description: `Say ${EVIL}.`, output_format: 'text' }));
  const context = { getRuntimeConfig: () => ({ tools: { swarm: { maxConcurrent: 50 } }, agents: { defaults: { subagents: { maxConcurrent: 50 } } } }) };
  run = await use(openclaw, 'run', { tasks, max_concurrent: 20, timeoutSeconds: 0.2 }, { state, context });
  while (openclaw.sessions.length < 20) await use(openclaw, 'runs', { action: 'status', run_id: run.run_id, timeoutSeconds: 0.1 }, { state });
});
after(() => server.close());

test('a run is found in the list, watched, and seen to its end', async () => {
  const own = (url) => url.startsWith(server.base) || url === 'data:,';
  const { page, wrong, close } = await visit(`${server.base}/plugins/parallel-agents/runs`, own);
  const row = page.locator('#rows tr').first();
  await row.waitFor();
  assert.match(await row.innerText(), new RegExp(`${run.run_id}.*running.*of ${TOTAL}.*agent:main:main.*cancel`, 's'));
  assert.deepEqual(await serious(page), [], 'the list');
  await page.screenshot({ path: join(SHOTS, 'runs-list.png') });
  await page.fill('#search', 'no such run');
  assert.ok(await page.locator('#nothing').isVisible());
  await page.fill('#search', '');
  await row.locator('a').click();

  const hasEnded = await watched(page, TOTAL, 'plugin');
  assert.match(await page.locator('#about').innerText(), new RegExp(`Run ${run.run_id}.*cancel ${run.run_id}`, 's'));
  openclaw.answer = `It is done. ${EVIL}`;
  // Those that run end one by one, and all others at once.
  for (const session of openclaw.sessions.filter(({ status }) => status === 'running')) openclaw.end(session);
  await hasEnded();
  assert.equal(await page.locator('#about .command').count(), 0, 'there is nothing to stop any more');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  await page.locator('#about a').click();
  await page.locator('#rows tr', { hasText: `${TOTAL} completed` }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
});
