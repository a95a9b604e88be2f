// The details of a task that runs: their times go on, and what somebody is at stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rows, visit } from './browser.mjs';
import { hosted, running, unwanted } from './host.mjs';

test('the times of an open task go on, and nothing else is drawn again', async () => {
  const usage = { input_tokens: 5, output_tokens: 2 };
  const waits = { started_ms: null };
  const told = running([['one', 'running']], [['one', { ended_ms: 400, outcome: 'failed', usage }], ['one', waits]]);
  told.sessions[1][1].label = 'code_reviewer one #2 [01234567]';
  let nowMs = told.now_ms;
  let news = {};
  const host = await hosted((what, url) => (what === 'text' ? 'The prompt.' : url.searchParams.get('rev') === '' ? told : { ...news, now_ms: nowMs }));
  try {
    const { page, wrong, close } = await visit(host.url, () => true);
    await rows(page).first().click();
    const took = page.locator('#details .took');
    assert.deepEqual(await took.allInnerTexts(), ['10.0 s', 'sim/standard, 0 + 400 ms, 7 tokens', 'sim/standard, 0 + 10.0 s, ran after 10.0 s']);
    const summary = page.locator('#details summary').first();
    await summary.click();
    await page.locator('#details pre').waitFor();
    await page.locator('#details pre').focus();
    await page.locator('#details').evaluate((box) => {
      for (const element of box.querySelectorAll('*')) element.dataset.kept = 'yes';
    });
    nowMs = 15_000;
    await page.locator('#details .details-line', { hasText: '15.0 s' }).waitFor();
    assert.deepEqual(await took.allInnerTexts(), ['15.0 s', 'sim/standard, 0 + 400 ms, 7 tokens', 'sim/standard, 0 + 15.0 s, ran after 15.0 s']);
    assert.equal(await page.locator('#details :not([data-kept])').count(), 0, 'the elements are the same');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'PRE');
    // It leaves the queue.
    const started = { ...told.sessions[1][1], started_ms: 12_000 };
    news = { revision: '2', goes_on: true, more: false, document: { ...told.document, live: { ...told.document.live, now_ms: 16_000 } }, tasks: [], sessions: [[1, started]] };
    nowMs = 16_000;
    await took.filter({ hasText: 'ran after 12.0 s' }).waitFor();
    assert.equal(await page.locator('#details :not([data-kept])').count(), 0);
    assert.deepEqual(unwanted(wrong), []);
    await close();
  } finally {
    host.close();
  }
});
