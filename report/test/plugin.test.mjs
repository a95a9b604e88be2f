// The page in a real browser, as the plugin writes it: tools, component and files are the plugin's own, and only
// OpenClaw is a stand-in.

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { FakeOpenClaw } from '../../skill/test/openclaw.ts';
import { directory, use } from '../../skill/test/use.ts';
import { alike } from './alike.mjs';
import { embedded, open, place, rows } from './browser.mjs';
import { request } from './request.mjs';

const EVIL = '</script><img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>';
const GOOD = JSON.stringify({ verdict: 'good', notes: EVIL });
const NOT_JSON = `It is good. ${EVIL}`;
const runFile = join(place, 'run.html');

/** A merge never has the form that was asked for, a check has it in the second session, and all else at once. */
function answerTo(prompt) {
  const wasTold = prompt.includes('It is good.');
  return prompt.includes('Merge chapter 2') || (prompt.includes('Check draft-01-1') && !wasTold) ? NOT_JSON : GOOD;
}

before(async () => {
  const openclaw = new FakeOpenClaw();
  const { subagent } = openclaw.runtime;
  const read = subagent.getSessionMessages;
  subagent.getSessionMessages = (asked) => {
    openclaw.answer = answerTo(openclaw.sessions.find(({ key }) => key === asked.sessionKey).prompt);
    return read(asked);
  };
  const { tasks } = request(2);
  const state = directory();
  const { run_id, state: ended } = await use(openclaw, 'run', { tasks, max_concurrent: 4, retries: 1 }, { state });
  assert.equal(ended, 'done');
  const { result } = await use(openclaw, 'call', { command: `report ${run_id}` }, { state });
  renameSync(result.file, runFile);
});

alike(runFile, 'plugin');

test('the run has what a page has to show, and nothing of it is carried out', async () => {
  const { report } = embedded(runFile);
  const statuses = new Set(report.results.map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), ['completed', 'failed', 'skipped']);
  const { page, wrong, close } = await open(runFile);
  for (const row of await rows(page).all()) {
    await row.click();
    for (const summary of await page.locator('#details summary').all()) await summary.click();
  }
  await page.click('#tab-graph');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});
