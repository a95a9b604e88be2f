// What has to be right in the page of a run, whichever host wrote it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { SHOTS, embedded, open, rows, serious, sessionsOf } from './browser.mjs';

/** Tests of the page in a file, which need not exist before the first of them runs. `host`: who wrote it. */
export function alike(file, host) {
  const shoot = (page, name) => page.screenshot({ path: join(SHOTS, `${host}-${name}.png`) });

  test('every task and every session is shown as it went', async () => {
    const { page, wrong, close } = await open(file);
    const { report } = embedded(file);
    const { census, results } = report;
    assert.equal(await rows(page).count(), results.length);
    assert.equal(await page.title(), `run_tasks: ${report.status}`);
    assert.match(await page.locator('#summary').innerText(), new RegExp(`${census.completed} of ${results.length}`));
    const sessions = results.flatMap(({ metadata }) => metadata.attempt_log);
    const shown = await page.locator('#rows .bar:not(.starting)').count();
    const unstarted = await page.locator('#rows .bar.starting:is(.completed, .failed, .timeout, .cancelled)').count();
    assert.equal(shown + unstarted, sessions.length, 'every session has its bar');
    for (const kind of ['first', 'retry', 'correction', 'climb', 'hedge', 'judge']) {
      const wanted = sessions.filter((session) => session.kind === kind).length;
      assert.equal(await page.locator(`#rows .bar.${kind}`).count(), wanted, kind);
    }
    const cancelled = sessions.filter(({ status }) => status === 'cancelled').length;
    assert.equal(await page.locator('#rows .bar.cancelled').count(), cancelled);
    await shoot(page, 'timeline-light');
    assert.deepEqual(wrong, []);
    await close();
  });

  test('a click shows the prompt, the sessions, the answer and the decisions of a task', async () => {
    const { page, wrong, close } = await open(file);
    const { report, ...document } = embedded(file);
    const sessions = sessionsOf(document);
    assert.ok(document.heads.length < document.sessions.length, 'what prompts have in common is told once');
    const count = ({ metadata }) => metadata.attempt_log.length;
    const [result] = report.results.filter(({ status }) => status === 'completed').sort((one, other) => count(other) - count(one));
    assert.ok(count(result) > 1, 'it took more than one session');
    await page.fill('#search', result.task_id);
    await rows(page).first().click();
    const details = page.locator('#details');
    assert.equal(await details.locator('h2').innerText(), result.task_id);
    assert.equal(await details.locator('.session').count(), count(result));
    assert.equal(await details.locator('.decisions li').count(), result.metadata.decisions.length);
    assert.deepEqual(JSON.parse(await details.locator('pre').first().innerText()), result.output);
    for (const [index, { session_key: key }] of result.metadata.attempt_log.entries()) {
      const { prompt, answer } = sessions.find(({ session_key }) => session_key === key);
      const session = details.locator('.session').nth(index);
      const summaries = await session.locator('summary').all();
      for (const summary of summaries) await summary.click();
      // A text comes with the event that follows its opening.
      await session.locator('details pre').nth(summaries.length - 1).waitFor({ state: 'attached' });
      const texts = await session.locator('pre').allTextContents();
      assert.ok(prompt && texts.includes(prompt), 'the prompt');
      assert.ok(answer === null || texts.includes(answer), 'the answer');
    }
    await shoot(page, 'details-light');
    // A task that it waited for is one click away.
    const dependency = result.metadata.dependencies[0];
    if (dependency) {
      await details.locator('.link', { hasText: dependency }).click();
      assert.equal(await details.locator('h2').innerText(), dependency);
    }
    assert.deepEqual(wrong, []);
    await close();
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`nothing keeps anybody from using the page (${colorScheme})`, async () => {
      const { page, close } = await open(file, { colorScheme });
      assert.deepEqual(await serious(page), [], 'timeline');
      await rows(page).nth(2).click();
      await page.locator('summary').first().click();
      assert.deepEqual(await serious(page), [], 'details');
      await page.click('#tab-graph');
      await shoot(page, `graph-${colorScheme}`);
      assert.deepEqual(await serious(page), [], 'graph');
      await page.setViewportSize({ width: 420, height: 800 });
      await page.click('#tab-timeline');
      await shoot(page, `narrow-${colorScheme}`);
      assert.deepEqual(await serious(page), [], 'narrow');
      await close();
    });
  }
}
