// The plugin's page of a run of 10,000 tasks that goes on: what it is told, and what it draws of that. Only OpenClaw is a stand-in.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Store } from '../../skill/src/store.ts';
import { FakeOpenClaw } from '../../skill/test/openclaw.ts';
import { directory } from '../../skill/test/use.ts';
import { SHOTS, rows, serious, visit } from './browser.mjs';
import { servePages } from './served.mjs';

const TASKS = 10_000;
const RUN = 'pa-0123456789ab';
const MOST_ANSWER_BYTES = 512 * 1024;
/** Of a processor, from the first answer to the last row: some three times what was measured. */
const MOST_OPEN_MS = 1_500;

const state = directory();
const store = new Store(state);
let server;
let tasks;
/** The sizes of what the feed has answered, in bytes. */
const answers = [];

/** What the host hears of a task. */
function hear(number, status, atMs) {
  tasks.heard({ task: `item-${number}-draft`, agentType: 'code_reviewer', status, ended: 0, running: 1, total: TASKS }, atMs);
}

before(async () => {
  store.place(RUN);
  store.begin({ run_id: RUN, function: 'map_tasks', owner: 'agent:main:main', started: new Date(0).toISOString(), state: 'running' });
  const log = store.log(RUN);
  tasks = store.tasks(RUN);
  for (let number = 1; number <= TASKS; number++) {
    log.asked({ label: `code_reviewer item-${number}-draft`, task: `A role.\n# Task\nReview file ${number}.` }, number);
    hear(number, number % 3 === 0 ? 'completed' : 'running', number);
  }
  server = await servePages(new FakeOpenClaw(), state, ({ searchParams }, text) => {
    if (searchParams.get('of') === 'run') answers.push(Buffer.byteLength(text));
  });
});
after(() => server.close());

test('it is told in parts, and what has changed is all that is drawn', async (context) => {
  const { page, wrong, busy, close } = await visit(`${server.base}/plugins/parallel-agents/runs?run=${RUN}`, (url) => url.startsWith(server.base) || url === 'data:,');
  await rows(page).first().waitFor();
  const cost = await busy();
  context.diagnostic(`${answers.length} answers of at most ${Math.max(...answers)} bytes, shown in ${cost} ms of a processor`);
  assert.ok(answers.length === TASKS / 1_000 && answers.every((bytes) => bytes < MOST_ANSWER_BYTES), answers.join(' '));
  assert.ok(cost < MOST_OPEN_MS, `${cost} ms`);
  assert.equal(await page.locator('#count').innerText(), '10,000 tasks');
  assert.ok((await page.locator('*').count()) < 2_500);
  assert.deepEqual(await serious(page), []);
  await page.screenshot({ path: join(SHOTS, 'wide-live.png') });

  // Descriptions are not in the page; whoever has them searches them.
  await page.fill('#search', '"file 4321"');
  await page.locator('#rows [data-task="item-4321-draft"]').waitFor();
  assert.equal(await page.locator('#count').innerText(), '1 of 10,000 tasks');
  // The page knows the name and the status, and the host the text.
  await page.fill('#search', '"file 4321" item- running');
  await page.locator('#count', { hasText: '1 of 10,000 tasks' }).waitFor();
  await page.fill('#search', '"file 4321" completed');
  await page.locator('#nothing').waitFor();
  await page.fill('#search', '');

  // Elements are marked, so that a new one in its place is found out, and changes of the list are counted.
  await page.locator('#rows').evaluate((list) => {
    for (const item of list.children) item.dataset.kept = item.dataset.task;
    window.changes = 0;
    new MutationObserver((all) => (window.changes += all.filter(({ type }) => type === 'childList').length)).observe(list, { childList: true, subtree: true });
  });
  const marked = await page.locator('#rows [data-kept]').count();
  answers.length = 0;
  hear(1, 'failed', TASKS + 1);
  await page.locator('#rows [data-task="item-1-draft"] .glyph.failed').first().waitFor();
  assert.equal(await page.locator('#rows li').count(), marked);
  assert.ok(await page.locator('#rows li').evaluateAll((all) => all.every((item) => item.dataset.kept === item.dataset.task)), 'the rows are the same elements');
  // Bars of what runs end at the present, which has moved; all other rows are as they were.
  const changes = await page.evaluate(() => window.changes);
  assert.ok(changes <= marked, `${changes} changes in ${marked} rows`);
  assert.ok(answers.every((bytes) => bytes < MOST_ANSWER_BYTES));
  assert.deepEqual(wrong, []);
  await close();
});
