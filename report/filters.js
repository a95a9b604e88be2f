'use strict';
// Which tasks are shown: a button for each status and each error code that the run has.

/** Error codes that get a button. */
const MOST_CODES = 8;

class Filters {
  #wanted;
  #onChange;
  #chips = new Map();
  #shownKind = null;

  constructor(wanted, onChange) {
    this.#wanted = wanted;
    this.#onChange = onChange;
  }

  /** Takes the run as it is now. A button that stays keeps its place and its focus, and only its number changes. */
  update({ tasks }) {
    const { kind } = this.#wanted;
    const statuses = count(tasks, ({ status }) => status);
    const present = STATUSES.filter((status) => statuses.has(status));
    const codes = [...count(tasks.filter(({ error }) => error), ({ error }) => error.code)].sort((one, other) => other[1] - one[1]).slice(0, MOST_CODES);
    const { statuses: chosen, codes: chosenCodes } = this.#wanted;
    const wanted = present.length < 2 && codes.length === 0 && kind === null ? [] : [
      ...(kind === null ? [] : [this.#kindChip(kind)]),
      ...present.map((status) => this.#chip('chip', chosen, status, null, () => statusMark(status), statuses.get(status))),
      ...codes.map(([code, times]) => this.#chip('chip code', chosenCodes, code, `Show the tasks with ${code}`, () => code, times)),
    ];
    const shown = [...at('filters').children];
    if (shown.length !== wanted.length || wanted.some((chip, place) => chip !== shown[place])) at('filters').replaceChildren(...wanted);
  }

  clear() {
    this.#wanted.statuses.clear();
    this.#wanted.codes.clear();
    this.#forget();
    for (const { button } of this.#chips.values()) button.setAttribute('aria-pressed', 'false');
  }

  /** The tasks that a node of the summary stands for: a click shows all others again. */
  #kindChip(kind) {
    if (this.#shownKind?.kind === kind) return this.#shownKind.button;
    const button = make('button', { class: 'chip', title: `Show all tasks, not only ${kind.name}`, click: () => {
      this.#forget();
      button.remove();
      this.#onChange();
      at('search').focus();
    } }, `only ${kind.name}`, make('span', { 'aria-hidden': 'true' }, '×'));
    this.#shownKind = { kind, button };
    return button;
  }

  #forget() {
    this.#shownKind?.button.remove();
    this.#shownKind = this.#wanted.kind = null;
  }

  #chip(kind, chosen, value, title, mark, times) {
    const name = `${kind} ${value}`;
    let chip = this.#chips.get(name);
    if (!chip) {
      const number = make('span', { class: 'number' });
      const button = make('button', { class: kind, title, 'aria-pressed': String(chosen.has(value)), click: () => {
        if (!chosen.delete(value)) chosen.add(value);
        button.setAttribute('aria-pressed', String(chosen.has(value)));
        this.#onChange();
      } }, mark(), number);
      chip = { button, number };
      this.#chips.set(name, chip);
    }
    const text = thousands(times);
    if (chip.number.textContent !== text) chip.number.textContent = text;
    return chip.button;
  }
}
