// What has to be right in the page of a run that goes on, whichever host serves it.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { SHOTS, rows, serious } from './browser.mjs';

/** The page is open, or a frame with it; the run has `total` tasks of which some run. Returns what has to hold once it has ended. */
export async function watched(page, total, host, shoot = page) {
  await rows(page).first().waitFor();
  const verdict = () => page.locator('#verdict').innerText();
  assert.equal(await verdict(), 'running');
  assert.match(await page.locator('#subtitle').innerText(), new RegExp(`of ${total} tasks ended`));
  assert.match(await page.locator('#summary').innerText(), new RegExp(`of ${total}`));
  assert.ok((await page.locator('#rows .bar.running').count()) > 0, 'a session runs');
  assert.deepEqual(await serious(page), [], 'while it runs');
  await shoot.screenshot({ path: join(SHOTS, `${host}-live.png`) });

  // A session's prompt is read when somebody wants it.
  const running = page.locator('#rows .row:has(.bar.running)').first();
  const id = await running.locator('.id').innerText();
  await running.click();
  const details = page.locator('#details');
  assert.equal(await details.locator('h2').innerText(), id);
  await details.locator('summary', { hasText: 'Prompt' }).first().click();
  await details.locator('pre').first().waitFor();
  assert.ok((await details.locator('pre').first().innerText()).length > 100);
  await page.fill('#search', '');
  // Elements are marked, so that one that was made anew is found out.
  await page.locator('#rows').evaluate((list) => {
    for (const item of list.children) item.firstChild.dataset.kept = item.dataset.task;
  });
  const marked = await page.locator('#rows [data-kept]').count();
  await page.locator(`#rows [data-task="${id}"] button`).focus();

  return async () => {
    await page.locator('#verdict:not(.running)').waitFor({ timeout: 60_000 });
    assert.equal(await verdict(), 'completed');
    assert.equal(await rows(page).count(), total);
    const kept = await page.locator('#rows [data-kept]').evaluateAll((all) => all.map((row) => row.dataset.kept === row.parentElement.dataset.task));
    assert.ok(kept.length === marked && kept.every(Boolean), `${kept.length} of ${marked} rows are the same elements`);
    assert.equal(await page.evaluate(() => document.activeElement?.parentElement?.dataset.task), id, 'the focus has not moved');
    assert.equal(await details.locator('h2').innerText(), id, 'what was open is open');
    assert.match(await details.innerText(), /Output/);
    assert.equal(await page.locator('#rows .bar.running').count(), 0);
    assert.ok(await page.locator('#notice').isHidden());
    assert.deepEqual(await serious(page), [], 'when it has ended');
    await shoot.screenshot({ path: join(SHOTS, `${host}-ended.png`) });
  };
}
