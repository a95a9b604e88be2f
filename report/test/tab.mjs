// The tab of the Control UI in a real gateway, in a real browser. `cargo xtask e2e --only pages` calls it with
//   URL       the tab's address, with the gateway's token behind a #
//   RUN       the run that goes on while this looks
//   RELEASE   where to POST so that its sessions end
//   TASKS     how many it has
//   SESSION   the session that asked for it
// and with what browser.mjs needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serious, visit } from './browser.mjs';
import { watched } from './live.mjs';

const { URL: address, RUN, RELEASE, TASKS, SESSION } = process.env;
const { origin } = new URL(address);

test('the tab lists the run, shows it to its end, and opens its sessions', async () => {
  // What the Control UI around it asks for and says is its own business; inside the frame nothing may be refused.
  const { page, wrong, close } = await visit(address, () => true);
  page.setDefaultTimeout(60_000);
  const frame = () => page.frames().find((frame) => frame.url().startsWith(`${origin}/plugins/parallel-agents/runs`));
  await page.locator('iframe.plugin-tab-embed__frame').waitFor();
  await page.waitForFunction(() => document.querySelector('iframe.plugin-tab-embed__frame'));
  while (!frame()) await page.waitForEvent('framenavigated');
  assert.match(await page.locator('iframe.plugin-tab-embed__frame').getAttribute('sandbox'), /^allow-scripts$/);
  const row = frame().locator('#rows tr', { hasText: RUN });
  await row.waitFor();
  assert.match(await row.innerText(), new RegExp(`running.*of ${TASKS}.*${SESSION}.*cancel ${RUN}`, 's'));
  assert.deepEqual(await serious(frame()), [], 'the list');
  await row.locator('a').click();
  await frame().locator('#verdict').waitFor();
  const hasEnded = await watched(frame(), Number(TASKS), 'gateway', page);
  await fetch(RELEASE, { method: 'POST' });
  await hasEnded();
  const refused = wrong.filter((words) => /Content Security Policy|CORS|\/plugins\/parallel-agents\//.test(words) && !/frame_auth/.test(words));
  assert.deepEqual(refused.filter((words) => !words.startsWith(origin)), []);

  const child = await frame().locator('#details .session .key-line').first().innerText();
  await frame().locator('#details .session .link').first().click();
  await page.waitForURL((url) => url.pathname.includes('/chat/'));
  const named = decodeURIComponent(page.url());
  const [, key] = /(agent:\S+)/.exec(child) ?? [];
  assert.ok(named.includes(key.split(':').at(-1)), `${named} is the session ${key}`);
  await close();
});
