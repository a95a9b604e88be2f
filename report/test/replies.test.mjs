// Replies that are no plain report: workflows, single results, refusals, and calls without a run.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { SHOTS, SIZE, open, place, rows, serious } from './browser.mjs';
import { call } from './simulator.mjs';

const example = (name) => JSON.parse(readFileSync(new URL(`../../skill/examples/${name}.json`, import.meta.url), 'utf8'));
const TASK = { task_id: 'one', agent_type: 'code_reviewer', task_description: 'Review it.', input_data: { code: 'let lamp = 1;' } };

/** The options by which agents always say the same. */
function saying(name, answer) {
  const file = join(place, `${name}.toml`);
  writeFileSync(file, `version = 1\ndefault_model = "sim/standard"\n[models."sim/standard"]\n[[answers]]\n${answer}\n`);
  return ['--script', file];
}

/** Calls a function, and hands its page to a check. */
async function shown({ name, asked, options = [], status, about }, check) {
  const file = join(place, `${about}.html`);
  const { reply, status: ended, stderr } = call(name, asked, file, ['--engine', 'native', ...options]);
  assert.equal(ended, status, stderr);
  const { page, wrong, close } = await open(file);
  await check(page, reply, await page.locator('#outcome').innerText());
  assert.deepEqual(wrong, []);
  await close();
  await looksWell(file, about);
}

/** That it can be read in both themes, and on a narrow screen. */
async function looksWell(file, about) {
  for (const [colorScheme, narrow] of [['light', false], ['dark', false], ['dark', true]]) {
    const { page, close } = await open(file, { colorScheme, viewport: narrow ? { width: 375, height: 800 } : SIZE });
    await page.screenshot({ path: join(SHOTS, `${about}-${narrow ? 'narrow' : colorScheme}.png`) });
    if (narrow || colorScheme === 'light') assert.deepEqual(await serious(page), [], about);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
    await close();
  }
}

/** The title, and what the head says of the end. */
async function verdict(page) {
  const mark = page.locator('#verdict');
  assert.ok((await page.title()).endsWith(`: ${await mark.innerText()}`));
  return [await page.title(), (await mark.getAttribute('class')).split(' ')[1]];
}

test('drafts that are not good enough are a failure, though every session did its work', async () => {
  const asked = { ...example('workflow-2-iterative-refinement'), max_rounds: 1, target_score: 9.9 };
  await shown({ name: 'run_iterative_refinement', asked, status: 1, about: 'refinement' }, async (page, reply, outcome) => {
    assert.deepEqual([reply.status, reply.run.status], ['failed', 'completed']);
    assert.deepEqual(await verdict(page), ['run_iterative_refinement: failed', 'failed']);
    const [{ name, reason, score, rounds, draft, issues }] = reply.drafts;
    for (const words of [name, reason, `${score} of 10`, `Rounds\n${rounds}`, issues[0].problem]) assert.ok(outcome.includes(words), words);
    await page.locator('#outcome summary', { hasText: 'Best version' }).click();
    assert.equal(await page.locator('#outcome details pre').textContent(), draft);
  });
});

test('a plan that was refused is a failure with its problems', async () => {
  const options = saying('no-plan', 'template = "No plan."');
  await shown({ name: 'orchestrate', asked: example('workflow-3-orchestration'), options, status: 1, about: 'plan-refused' }, async (page, reply, outcome) => {
    assert.equal(reply.reason, 'plan_refused');
    assert.deepEqual(await verdict(page), ['orchestrate: failed', 'failed']);
    assert.ok(reply.problems.length > 0 && outcome.includes(reply.reason));
    for (const problem of reply.problems) assert.ok(outcome.includes(problem), problem);
  });
});

test('a goal has its report, and no step waits for a place before it was asked for', async () => {
  await shown({ name: 'orchestrate', asked: example('workflow-4-agents-to-order'), status: 0, about: 'goal' }, async (page, reply, outcome) => {
    assert.deepEqual(await verdict(page), ['orchestrate: completed', 'completed']);
    assert.equal(await page.locator('#outcome pre').first().textContent(), reply.report);
    for (const { name, score, promotion } of reply.created) assert.ok(promotion && outcome.includes(name) && outcome.includes(`${score} of 10`), name);
    const late = reply.run.results.filter(({ metadata }) => metadata.queued_ms > 0).length;
    assert.ok(late > 0);
    assert.equal(await page.locator('#rows .wait.later').count(), late);
    assert.equal(await page.locator('#rows .wait.queued').count(), 0);
    assert.match(await page.locator('#rows .wait.later').first().getAttribute('data-tip'), /^asked for at \S+( s)? at the latest$/);
    assert.match(await page.locator('#legend').innerText(), /not asked for yet/);
  });
});

for (const [name, key] of [['spawn_with_retry', 'retry'], ['spawn_with_model_hierarchy', 'hierarchy']]) {
  test(`the one result of ${name} is a run`, async () => {
    await shown({ name, asked: { task: TASK }, status: 0, about: key }, async (page, reply) => {
      assert.deepEqual(await verdict(page), [`${name}: completed`, 'completed']);
      assert.equal(await rows(page).count(), 1);
      assert.match(await page.locator('#summary').innerText(), /1 of 1/);
      await rows(page).first().click();
      assert.equal(await page.locator('#details .session').count(), reply.metadata.attempt_log.length);
    });
    const options = saying(`${key}-fails`, 'odds = { failing = 1_000 }');
    await shown({ name, asked: { task: TASK }, options, status: 1, about: `${key}-fails` }, async (page, reply) => {
      assert.deepEqual(await verdict(page), [`${name}: ${reply.status}`, reply.status]);
      assert.notEqual(reply.status, 'completed');
      assert.match(await page.locator('#summary').innerText(), /0 of 1/);
    });
  });
}

test('a refusal says why, and shows no empty run', async () => {
  const asked = { tasks: [{ ...TASK, agent_type: 'nobody' }], max_concurrent: 0 };
  await shown({ name: 'run_tasks', asked, status: 2, about: 'refused' }, async (page, reply, outcome) => {
    assert.deepEqual(await verdict(page), ['run_tasks: refused', 'refused']);
    assert.equal(reply.errors.length, 2);
    assert.ok(reply.errors.some(({ hint }) => hint));
    for (const { code, message, path, hint } of reply.errors) {
      for (const words of [code, message, path, hint ?? '']) assert.ok(outcome.includes(words), words);
    }
    for (const name of ['skip', 'summary', 'overview', 'work']) assert.ok(await page.locator(`#${name}`).isHidden(), name);
  });
});

test('a call without a run has its reply and no empty run', async () => {
  await shown({ name: 'versions', asked: {}, status: 0, about: 'versions' }, async (page, reply, outcome) => {
    assert.deepEqual(await verdict(page), ['versions: without a run', 'without']);
    assert.match(outcome, /No session was run/);
    assert.deepEqual(JSON.parse(await page.locator('#outcome pre').textContent()), reply);
    assert.ok(await page.locator('#work').isHidden());
  });
});
