// The plugin's icon is a picture of its drawing. `UPDATE_ICON=1 cargo xtask browser` makes it again.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { SHOTS, open, place } from './browser.mjs';

const SIZE = 512;
/** Values of the million in a picture that may differ, at edges. */
const FEW = 2_000;

const assets = new URL('../../skill/assets/', import.meta.url);
const drawing = readFileSync(new URL('icon.svg', assets), 'utf8');
const picture = new URL('icon.png', assets);

/** A page that has the drawing in one size and nothing else. */
async function drawn(size) {
  const file = join(place, `icon-${size}.html`);
  const svg = drawing.replace('<svg ', `<svg width="${size}" height="${size}" style="display:block" `);
  writeFileSync(file, `<!doctype html><body style="margin:0">${svg}`);
  const { page, wrong, close } = await open(file, { viewport: { width: size, height: size } });
  const png = await page.screenshot({ omitBackground: true });
  assert.deepEqual(wrong, []);
  await close();
  return png;
}

/** What a function of the browser makes of the pixels of some pictures. */
async function pixels(work, ...pngs) {
  const file = join(place, 'pixels.html');
  writeFileSync(file, '<!doctype html>');
  const { page, close } = await open(file);
  await page.evaluate((body) => {
    globalThis.work = new Function(`return (${body})`)();
    globalThis.read = async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
      canvas.drawImage(image, 0, 0);
      return canvas.getImageData(0, 0, image.width, image.height).data;
    };
  }, String(work));
  const sources = pngs.map((png) => `data:image/png;base64,${png.toString('base64')}`);
  const found = await page.evaluate(async (all) => globalThis.work(...(await Promise.all(all.map(globalThis.read)))), sources);
  await close();
  return found;
}

/** How many values of two pictures differ; runs in the browser. */
function differing(one, other) {
  const SLIGHT = 8; // Of 255, by which browsers may differ at edges.
  if (one.length !== other.length) return Math.max(one.length, other.length);
  return one.reduce((count, value, at) => count + (Math.abs(value - other[at]) > SLIGHT ? 1 : 0), 0);
}

test('the picture of the icon is what its drawing shows', async () => {
  const now = await drawn(SIZE);
  if (process.env.UPDATE_ICON) writeFileSync(picture, now);
  const others = await pixels(differing, now, readFileSync(picture));
  assert.ok(others <= FEW, `${others} values differ: ${fileURLToPath(picture)}`);
});

test('at 16 pixels the icon still has its three colours, each where it is drawn', async () => {
  const small = await drawn(16);
  writeFileSync(join(SHOTS, 'icon-16.png'), small);
  const colours = await pixels((all) => [...all], small);
  const at = (x, y) => colours.slice((y * 16 + x) * 4, (y * 16 + x) * 4 + 3);
  const lanes = [3, 8, 12].map((y) => at(8, y).join());
  const strokes = drawing.matchAll(/stroke="#(\w{2})(\w{2})(\w{2})"\/>/g);
  assert.deepEqual(lanes, [...strokes].map((found) => found.slice(1).map((hex) => parseInt(hex, 16)).join()));
});
