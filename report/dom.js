'use strict';
// Elements, and numbers as people read them. Text enters the page as text only: what agents wrote is never markup.

const SVG = 'http://www.w3.org/2000/svg';
const GLYPHS = { completed: '✓', failed: '✕', timeout: '◷', cancelled: '⊘', skipped: '↷' };
const KIND_WORDS = {
  first: 'first session',
  retry: 'retry',
  correction: 'correction',
  climb: 'better model',
  hedge: 'hedge',
  judge: 'judge',
};

/** The element with this id. */
function at(id) {
  return document.getElementById(id);
}

/** An element with attributes and children; a child that is no node becomes text, null is left out. */
function make(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for drawings. */
function draw(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('--')) element.style.setProperty(name, value);
    else if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Milliseconds: 850 ms, 12.3 s, 2 min 05 s, 1 h 02 min. */
function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const pad = (number) => String(number).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
}

/** A place in time, for axes and lists. */
function clock(ms) {
  if (ms === 0) return '0';
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const tenths = Math.round(ms / 100);
  const pad = (number) => String(number).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60];
  const head = hours ? `${hours}:${pad(minutes)}` : `${minutes}`;
  return `${head}:${pad(seconds)}`;
}

/** Millionths of a dollar. */
function money(microUsd) {
  const dollars = microUsd / 1e6;
  const digits = Math.abs(dollars) >= 100 ? 0 : Math.abs(dollars) >= 0.1 || dollars === 0 ? 2 : 4;
  return `${dollars < 0 ? '−' : ''}$${Math.abs(dollars).toFixed(digits)}`;
}

function thousands(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 task`, `3 tasks`. */
function several(number, one, many = `${one}s`) {
  return `${thousands(number)} ${number === 1 ? one : many}`;
}

function tokens(usage) {
  return usage ? (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0) : null;
}

/** A status as a coloured word with a sign, so that colour is never all there is. */
function statusMark(status, word = status) {
  return make('span', { class: `status ${status}` }, make('span', { class: 'glyph', 'aria-hidden': 'true' }, GLYPHS[status] ?? '•'), word);
}

/** A text of an agent: as it is, or indented if it is JSON. */
function readable(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}
