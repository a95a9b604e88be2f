'use strict';
// A list of rows of one height, of which only those near what is in view are in the document. The row that the keyboard is at
// stays in it, so that the focus is never lost to scrolling.

/** Pixels; the style sheet has the same. */
const ROW_HEIGHT = 26;
/** A list as short as this is in the document as a whole: the browser can search and print it. */
const MOST_WHOLE = 500;
/** Rows beyond each edge of the window. */
const SPARE = 16;

class RowWindow {
  #list;
  #draw;
  /** Each with a `key` that no other has. */
  #entries = [];
  #places = new Map();
  /** What is in the document, by the keys of entries: at least `{item}`, as `draw` has made it. */
  #rows = new Map();
  #kept = null;
  #range = [0, 0];
  #isDue = false;

  /** `draw(entry, known)` returns the row of an entry; `known` is the row that it has, if it is in the document. */
  constructor(list, draw) {
    this.#list = list;
    this.#draw = draw;
    const moved = () => {
      if (this.#isDue) return;
      this.#isDue = true;
      requestAnimationFrame(() => {
        this.#isDue = false;
        this.#follow();
      });
    };
    addEventListener('scroll', moved, { passive: true });
    addEventListener('resize', moved);
    new ResizeObserver(moved).observe(list);
  }

  /** Whether rows out of view are not in the document. */
  get isPartial() {
    return this.#entries.length > MOST_WHOLE;
  }

  get length() {
    return this.#entries.length;
  }

  /** Takes entries in their order. What is in view is drawn, unless it is drawn already. */
  show(entries) {
    this.#entries = entries;
    this.#places = new Map(entries.map(({ key }, place) => [key, place]));
    this.#list.classList.toggle('partial', this.isPartial);
    this.#list.style.height = `${entries.length * ROW_HEIGHT}px`;
    this.#range = this.#inView();
    this.#place(true);
  }

  /** The row of an entry, if it is in the document. */
  row(key) {
    return this.#rows.get(key);
  }

  /** Where an entry is; -1 if it is not shown. */
  placeOf(key) {
    return this.#places.get(key) ?? -1;
  }

  entry(place) {
    return this.#entries[place];
  }

  /** Has the row of an entry in the document wherever it is. Returns it; undefined if there is none. */
  keep(key) {
    this.#kept = key;
    if (this.#places.has(key) && !this.#rows.has(key)) this.#place(false);
    return this.#rows.get(key);
  }

  /** The entries that are in view, without those near it. */
  seen() {
    return this.#entries.slice(...this.#between(0));
  }

  /** After something has moved: rows come into the document and leave it. */
  #follow() {
    const [from, to] = this.#inView();
    if (from === this.#range[0] && to === this.#range[1]) return;
    this.#range = [from, to];
    this.#place(false);
  }

  /** From the first place that has to be in the document to behind the last. */
  #inView() {
    return this.isPartial ? this.#between(SPARE) : [0, this.#entries.length];
  }

  #between(spare) {
    const { top } = this.#list.getBoundingClientRect();
    const inside = (place) => Math.min(Math.max(place, 0), this.#entries.length);
    return [inside(Math.floor(-top / ROW_HEIGHT) - spare), inside(Math.ceil((innerHeight - top) / ROW_HEIGHT) + spare)];
  }

  #wanted() {
    const [from, to] = this.#range;
    const kept = this.placeOf(this.#kept);
    const places = Array.from({ length: to - from }, (_, index) => from + index);
    if (kept >= 0 && kept < from) places.unshift(kept);
    if (kept >= to) places.push(kept);
    return places;
  }

  /** Puts into the document what has to be there, in order; `isNews`: also what is there already may have to be drawn again. */
  #place(isNews) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const rows = new Map();
    for (const place of this.#wanted()) {
      const entry = this.#entries[place];
      const known = this.#rows.get(entry.key);
      const row = known && !isNews ? known : this.#draw(entry, known);
      this.#number(row.item, place);
      rows.set(entry.key, row);
    }
    for (const [key, { item }] of this.#rows) if (!rows.has(key)) item.remove();
    this.#rows = rows;
    // What stands where it belongs is not moved.
    let next = this.#list.firstElementChild;
    for (const { item } of rows.values()) {
      if (item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(item, next);
    }
    if (focused && focused !== document.activeElement && this.#list.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Where a row is, for eyes and, where the document does not say it, for those who hear it. */
  #number(item, place) {
    item.style.top = `${place * ROW_HEIGHT}px`;
    if (this.isPartial) {
      item.setAttribute('aria-posinset', place + 1);
      item.setAttribute('aria-setsize', this.#entries.length);
    } else {
      item.removeAttribute('aria-posinset');
      item.removeAttribute('aria-setsize');
    }
  }
}
