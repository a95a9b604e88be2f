'use strict';
// One task in full: how it ended, what was decided, each session with its prompt and its answer.

/** Tasks that are named before or after one. */
const MOST_LINKS = 40;

class Details {
  #box = at('details');
  #onClose;
  #onOpen;
  /** What of the task is shown, so that it is drawn again only when that changes. */
  #drawn = '';

  constructor(onOpen, onClose) {
    this.#onOpen = onOpen;
    this.#onClose = onClose;
    this.#box.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
  }

  open(task, about, takesFocus = true) {
    this.#draw(task, about);
    this.#box.setAttribute('aria-labelledby', 'details-title');
    this.#box.hidden = false;
    this.#box.scrollTop = 0;
    if (takesFocus) this.#box.focus({ preventScroll: true });
  }

  /** Takes the task that is open as it is now. Texts that are open stay open. */
  update(task, about) {
    if (this.#box.hidden) return;
    if (this.#drawn === drawnOf(task)) return this.#tell(task);
    const { scrollTop } = this.#box;
    const hadFocus = this.#box.contains(document.activeElement);
    const places = (box) => [...box.querySelectorAll('details')];
    const open = places(this.#box).map((one) => one.open);
    this.#draw(task, about);
    places(this.#box).forEach((one, place) => (one.open = open[place] ?? false));
    this.#box.scrollTop = scrollTop;
    if (hadFocus) this.#box.focus({ preventScroll: true });
  }

  /** Brings the times of what runs up to date, and leaves everything else where it is. */
  #tell(task) {
    const times = [tookOf(task), ...task.attempts.map(lineOf)];
    this.#box.querySelectorAll('.took').forEach((element, place) => {
      if (element.textContent !== times[place]) element.textContent = times[place];
    });
  }

  #draw(task, about) {
    this.#drawn = drawnOf(task);
    const isOver = ENDS.includes(task.status);
    const link = (other) => make('button', { class: 'link', click: () => this.#onOpen(other) }, `${GLYPHS[other.status]} ${other.id}`);
    const links = (tasks) => [...tasks.slice(0, MOST_LINKS).map(link), tasks.length > MOST_LINKS && make('span', {}, `and ${thousands(tasks.length - MOST_LINKS)} more`)];
    this.#box.replaceChildren(
      make('div', { class: 'details-head' },
        make('h2', { id: 'details-title' }, task.id),
        make('button', { class: 'close', 'aria-label': 'Close', title: 'Close (Esc)', click: () => this.close() }, '×')),
      make('p', { class: 'details-line' }, statusMark(task.status), make('span', {}, task.agent),
        make('span', { class: 'took muted' }, tookOf(task))),
      ...present(task.error && make('p', { class: 'error' }, make('code', {}, task.error.code), ` ${task.error.message}`, task.error.retryable && ' Running it again may help.')),
      facts(
        ['Started', task.startMs === null ? 'never' : clock(task.startMs)],
        isOver && ['Ended', clock(task.endMs)],
        task.model && ['Model', `${task.model}${task.tier ? ` (${task.tier})` : ''}`],
        task.usage && ['Tokens', `${thousands(task.usage.input_tokens)} read, ${thousands(task.usage.output_tokens)} written`],
        task.costMicroUsd !== null && ['Cost', money(task.costMicroUsd)],
      ),
      ...task.notes.map((note) => make('p', { class: 'note' }, note)),
      ...present(task.dependencies.length > 0 && make('p', { class: 'links' }, 'After ', ...links(task.dependencies))),
      ...present(task.dependants.length > 0 && make('p', { class: 'links' }, 'Before ', ...links(task.dependants))),
      ...present(task.output !== undefined && section('Output', ...output(task))).flat(),
      ...section(`Sessions (${task.attempts.length})`, ...(task.attempts.length ? task.attempts.map((attempt) => session(attempt, about)) : [make('p', { class: 'muted' }, 'It never had a session.')])),
      ...present(task.decisions.length > 0 && section('Decisions', make('ol', { class: 'decisions' },
        task.decisions.map(({ at_ms: ms, what }) => make('li', {}, make('time', {}, clock(ms)), make('span', {}, what)))))).flat(),
    );
  }

  close() {
    if (this.#box.hidden) return;
    this.#box.hidden = true;
    this.#onClose();
  }
}

/** What a task gave. A report of a run over items has not their answers: then what its session said is shown, where that is known. */
function output({ output: given, outputBytes, item, attempts }) {
  if (given !== null) return [text(readable(given), 'Output')];
  if (outputBytes === 0) return [make('p', { class: 'muted' }, 'Nothing.')];
  const said = attempts.findLast(({ status, answer }) => status === 'completed' && answer);
  const size = several(outputBytes, 'byte');
  if (!said) return [make('p', { class: 'muted' }, `${size}, which are not in this page${item === null ? '.' : `: they are in the line of item ${item} among the results of the run.`}`)];
  const note = make('p', { class: 'muted small' }, `The report has no outputs of items. This is what the session said; ${size} of it are the output.`);
  return [note, typeof said.answer === 'string' ? text(said.answer, 'Output') : folded('Output', said.answer, '')];
}

function drawnOf({ id, status, attempts, output, usage }) {
  const sessions = attempts.map((one) => [one.key, one.status, one.prompt?.length, one.answer?.length]);
  return JSON.stringify([id, status, sessions, output === undefined, usage]);
}

/** How long a task has taken so far; nothing if it never started. */
function tookOf({ startMs, endMs }) {
  return startMs === null ? '' : duration(endMs - startMs);
}

function present(value) {
  return value ? [value] : [];
}

function section(title, ...body) {
  return [make('h3', {}, title), ...body];
}

/** A session in one line: with what, when and how long, for how much. */
function lineOf(attempt) {
  const used = tokens(attempt.usage);
  return [
    [attempt.model, attempt.tier].filter(Boolean).join(' · '),
    `${clock(attempt.startMs)} + ${duration(attempt.endMs - attempt.startMs)}`,
    attempt.runMs > attempt.startMs && `ran after ${duration(attempt.runMs - attempt.startMs)}`,
    used !== null && several(used, 'token'),
    attempt.costMicroUsd !== null && money(attempt.costMicroUsd),
  ].filter(Boolean).join(', ');
}

function session(attempt, about) {
  return make('article', { class: `session ${attempt.kind}` },
    make('h4', {}, `${attempt.number}. ${KIND_WORDS[attempt.kind] ?? attempt.kind}`, ' ', statusMark(attempt.status)),
    make('p', { class: 'took muted' }, lineOf(attempt)),
    attempt.requested && attempt.model !== attempt.requested && make('p', { class: 'note' }, `${attempt.requested} was asked for.`),
    attempt.error && make('p', { class: 'error' }, make('code', {}, attempt.error.code), ` ${attempt.error.message}`),
    folded('Prompt', attempt.prompt, 'The host kept no prompt of this session.'),
    folded(attempt.answerIsCut ? 'Answer (its beginning)' : 'Answer', attempt.answer, 'The host delivered no answer with the end of this session.'),
    attempt.key && make('p', { class: 'key-line muted' }, attempt.key, ' ', openSession(attempt.key, about)));
}

/** A long text behind a heading; it is put into the page when it is first wanted, and read then if it is not here. */
function folded(title, content, nothing) {
  if (content === null || content === '') return make('p', { class: 'muted small' }, nothing);
  const box = make('details', {}, make('summary', {}, title, ' ', make('span', { class: 'muted' }, several(content.length, 'character'))));
  const fillIn = async () => {
    if (typeof content === 'string') return text(content, title);
    try {
      return text(await content.read(), title);
    } catch {
      return make('p', { class: 'muted small' }, 'It could not be read. Close and open it to try again, or load the page again.');
    }
  };
  box.addEventListener('toggle', async () => {
    if (!box.open || box.querySelector('.text')) return;
    const body = await fillIn();
    if (!box.querySelector('.text')) box.replaceChildren(box.firstChild, body);
  });
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
