'use strict';
// One task in full: how it ended, what was decided, each session with its prompt and its answer.

class Details {
  #box = at('details');
  #onClose;
  #onOpen;

  constructor(onOpen, onClose) {
    this.#onOpen = onOpen;
    this.#onClose = onClose;
    this.#box.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
  }

  open(task) {
    const links = (tasks) => tasks.map((other) => make('button', { class: 'link', click: () => this.#onOpen(other) }, `${GLYPHS[other.status]} ${other.id}`));
    this.#box.replaceChildren(
      make('div', { class: 'details-head' },
        make('h2', { id: 'details-title' }, task.id),
        make('button', { class: 'close', 'aria-label': 'Close', title: 'Close (Esc)', click: () => this.close() }, '×')),
      make('p', { class: 'details-line' }, statusMark(task.status), make('span', {}, task.agent),
        task.startMs !== null && make('span', { class: 'muted' }, duration(task.endMs - task.startMs))),
      ...present(task.error && make('p', { class: 'error' }, make('code', {}, task.error.code), ` ${task.error.message}`, task.error.retryable && ' Running it again may help.')),
      facts(
        ['Started', task.startMs === null ? 'never' : clock(task.startMs)],
        ['Ended', clock(task.endMs)],
        task.model && ['Model', `${task.model}${task.tier ? ` (${task.tier})` : ''}`],
        task.usage && ['Tokens', `${thousands(task.usage.input_tokens)} read, ${thousands(task.usage.output_tokens)} written`],
        task.costMicroUsd !== null && ['Cost', money(task.costMicroUsd)],
      ),
      ...task.notes.map((note) => make('p', { class: 'note' }, note)),
      ...present(task.dependencies.length > 0 && make('p', { class: 'links' }, 'After ', ...links(task.dependencies))),
      ...present(task.dependants.length > 0 && make('p', { class: 'links' }, 'Before ', ...links(task.dependants))),
      ...section('Output', task.output === null ? make('p', { class: 'muted' }, 'Nothing.') : text(readable(task.output), 'Output')),
      ...section(`Sessions (${task.attempts.length})`, ...(task.attempts.length ? task.attempts.map(session) : [make('p', { class: 'muted' }, 'It never had a session.')])),
      ...present(task.decisions.length > 0 && section('Decisions', make('ol', { class: 'decisions' },
        task.decisions.map(({ at_ms: ms, what }) => make('li', {}, make('time', {}, clock(ms)), make('span', {}, what)))))).flat(),
    );
    this.#box.setAttribute('aria-labelledby', 'details-title');
    this.#box.hidden = false;
    this.#box.scrollTop = 0;
    this.#box.focus({ preventScroll: true });
  }

  close() {
    if (this.#box.hidden) return;
    this.#box.hidden = true;
    this.#onClose();
  }
}

function present(value) {
  return value ? [value] : [];
}

function section(title, ...body) {
  return [make('h3', {}, title), ...body];
}

function session(attempt) {
  const used = tokens(attempt.usage);
  const about = [
    [attempt.model, attempt.tier].filter(Boolean).join(' · '),
    `${clock(attempt.startMs)} + ${duration(attempt.endMs - attempt.startMs)}`,
    attempt.runMs > attempt.startMs && `ran after ${duration(attempt.runMs - attempt.startMs)}`,
    used !== null && several(used, 'token'),
    attempt.costMicroUsd !== null && money(attempt.costMicroUsd),
  ].filter(Boolean).join(', ');
  return make('article', { class: `session ${attempt.kind}` },
    make('h4', {}, `${attempt.number}. ${KIND_WORDS[attempt.kind] ?? attempt.kind}`, ' ', statusMark(attempt.status)),
    make('p', { class: 'muted' }, about),
    attempt.requested && attempt.model !== attempt.requested && make('p', { class: 'note' }, `${attempt.requested} was asked for.`),
    attempt.error && make('p', { class: 'error' }, make('code', {}, attempt.error.code), ` ${attempt.error.message}`),
    folded('Prompt', attempt.prompt, 'The host kept no prompt of this session.'),
    folded(attempt.answerIsCut ? 'Answer (its beginning)' : 'Answer', attempt.answer, 'The host delivered no answer with the end of this session.'),
    attempt.key && make('p', { class: 'key-line muted' }, attempt.key));
}

/** A long text behind a heading; it is put into the page when it is first wanted. */
function folded(title, content, nothing) {
  if (content === null || content === '') return make('p', { class: 'muted small' }, nothing);
  const box = make('details', {}, make('summary', {}, title, ' ', make('span', { class: 'muted' }, several(content.length, 'character'))));
  box.addEventListener('toggle', () => box.open && box.children.length === 1 && box.append(text(content, title)));
  return box;
}

function text(content, title) {
  const body = make('pre', { tabindex: '0', role: 'region', 'aria-label': title }, content);
  const copy = make('button', { class: 'copy', click: async () => {
    try {
      await navigator.clipboard.writeText(content);
      copy.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(body);
      copy.textContent = 'Selected';
    }
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  } }, 'Copy');
  return make('div', { class: 'text' }, copy, body);
}
