// A page whose key is not taken any more loads itself again, and shows what it showed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rows, visit } from './browser.mjs';
import { ended, hosted, running, unwanted } from './host.mjs';

const TASKS = Array.from({ length: 60 }, (_, number) => `task-${number}`);
const RUN = running(TASKS.map((id, place) => [id, place % 2 ? 'running' : 'pending']), TASKS.map((id) => [id, {}]));
const EXPIRED = [401, 'The key of this page is not valid any more: load it again.'];

/** A host that takes no key of a page once that has expired, and a page of it, alone or in a frame. */
async function withPage(answer, where, use) {
  let expired = 0;
  const host = await hosted((what, url) => (expired === host.asked.page ? EXPIRED : answer(what, url)));
  try {
    const { page, wrong, close } = await visit(`${host.url}${where}`, () => true);
    const shown = () => page.frames().at(-1);
    await rows(shown()).first().waitFor();
    const expire = async () => {
      // As if it had been open for long.
      await shown().evaluate(() => (performance.now = () => 3_600_000));
      await shown().evaluate(() => (document.body.dataset.old = 'old'));
      expired = host.asked.page;
    };
    const isNew = async () => {
      await shown().locator('body:not([data-old])').waitFor();
      await rows(shown()).first().waitFor();
    };
    await use(shown, host, expire, isNew);
    assert.deepEqual(unwanted(wrong), []);
    await close();
  } finally {
    host.close();
  }
}

for (const where of ['', 'frame']) {
  test(`what was set in a page ${where && 'in a frame '}outlives its key`, async () => {
    await withPage((what) => (what === 'find' ? { sessions: [] } : RUN), where, async (shown, host, expire, isNew) => {
      const frame = shown();
      await frame.selectOption('#theme', 'dark');
      await frame.selectOption('#order', 'index');
      await frame.click('#filters .chip:has-text("running")');
      await frame.fill('#search', 'task-1');
      await frame.locator('#rows [data-task="task-11"] .row').click();
      await frame.click('#zoom-in');
      await frame.locator('#search').focus();
      const look = () => shown().evaluate(() => ({
        theme: document.documentElement.dataset.theme,
        values: ['search', 'order', 'grouping'].map((id) => document.getElementById(id).value),
        pressed: [...document.querySelectorAll('#filters [aria-pressed="true"]')].map((chip) => chip.textContent),
        count: document.getElementById('count').textContent,
        opened: document.getElementById('details-title')?.textContent,
        marked: document.querySelector('#rows .row.open')?.parentElement.dataset.task,
        part: document.getElementById('timeline').style.getPropertyValue('--scale'),
        focus: document.activeElement.id,
      }));
      const before = await look();
      assert.deepEqual([before.theme, before.count, before.opened, before.focus], ['dark', '6 of 60 tasks', 'task-11', 'search']);
      await expire();
      await isNew();
      await shown().locator('#details-title').waitFor();
      assert.deepEqual(await look(), before);
      assert.equal(new URL(await shown().evaluate(() => location.href)).hash, '', 'it is read once');
    });
  });
}

test('a search of texts by a key that is not taken any more goes on in the next page', async () => {
  const found = { sessions: [['code_reviewer task-7 [01234567]', [0]]] };
  await withPage((what) => (what === 'find' ? found : ended(TASKS, 'E_TIMEOUT')), 'frame', async (shown, host, expire, isNew) => {
    await expire();
    await shown().fill('#search', 'invoice');
    await isNew();
    await shown().locator('#count', { hasText: '1 of 60 tasks' }).waitFor();
    assert.equal(await shown().evaluate(() => document.activeElement.id), 'search');
    assert.ok(await shown().locator('#unsearched').isHidden());
  });
});

test('the list of runs keeps its search', async () => {
  const list = ['pa-1', 'pa-2'].map((run_id) => ({ run_id, function: 'run_tasks', session: 'main', started: new Date(0).toISOString(), state: 'running' }));
  const told = { now_ms: 0, revision: '1', document: { format: 1, runs: list } };
  const host = await hosted((what) => (host.asked.page === 1 && isExpired ? EXPIRED : told), 'runs.html');
  let isExpired = false;
  try {
    const { page, close } = await visit(host.url, () => true);
    await page.fill('#search', 'pa-2');
    await page.evaluate(() => (performance.now = () => 3_600_000));
    isExpired = true;
    while (host.asked.page < 2) await page.waitForTimeout(50);
    await page.locator('#rows tr').first().waitFor();
    assert.deepEqual([await page.inputValue('#search'), await page.locator('#rows tr').count()], ['pa-2', 1]);
    await close();
  } finally {
    host.close();
  }
});

test('what somebody else wrote behind the # does no harm', async () => {
  const odd = { words: {}, order: 'x', grouping: 1, statuses: 'x', codes: [1], part: [], scroll: [1], opened: {}, focus: 'no such', row: 7, theme: [], unfolded: {} };
  const others = { words: 5, order: null, tab: 'no such', part: ['a', 1], scroll: 'ab', opened: 'no such', focus: {}, row: 'no such' };
  const written = [odd, others].map((value) => `#kept=${encodeURIComponent(JSON.stringify(value))}`);
  for (const hash of ['#kept=', '#kept=%', '#kept=null', '#kept=7', '#rows', ...written]) {
    const host = await hosted(() => RUN);
    try {
      const { page, wrong, close } = await visit(`${host.url}${hash}`, () => true);
      await page.locator('#count', { hasText: '60 tasks' }).waitFor();
      assert.deepEqual(unwanted(wrong), [], hash);
      await close();
    } finally {
      host.close();
    }
  }
});
