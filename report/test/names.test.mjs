// Tasks whose names are longer than the labels of their sessions.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rows, visit } from './browser.mjs';
import { ended, hosted, running, unwanted } from './host.mjs';

const LONG = `${'long-'.repeat(30)}`;
const TASKS = [`${LONG}1`, `${LONG}2`];

/** The record of a session, with a label that is cut. */
const session = (task, number, fields) => [task, { label: `code_reviewer ${LONG.slice(0, 90)}~${TASKS.indexOf(task)}${number > 1 ? ` #${number}` : ''} [01234567]`, task_id: task, number, ...fields }];

async function withPage(answer, use) {
  const host = await hosted(answer);
  try {
    const { page, wrong, close } = await visit(host.url, () => true);
    await rows(page).first().waitFor();
    await use(page, page.locator('#details'));
    assert.deepEqual(unwanted(wrong), []);
    await close();
  } finally {
    host.close();
  }
}

test('a task that runs has its sessions, however long its name is', async () => {
  const [first, second] = TASKS;
  const over = { ended_ms: 500, outcome: 'failed' };
  const told = running(TASKS.map((id) => [id, 'running']), [session(first, 1, over), session(second, 1, {}), session(first, 2, {})]);
  const find = { sessions: [[told.sessions[1][1].label, [0]]] };
  await withPage((what) => (what === 'find' ? find : told), async (page, details) => {
    await page.locator(`#rows [data-task="${first}"] .row`).click();
    assert.match(await details.innerText(), /Sessions \(2\)/);
    assert.match(await details.innerText(), /Started\s+0\b/);
    await page.locator(`#rows [data-task="${second}"] .row`).click();
    assert.match(await details.innerText(), /Sessions \(1\)/);
    await page.fill('#search', 'invoice');
    await page.locator('#count', { hasText: '1 of 2 tasks' }).waitFor();
    assert.equal(await page.locator('#rows li').getAttribute('data-task'), second);
  });
});

test('what an earlier release has kept is found by its labels', async () => {
  const told = running([['one', 'running']], [['one', { ended_ms: 500, outcome: 'failed' }], ['one', { label: 'code_reviewer one #2 [01234567]' }]]);
  await withPage(() => told, async (page, details) => {
    await rows(page).first().click();
    assert.match(await details.innerText(), /Sessions \(2\)/);
  });
});

test('a spawn that brought no session has its prompt by its task', async () => {
  const told = ended(TASKS, 'E_SPAWN');
  for (const { metadata } of told.document.report.results) metadata.attempt_log.push({ number: 2, kind: 'retry', status: 'failed', started_ms: 20, ended_ms: 30, session_key: null });
  told.document.sessions = TASKS.flatMap((task) => [1, 2].map((number) => ({ session_key: null, ...session(task, number)[1], asked_ms: 0, prompt_chars: number * 100, answer_chars: 0 })));
  await withPage(() => told, async (page, details) => {
    await page.locator(`#rows [data-task="${TASKS[1]}"] .row`).click();
    assert.match((await details.locator('.session').nth(1).innerText()), /Prompt 200 characters/);
  });
});
