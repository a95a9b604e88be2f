// A run of 10,000 tasks in a real browser: what is in the document, how long things take, and that all of it can be reached.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { SHOTS, open, place, rows, scale, serious } from './browser.mjs';
import { rewritten } from './simulator.mjs';
import { wide } from './wide.mjs';

const TASKS = 10_000;
const ITEMS = TASKS / 2;
/** Of a processor: some three times what was measured on two busy ones. They find what grows with the tasks, and no slow machine. */
const MOST_OPEN_MS = 3_000;
const MOST_FRAME_MS = 100;
const MOST_SEARCH_MS = 1_000;
/** Of the whole page; a row has some ten. */
const MOST_NODES = 2_500;

const file = join(place, 'wide.html');
/** A word that one answer has. */
const RARE = 'heliotrope';
let document_;
/** The result that has it. */
let answered;

before(() => {
  const real = join(place, 'real.html');
  document_ = wide(real, TASKS / 200);
  assert.equal(document_.report.run.results.length, TASKS);
  answered = document_.report.run.results.findLast(({ task_id: id, status }) => status === 'completed' && id.endsWith('-polish'));
  const { session_key: key } = answered.metadata.attempt_log.findLast(({ status }) => status === 'completed');
  document_.sessions.find(({ session_key }) => session_key === key).answer += ` ${RARE}`;
  rewritten(real, 'wide.html', document_);
});

const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length);
const topId = (page) => page.evaluate(() => document.elementFromPoint(200, 400)?.closest('li')?.dataset.task);

test('it opens at once, and only what is in view is in the document', async (context) => {
  const began = performance.now();
  const { page, wrong, busy, close } = await open(file);
  await rows(page).first().waitFor();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const took = Math.round(performance.now() - began);
  const cost = await busy();
  context.diagnostic(`${Math.round(statSync(file).size / 2 ** 20)} MiB, opened in ${took} ms, ${cost} of them of a processor, ${await nodes(page)} nodes`);
  assert.ok(cost < MOST_OPEN_MS, `${cost} ms`);
  assert.ok((await nodes(page)) < MOST_NODES, `${await nodes(page)} nodes`);
  assert.equal(await page.locator('#count').innerText(), '10,000 tasks');
  assert.ok(await page.locator('#partial').isVisible(), 'who searches with the browser is told');
  const { items } = document_.report;
  assert.match(await page.locator('#outcome').innerText(), new RegExp(`${items.completed.toLocaleString('en')} of 5,000 items are completed; .*${items.skipped} skipped`));
  await page.screenshot({ path: join(SHOTS, 'wide.png') });
  assert.deepEqual(wrong, []);
  await close();
});

test('it scrolls through all rows, and they come and go', async (context) => {
  const { page, wrong, busy, close } = await open(file);
  await rows(page).first().waitFor();
  await page.locator('#rows').evaluate((list) => list.scrollIntoView());
  const first = await topId(page);
  const before = await busy();
  // A screen in three frames, which is faster than a wheel.
  const frames = await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const began = await frame();
    let [last, most, without] = [began, 0, 0];
    for (let count = 0; count < 90; count++) {
      scrollBy(0, 300);
      // The rows follow in the frame after the next, and some are there before they are in view.
      last = await frame();
      most = Math.max(most, document.querySelectorAll('#rows li').length);
      if (!document.elementFromPoint(200, 400)?.closest('li')) without += 1;
    }
    return { ms: (last - began) / 90, most, without };
  });
  const cost = ((await busy()) - before) / 90;
  context.diagnostic(`a frame in ${frames.ms.toFixed(1)} ms, ${cost.toFixed(1)} of them of a processor; at most ${frames.most} rows in the document`);
  assert.ok(cost < MOST_FRAME_MS, `${cost} ms`);
  assert.ok(frames.most < 120, `${frames.most} rows`);
  assert.equal(frames.without, 0, 'there is a row in the middle of the screen in every frame');
  assert.notEqual(await topId(page), first);
  // Of ten hours, the rows in view are a few minutes.
  const whole = await scale(page);
  await page.click('#zoom-rows');
  assert.ok((await scale(page)) > 10 * whole);
  await page.screenshot({ path: join(SHOTS, 'wide-rows.png') });
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.locator(`#rows li[aria-posinset="${TASKS}"][aria-setsize="${TASKS}"]`).waitFor();
  assert.ok((await nodes(page)) < MOST_NODES);
  assert.deepEqual(wrong, []);
  await close();
});

test('the keyboard goes to every row, and the focus stays where it is while others come and go', async () => {
  const { page, close } = await open(file);
  await rows(page).first().focus();
  const focused = () => page.evaluate(() => document.activeElement.closest('li')?.getAttribute('aria-posinset'));
  assert.equal(await focused(), '1');
  await page.keyboard.press('End');
  assert.equal(await focused(), String(TASKS));
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(), String(TASKS - 1));
  const box = await page.locator('#rows .row:focus').boundingBox();
  assert.ok(box.y > 0 && box.y < 900, 'it is in view');
  const id = await page.locator('#rows li:has(:focus)').getAttribute('data-task');
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('#rows li[aria-posinset="1"]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest('li').dataset.task), id);
  assert.ok((await nodes(page)) < MOST_NODES);
  await page.keyboard.press('PageUp');
  assert.equal(await focused(), String(TASKS - 16));
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#details').isVisible());
  await page.keyboard.press('Escape');
  assert.equal(await focused(), String(TASKS - 16));
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
  await close();
});

test('tasks are found by id, description and answer', async (context) => {
  const { page, busy, close } = await open(file);
  const { results } = document_.report.run;
  const found = async (words) => {
    const before = await busy();
    await page.fill('#search', words);
    const text = await page.locator('#count').innerText();
    const cost = (await busy()) - before;
    context.diagnostic(`${words} in ${cost} ms of a processor: ${text}`);
    assert.ok(cost < MOST_SEARCH_MS, `${cost} ms`);
    return Number(/^([\d,]+)/.exec(text)[1].replaceAll(',', ''));
  };
  assert.equal(await found('item-4999-'), 2);
  assert.equal(await found(RARE), 1);
  assert.equal(await rows(page).first().locator('.id').innerText(), answered.task_id);
  await rows(page).first().click();
  // The report of such a run has no outputs: what the session said is shown.
  assert.match(await page.locator('#details').innerText(), /no outputs of items/);
  assert.ok((await page.locator('#details pre').first().innerText()).includes(RARE));
  const asked = results.filter(({ metadata }) => metadata.attempt_log.length > 0 && (Number(/\d+/.exec(metadata.label)[0]) - 1) % 5 === 2).length;
  assert.equal(await found('"fog horns"'), asked);
  assert.equal(await found('no-such-word'), 0);
  assert.ok(await page.locator('#nothing').isVisible());
  await close();
});

test('groups have the numbers of the report', async () => {
  const { page, wrong, close } = await open(file);
  const { results } = document_.report.run;
  const census = {};
  for (const { status } of results) census[status] = (census[status] ?? 0) + 1;
  const group = async (by) => {
    await page.selectOption('#grouping', by);
    return page.locator('#rows .group').evaluateAll((all) => all.map((row) => row.querySelector('.id').textContent + row.querySelector('.unseen').textContent));
  };
  const thousands = (number) => number.toLocaleString('en');
  const statuses = await group('status');
  assert.equal(statuses.length, Object.keys(census).length);
  for (const [status, times] of Object.entries(census)) assert.ok(statuses.some((text) => text.includes(`${status}: ${thousands(times)} tasks`)), `${status} ${statuses}`);
  const codes = new Map();
  for (const { error } of results) if (error) codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
  const shown = await group('code');
  for (const [code, times] of codes) assert.ok(shown.some((text) => text.includes(`${code}: ${thousands(times)} tasks`)), code);
  assert.equal((await group('agent')).length, 2);
  await group('item');
  assert.equal(await page.locator('#count').innerText(), '10,000 tasks in 5,000 groups');
  const first = page.locator('#rows .group').first();
  assert.match(await first.innerText(), /item 1\s.*: 2 tasks/s);
  assert.equal(await first.getAttribute('aria-expanded'), 'false');
  await first.focus();
  await page.keyboard.press('Enter');
  assert.equal(await first.getAttribute('aria-expanded'), 'true');
  assert.deepEqual((await page.locator('#rows li[data-task] .id').allInnerTexts()).sort(), ['item-1-draft', 'item-1-polish']);
  assert.deepEqual(await serious(page), [], 'groups');
  await page.screenshot({ path: join(SHOTS, 'wide-items.png') });
  await page.click('#fold-all');
  await page.click('#fold-all');
  await page.locator(`#rows li[aria-setsize="${TASKS + ITEMS}"]`).first().waitFor();
  assert.ok((await nodes(page)) < MOST_NODES);
  assert.deepEqual(wrong, []);
  await close();
});

test('the graph draws kinds of tasks, and one task with those near it', async () => {
  const { page, wrong, close } = await open(file);
  await page.click('#tab-graph');
  assert.deepEqual(await page.locator('.node').evaluateAll((all) => all.map((node) => node.querySelector('text').textContent)), ['5,000 × item-#-draft', '5,000 × item-#-polish']);
  assert.deepEqual(await serious(page), [], 'kinds');
  await page.screenshot({ path: join(SHOTS, 'wide-graph.png') });
  await page.locator('.node').last().click();
  assert.match(await page.locator('#count').innerText(), /^5,000 of 10,000 tasks/);
  await page.locator('#filters button', { hasText: 'only item-#-polish' }).click();
  assert.equal(await page.locator('#count').innerText(), '10,000 tasks');
  await page.fill('#search', 'item-77-draft');
  await rows(page).first().click();
  await page.click('#tab-graph');
  assert.deepEqual(await page.locator('.node text:last-of-type').allTextContents(), ['item-77-draft', 'item-77-polish']);
  assert.ok((await nodes(page)) < MOST_NODES);
  assert.deepEqual(wrong, []);
  await close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`nothing keeps anybody from using it (${colorScheme})`, async () => {
    const { page, close } = await open(file, { colorScheme });
    await rows(page).nth(2).click();
    assert.deepEqual(await serious(page), [], 'timeline and details');
    await page.screenshot({ path: join(SHOTS, `wide-details-${colorScheme}.png`) });
    await close();
  });
}
