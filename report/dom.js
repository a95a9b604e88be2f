'use strict';
// Elements, and numbers as people read them. Text enters the page as text only: what agents wrote is never markup.

const SVG = 'http://www.w3.org/2000/svg';
const GLYPHS = { completed: '✓', failed: '✕', timeout: '◷', cancelled: '⊘', skipped: '↷', running: '▶', pending: '○' };
const KIND_WORDS = {
  first: 'first session',
  retry: 'retry',
  correction: 'correction',
  climb: 'better model',
  hedge: 'hedge',
  judge: 'judge',
  again: 'a later session',
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

function padded(number) {
  return String(number).padStart(2, '0');
}

/** Milliseconds: 850 ms, 12.3 s, 2 min 05 s, 1 h 02 min. From a minute on what is left over is cut, as on the command line. */
function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  // What is rounded up to a minute is one.
  const seconds = Math.max(60, Math.floor(ms / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${padded(Math.floor((seconds % 3600) / 60))} min`;
}

/** A place in time, for lists. */
function clock(ms) {
  if (ms === 0) return '0';
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : watch(ms, 0);
}

/** A place in time as 1:02:03.4, with so many digits behind the point. */
function watch(ms, digits) {
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const [seconds, rest] = [Math.floor(ms / 1000) % 60, String(Math.floor(ms % 1000)).padStart(3, '0').slice(0, digits)];
  return `${hours ? `${hours}:${padded(minutes)}` : minutes}:${padded(seconds)}${rest && `.${rest}`}`;
}

/** Millionths of a dollar: small sums with all their digits. */
function money(microUsd) {
  const dollars = Math.abs(microUsd) / 1e6;
  const digits = dollars >= 100 ? 0 : dollars >= 0.1 || dollars === 0 ? 2 : dollars >= 0.001 ? 4 : 6;
  return `${microUsd < 0 ? '−' : ''}$${dollars.toFixed(digits)}`;
}

function thousands(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 task`, `3 tasks`. */
function several(number, one, many = `${one}s`) {
  return `${thousands(number)} ${number === 1 ? one : many}`;
}

/** Names that a sentence has of a long list. */
const MOST_NAMES = 8;

/** The first names of a list, and how many more there are. */
function someOf(names) {
  const more = names.length - MOST_NAMES;
  return more > 1 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${thousands(more)} more` : names.join(', ');
}

function tokens(usage) {
  return usage ? (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0) : null;
}

/** A status as a coloured word with a sign, so that colour is never all there is. */
function statusMark(status, word = status) {
  return make('span', { class: `status ${status}` }, make('span', { class: 'glyph', 'aria-hidden': 'true' }, GLYPHS[status] ?? '•'), word);
}

/** Puts children in place of those that an element has, if they differ: what is the same stays, with its focus and selection. */
function refill(element, ...children) {
  const next = make('div', {}, ...children);
  const present = [...element.childNodes];
  if (present.length === next.childNodes.length && present.every((child, index) => child.isEqualNode(next.childNodes[index]))) return;
  element.replaceChildren(...next.childNodes);
}

/** A text of an agent: as it is, or indented if it is JSON. */
function readable(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}
