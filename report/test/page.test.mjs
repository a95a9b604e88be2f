// The page in a real browser, as the simulator writes it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { alike } from './alike.mjs';
import { SHOTS, SIZE, embedded, open, place, rows, scale } from './browser.mjs';
import { request } from './request.mjs';
import { call, rewritten, script } from './simulator.mjs';

const runFile = join(place, 'run.html');
/** The document inside of it. */
let run;

before(() => {
  const ran = call('run_tasks', request(), runFile, script('bad-day.toml'));
  assert.equal(ran.status, 1, ran.stderr);
  run = embedded(runFile);
  assert.deepEqual(run.report, ran.reply);
});

/** The same page with another document. */
const write = (name, document) => rewritten(runFile, name, document);

alike(runFile, 'simulator');

test('a run of 200 tasks is shown as it went', async () => {
  const { page, close } = await open(runFile);
  const { census, results } = run.report;
  assert.equal(results.length, 200);
  assert.ok(census.completed < 200 && census.completed > 100, 'the day is bad, but not that bad');
  const sessions = results.flatMap(({ metadata }) => metadata.attempt_log);
  for (const kind of ['first', 'retry', 'correction', 'climb']) assert.ok(sessions.some((session) => session.kind === kind), kind);
  assert.ok(sessions.some(({ status }) => status === 'cancelled'), 'a session was stopped');
  assert.ok((await page.locator('#rows .wait.queued').count()) > 0, 'more tasks than places');
  assert.match(await page.locator('#overview-words').innerText(), /retries, corrections/);
  // Its sessions did not all say what they used, so that the budget counts more than the cost does.
  assert.equal(run.report.usage_complete, false);
  assert.match(await page.locator('#summary').innerText(), /counts with what was reserved/);
  assert.equal(await page.locator('.saving').count(), 0);
  await close();
});

test('what the ladder saved is shown where every session said what it used', async () => {
  const file = join(place, 'good.html');
  const ran = call('run_tasks', request(5), file, script('good-day.toml'));
  assert.equal(ran.status, 0, ran.stderr);
  const { report } = embedded(file);
  const { micro_usd: paid, all_premium_micro_usd: premium, saved_micro_usd: saved } = report.cost;
  assert.equal(report.usage_complete, true);
  assert.ok(saved > 0 && saved === premium - paid, JSON.stringify(report.cost));
  const { page, wrong, close } = await open(file);
  const words = await page.locator('.saving').innerText();
  assert.ok(words.endsWith(` saved (${Math.round((100 * saved) / premium)} %)`), words);
  assert.ok(words.startsWith(`$${(saved / 1_000_000).toFixed(2)}`), words);
  assert.equal(await page.locator('.compared').count(), 2);
  assert.ok(!/reserved/.test(await page.locator('#summary').innerText()));
  await page.screenshot({ path: join(SHOTS, 'saving-light.png') });
  assert.deepEqual(wrong, []);
  await close();
});

test('who has no pointer sees the button that copies', async () => {
  const seen = async (options) => {
    const { page, close } = await open(runFile, options);
    await rows(page).first().click();
    const opacity = await page.locator('#details .copy').first().evaluate((element) => Number(getComputedStyle(element).opacity));
    await close();
    return opacity;
  };
  assert.equal(await seen({ hasTouch: true, isMobile: true }), 1);
  assert.ok((await seen({})) < 0.1);
});

test('everything can be done with the keyboard', async () => {
  const { page, close } = await open(runFile);
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    return element.getAttribute('aria-label') ?? (element.matches('.row') ? element.querySelector('.name').textContent : element.id);
  });
  for (let presses = 0; !(await focused()).includes('session') && presses < 60; presses++) await page.keyboard.press('Tab');
  const first = await focused();
  assert.match(first, /\S+ \S+: \w+/, 'a row was reached with Tab');
  await page.keyboard.press('ArrowDown');
  const second = await focused();
  assert.notEqual(second, first);
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  assert.equal(await focused(), first);
  const before = await scale(page);
  await page.keyboard.press('+');
  assert.ok((await scale(page)) > before);
  await page.keyboard.press('f');
  const bar = await page.locator('#rows .row:focus .bar').last().boundingBox();
  assert.ok(bar.width > 50 && bar.x + bar.width <= SIZE.width, 'the whole task is in sight');
  await page.keyboard.press('0');
  assert.equal(await scale(page), before);
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#details').isVisible());
  assert.equal(await focused(), 'Task');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#details').isHidden());
  assert.equal(await focused(), first, 'the focus is back where it was');
  await page.locator('#tab-timeline').focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.locator('#graph').isVisible());
  await page.locator('.node[tabindex="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#details').isVisible());
  await page.keyboard.press('Escape');
  assert.match(await focused(), /depends on/);
  await close();
});

test('filters, orders and zoom', async () => {
  const { page, close } = await open(runFile);
  const { census, results } = run.report;
  await page.locator('#filters button', { hasText: 'failed' }).first().click();
  assert.equal(await rows(page).count(), census.failed);
  await page.locator('#filters button', { hasText: 'timeout' }).first().click();
  assert.equal(await rows(page).count(), census.failed + census.timeout);
  await page.fill('#search', 'no such task');
  assert.ok(await page.locator('#nothing').isVisible());
  await page.click('#clear');
  assert.equal(await rows(page).count(), 200);
  await page.fill('#search', 'merge-');
  const merged = await rows(page).count();
  const code = page.locator('#filters .code').first();
  await code.click();
  assert.equal(await code.getAttribute('aria-pressed'), 'true');
  assert.equal(await page.inputValue('#search'), 'merge-');
  const failed = results.filter(({ task_id: id, error }) => id.startsWith('merge-') && error?.code === 'E_DEP_FAILED').length;
  assert.ok((await code.innerText()).startsWith('E_DEP_FAILED') && failed > 0 && failed < merged);
  assert.equal(await rows(page).count(), failed);
  await page.click('#filters .code >> nth=0');
  assert.equal(await code.getAttribute('aria-pressed'), 'false');
  await page.fill('#search', '');
  await page.selectOption('#order', 'index');
  assert.equal(await rows(page).first().locator('.id').textContent(), results[0].task_id);
  const whole = await scale(page);
  const lane = await page.locator('.lane').nth(3).boundingBox();
  await page.mouse.move(lane.x + lane.width / 2, lane.y + 8);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await page.waitForFunction((scale) => Number(document.getElementById('timeline').style.getPropertyValue('--scale')) > scale, whole);
  await page.click('#zoom-reset');
  const chart = await page.locator('#overview-chart').boundingBox();
  await page.mouse.move(chart.x + chart.width * 0.1, chart.y + 20);
  await page.mouse.down();
  await page.mouse.move(chart.x + chart.width * 0.2, chart.y + 20, { steps: 4 });
  await page.mouse.up();
  const zoomed = (await scale(page)) / whole;
  assert.ok(zoomed > 9 && zoomed < 11, `a tenth of the run is shown: ${zoomed}`);
  await page.mouse.dblclick(chart.x + 50, chart.y + 20);
  assert.equal(await scale(page), whole);
  await close();
});

test('the marks of an axis tell each from the next, in one unit', async () => {
  const { page, close } = await open(runFile);
  const words = (place) => page.locator(`${place} span`).allTextContents();
  assert.ok((await words('.ruler')).every((mark) => /^(0|\d+:\d\d)$/.test(mark)));
  for (let before = 0, now; (now = await scale(page)) > before; before = now) {
    const marks = (await words('#axis')).filter(Boolean);
    assert.equal(new Set(marks).size, marks.length, marks.join(' '));
    for (const mark of marks) assert.match(mark, /^(0|\d+:\d\d(\.\d{1,3})?)$/);
    await page.click('#zoom-in');
  }
  assert.ok((await words('#axis')).some((mark) => /\.\d{3}$/.test(mark)), 'down to milliseconds');
  await close();
});

test('the page says one number for the most sessions at once', async () => {
  const { page, close } = await open(write('peak.html', { ...run, report: { ...run.report, peak_in_flight: 19 } }));
  assert.match(await page.locator('#summary').innerText(), /At once, at most\s+19\b/);
  assert.match(await page.locator('#overview-words').innerText(), /^at most 19\b/);
  assert.match(await page.locator('#overview-chart svg').getAttribute('aria-label'), /at most 19 at once/);
  await close();
});

test('a run of which nothing was completed was no faster than anything', async () => {
  const results = run.report.results.map((result) => ({ ...result, status: 'cancelled' }));
  const { page, close } = await open(write('cancelled.html', { ...run, report: { ...run.report, status: 'cancelled', results, census: { cancelled: 200 } } }));
  const words = await page.locator('#summary').innerText();
  assert.match(words, /0 of 200/);
  assert.doesNotMatch(words, /Faster/);
  await close();
});

test('numbers are those of the command line', async () => {
  const { page, close } = await open(runFile);
  const said = await page.evaluate(() => [duration(630_999), duration(7_384_000), duration(59_940), money(7), money(1_200), money(223_911), money(-42)]);
  assert.deepEqual(said, ['10 min 30 s', '2 h 03 min', '59.9 s', '$0.000007', '$0.0012', '$0.22', '−$0.000042']);
  await close();
});

test('words beside the pointer go when what is below it changes', async () => {
  const { page, close } = await open(runFile);
  const tip = page.locator('#tip');
  const seen = async () => {
    await page.mouse.move(0, 0);
    await page.locator('#rows .bar:not(.starting)').first().hover();
    assert.ok(await tip.isVisible());
  };
  await seen();
  await page.mouse.wheel(0, 300);
  await tip.waitFor({ state: 'hidden' });
  await seen();
  await page.mouse.down();
  await page.mouse.up();
  assert.ok(await page.locator('#details').isVisible());
  assert.ok(await tip.isHidden());
  await close();
});

test('the focus stays on the page when a closed task is not in the view', async () => {
  const { page, close } = await open(runFile);
  const focused = () => page.evaluate(() => document.activeElement.id);
  await page.fill('#search', 'note-01');
  await rows(page).first().click();
  await page.click('#tab-graph');
  await page.locator('#details .close').click();
  assert.equal(await focused(), 'tab-graph');
  await page.click('#tab-timeline');
  await rows(page).first().click();
  await page.fill('#search', 'no such task');
  await page.locator('#details .close').click();
  assert.equal(await focused(), 'search');
  await close();
});

test('the theme follows the system until somebody chooses', async () => {
  const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await open(runFile, { colorScheme: 'light' });
  const dark = await open(runFile, { colorScheme: 'dark' });
  const [white, black] = [await paper(light.page), await paper(dark.page)];
  assert.notEqual(white, black);
  await dark.page.selectOption('#theme', 'light');
  assert.equal(await paper(dark.page), white);
  await dark.page.selectOption('#theme', 'dark');
  assert.equal(await paper(dark.page), black);
  await dark.page.screenshot({ path: join(SHOTS, 'timeline-dark.png') });
  await light.close();
  await dark.close();
});

test('500 tasks are all there and can be used', async () => {
  const copies = [1, 2, 3].map((copy) => JSON.parse(JSON.stringify(run.report.results).replaceAll(/"(draft|check|merge|review|note)-/g, `"$1-${copy}-`)));
  const results = copies.flat().slice(0, 500);
  const file = write('many.html', { ...run, report: { ...run.report, results } });
  const { page, wrong, close } = await open(file);
  assert.equal(await rows(page).count(), 500);
  const elements = await page.evaluate(() => document.querySelectorAll('#rows *').length);
  assert.ok(elements < 500 * 20, `${elements} elements`);
  await page.locator('#rows li').last().scrollIntoViewIfNeeded();
  await rows(page).last().click();
  assert.ok(await page.locator('#details').isVisible());
  await page.keyboard.press('Escape');
  await page.locator('#rows .row').first().focus();
  for (let times = 0; times < 6; times++) await page.keyboard.press('+');
  await page.screenshot({ path: join(SHOTS, 'many-zoomed.png') });
  await page.click('#tab-graph');
  assert.ok((await page.locator('.node').count()) > 300);
  await page.screenshot({ path: join(SHOTS, 'many-graph.png') });
  assert.deepEqual(wrong, []);
  await close();
});

test('what an agent wrote stays text', async () => {
  const evil = '</script><img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>';
  const attempt = { number: 1, kind: 'first', status: 'completed', started_ms: 0, ended_ms: 10, session_key: evil, model_applied: evil, error: { code: evil, message: evil } };
  const result = { task_id: evil, agent_type: evil, status: 'failed', output: { [evil]: evil }, execution_time: 0.01, error: { code: evil, message: evil }, metadata: { label: evil, attempt_log: [attempt], decisions: [{ at_ms: 1, what: evil }], dependencies: [evil] } };
  const document = { format: 1, function: evil, report: { status: evil, results: [result], elapsed_seconds: 0.01 }, sessions: [{ session_key: evil, label: evil, prompt: evil, answer: evil, asked_ms: 0 }] };
  const { page, wrong, close } = await open(write('evil.html', document));
  await rows(page).first().click();
  for (const summary of await page.locator('summary').all()) await summary.click();
  assert.equal(await page.locator('.session pre').first().textContent(), evil);
  await page.hover('.bar');
  await page.click('#tab-graph');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('reports of other shapes are shown as far as they go', async () => {
  const documents = {
    null: null,
    empty: { format: 1, function: 'run_tasks', report: { status: 'failed', results: [] }, sessions: [] },
    workflow: { format: 1, function: 'orchestrate', report: { status: 'completed', run: run.report }, sessions: [] },
    bare: { format: 1, report: { results: [{ task_id: 'a' }, { task_id: 'b', metadata: { dependencies: ['a', 'gone'] } }] } },
  };
  for (const [name, document] of Object.entries(documents)) {
    const { page, wrong, close } = await open(write(`${name}.html`, document));
    const wanted = { null: 0, empty: 0, workflow: 200, bare: 2 }[name];
    assert.equal(await rows(page).count(), wanted, name);
    assert.equal(await page.locator('#work').isVisible(), wanted > 0, name);
    if (wanted > 0) await page.click('#tab-graph');
    assert.deepEqual(wrong, [], name);
    await close();
  }
});
