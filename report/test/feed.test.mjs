// What a page says when its host refuses, is not there, or answers what cannot be shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rows, visit } from './browser.mjs';
import { hosted, running, unwanted } from './host.mjs';

const RUN = running([['one', 'running']], [['one', {}]]);
const EVIL = '<img src=x onerror="window.hacked = 1">';
const PAUSE_MS = 2_500;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page of a host, until the test has used it. */
async function withPage(answer, use, file) {
  const host = await hosted(answer, file);
  try {
    const { page, wrong, close } = await visit(host.url, () => true);
    const notice = page.locator('#notice');
    await use({ page, host, notice, says: (words) => page.locator('#notice', { hasText: words }).waitFor() });
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(unwanted(wrong), []);
    await close();
  } finally {
    host.close();
  }
}

for (const status of [403, 404, 410]) {
  test(`a host that refuses with ${status} says why, and is not asked again`, async () => {
    await withPage(() => [status, `There is no such run. ${EVIL}\n`], async ({ page, host, notice, says }) => {
      await says('There is no such run.');
      assert.equal(await notice.innerText(), `There is no such run. ${EVIL}`);
      assert.equal(await page.locator('img').count(), 0);
      await pause(PAUSE_MS);
      assert.equal(host.asked.data, 1);
    });
  });
}

test('a run that was removed while it was watched keeps what was shown', async () => {
  let isThere = true;
  await withPage(() => (isThere ? RUN : [404, 'There is no such run.']), async ({ page, says }) => {
    await rows(page).first().waitFor();
    isThere = false;
    await says('There is no such run.');
    assert.equal(await rows(page).count(), 1);
    isThere = true;
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });
});

test('a host with trouble says which, and is asked until it has none', async () => {
  let isWell = false;
  await withPage(() => (isWell ? RUN : [500, 'The log of the gateway says why.']), async ({ page, notice, says }) => {
    await says('The log of the gateway says why. What is shown here may be old. Trying again.');
    isWell = true;
    await rows(page).first().waitFor();
    assert.ok(await notice.isHidden());
  });
});

test('the page of somebody between is not taken for a reason', async () => {
  await withPage(() => [502, `<html>${EVIL}</html>`, 'text/html'], async ({ says }) => says('The host answered 502. What is shown'));
});

test('no connection is called that', async () => {
  await withPage(() => RUN, async ({ page, host, says }) => {
    await rows(page).first().waitFor();
    host.close();
    await says('There is no connection. What is shown here may be old. Trying again.');
  });
});

test('what cannot be shown is no lost connection', async () => {
  await withPage(() => ({ ...RUN, tasks: null }), async ({ says }) => says('What the host answered cannot be shown: '));
});

test('the list of runs says it too', async () => {
  await withPage(() => [403, 'It is not for you.'], async ({ says }) => says('It is not for you.'), 'runs.html');
});
