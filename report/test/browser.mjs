// A real browser, for the tests of the page. `cargo xtask browser` calls them with
//   SIMULATOR   the simulator's program
//   CHROMIUM    the browser's program
//   TOOLS       a directory with playwright-core and axe-core in node_modules
//   SHOTS       a directory for pictures

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';

const { CHROMIUM, TOOLS } = process.env;
const tools = createRequire(join(TOOLS, 'package.json'));
const { chromium } = tools('playwright-core');
const AXE = readFileSync(tools.resolve('axe-core'), 'utf8');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const { SHOTS } = process.env;
export const SIZE = { width: 1440, height: 900 };
export const place = mkdtempSync(join(tmpdir(), 'parallel-agents-page-'));

let browser;
before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(async () => {
  await browser?.close();
  rmSync(place, { recursive: true, force: true });
});

/** The document inside a page. */
export function embedded(file) {
  return JSON.parse(readFileSync(file, 'utf8').split('id="document">')[1].split('</script>')[0]);
}

/** The sessions of a document, with their whole prompts. */
export function sessionsOf({ heads, sessions }) {
  return sessions.map(({ head, prompt, ...rest }) => ({ ...rest, prompt: head === undefined ? prompt : heads[head] + prompt }));
}

/** Opens a page; whatever it asks of a network or complains about is kept. */
export function open(file, options = {}) {
  return visit(pathToFileURL(file).href, (url) => url.startsWith('file:') || url === 'data:,', options);
}

/** The same for an address: `isExpected` says what may be asked of a network. */
export async function visit(address, isExpected, options = {}) {
  const context = await browser.newContext({ viewport: SIZE, ...options });
  context.setDefaultTimeout(Number(process.env.PATIENCE ?? 60_000));
  const page = await context.newPage();
  const busy = await busyWith(context, page);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => wrong.push(message.text()));
  page.on('request', (asked) => isExpected(asked.url()) || wrong.push(asked.url()));
  await page.goto(address);
  return { page, wrong, busy, close: () => context.close() };
}

/** How many milliseconds of a processor a page has taken so far, not counting what waited for one: other programs change that little. */
async function busyWith(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return Math.round(1_000 * metrics.find(({ name }) => name === 'TaskDuration').value);
  };
}

export const rows = (page) => page.locator('#rows .row');
export const scale = (page) => page.locator('#timeline').evaluate((element) => Number(element.style.getPropertyValue('--scale')));

/** Findings that keep somebody from using the page. */
export async function serious(page) {
  // In a page that runs no script but its own, the browser's own door is the only way in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary}`).join(' | ')}`);
}
