// The search of a page that is served: what the page knows and what its host finds in texts are one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rows, visit } from './browser.mjs';
import { ended, hosted, running, unwanted } from './host.mjs';

const TASKS = ['one', 'two'];
const label = (task) => `code_reviewer ${task} [01234567]`;

/** A host with these texts, by task: it looks for each word by itself. */
function finding(texts, url) {
  const places = (text) => url.searchParams.getAll('word').flatMap((word, place) => (text.includes(word) ? [place] : []));
  const found = Object.entries(texts).map(([task, text]) => [label(task), places(text)]);
  return { sessions: found.filter(([, places]) => places.length > 0) };
}

/** A page of a host, until the test has used it. */
async function withPage(answer, use) {
  const host = await hosted(answer);
  try {
    const { page, wrong, close } = await visit(host.url, () => true);
    await rows(page).first().waitFor();
    await use(page, host, (words) => page.locator('#count', { hasText: new RegExp(`^${words}$`) }).waitFor());
    assert.deepEqual(unwanted(wrong), []);
    await close();
  } finally {
    host.close();
  }
}

test('what is told later joins what was found, and the search goes on to the end', async () => {
  const texts = { one: 'an invoice', two: '' };
  let told = running(TASKS.map((id) => [id, 'running']), TASKS.map((id) => [id, {}]));
  await withPage((what, url) => (what === 'find' ? finding(texts, url) : url.searchParams.get('rev') === told.revision ? { now_ms: 11_000 } : told), async (page, host, counts) => {
    await page.fill('#search', 'invoice');
    await counts('1 of 2 tasks');
    const before = host.asked.find;
    await page.waitForTimeout(2_500);
    assert.equal(host.asked.find, before, 'nothing is new');
    texts.two = 'another invoice';
    told = { ...told, revision: '2', goes_on: true, tasks: [], sessions: [] };
    await counts('2 tasks');
    delete texts.one;
    told = ended(TASKS, 'E_TIMEOUT');
    await counts('1 of 2 tasks');
  });
});

test('each word may be in the page or in a text', async () => {
  const texts = { one: 'an invoice', two: 'a letter' };
  await withPage((what, url) => (what === 'find' ? finding(texts, url) : ended(TASKS, 'E_TIMEOUT')), async (page, host, counts) => {
    for (const [words, count] of [
      ['E_TIMEOUT invoice', '1 of 2 tasks'],
      ['invoice letter', '0 of 2 tasks'],
      ['E_TIMEOUT', '2 tasks'],
      ['two E_TIMEOUT letter', '1 of 2 tasks'],
    ]) {
      await page.fill('#search', words);
      await counts(count);
    }
  });
});

test('more words than a host looks for at once are all looked for', async () => {
  const words = Array.from({ length: 20 }, (_, number) => `word-${number};`);
  const texts = { one: words.join(' '), two: words.slice(0, 19).join(' ') };
  const first = (url) => new URL(`http://localhost/?${url.searchParams.getAll('word').slice(0, 16).map((word) => `word=${encodeURIComponent(word)}`).join('&')}`);
  await withPage((what, url) => (what === 'find' ? finding(texts, first(url)) : ended(TASKS, 'E_TIMEOUT')), async (page, host, counts) => {
    await page.fill('#search', words.join(' '));
    await counts('1 of 2 tasks');
  });
});

test('texts that could not be searched are said to be so', async () => {
  let refusal = [401, 'The key of this page is not valid any more: load it again.'];
  await withPage((what) => (what === 'find' ? refusal : ended(TASKS, 'E_TIMEOUT')), async (page, host) => {
    const notice = (words) => page.locator('#unsearched', { hasText: `Texts of sessions could not be searched, so tasks may be missing here. ${words}` }).waitFor();
    assert.ok(await page.locator('#unsearched').isHidden());
    await page.fill('#search', 'invoice');
    await notice(refusal[1]);
    refusal = [500, 'The log of the gateway says why.'];
    await page.fill('#search', 'invoices');
    await notice(refusal[1]);
    refusal = { sessions: [[label('one'), [0]]] };
    await page.locator('#rows [data-task="one"]').waitFor();
    assert.ok(await page.locator('#unsearched').isHidden());
    host.close();
    await page.fill('#search', 'letter');
    await notice('There is no connection.');
    await page.fill('#search', '');
    await page.locator('#unsearched').waitFor({ state: 'hidden' });
  });
});
