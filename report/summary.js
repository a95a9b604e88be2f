'use strict';
// The head of the page: how it ended, how many tasks ended how, time, money, sessions; and how many sessions were alive.

function showHead(run) {
  const { tasks, problems } = run;
  const verdict = problems.length > 0 ? 'refused' : run.isLive || tasks.length > 0 || run.reply?.status ? run.status : 'without a run';
  document.title = `${run.name}: ${verdict}`;
  at('title').textContent = run.name;
  at('verdict').setAttribute('class', `verdict ${verdict}`);
  at('verdict').textContent = verdict;
  const sessions = several(run.attempts.length, 'session');
  if (run.isLive) at('subtitle').textContent = `${thousands(run.ended)} of ${several(run.total, 'task')} ended, ${sessions}, ${duration(run.elapsedMs)}`;
  else if (tasks.length > 0) at('subtitle').textContent = `${several(tasks.length, 'task')}, ${sessions}, ${duration(run.elapsedMs)}`;
}

function showSummary(run) {
  refill(at('summary'), ...[census(run), time(run), sessionsCard(run), cost(run), budget(run)].filter(Boolean));
}

function card(title, big, ...body) {
  return make('article', { class: 'card' }, make('h2', {}, title), big && make('p', { class: 'big' }, big), ...body);
}

function facts(...pairs) {
  return make('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
}

function census({ report, total: all, isWorkflow }) {
  const counts = report.census ?? {};
  const total = Math.max(1, all);
  const present = STATUSES.filter((status) => counts[status] > 0);
  const bar = make('div', { class: 'share', 'aria-hidden': 'true' },
    present.map((status) => make('span', { class: `part ${status}`, '--part': `${(100 * counts[status]) / total}%` })));
  const words = make('ul', { class: 'census' }, present.map((status) => make('li', {}, statusMark(status, `${thousands(counts[status])} ${status}`))));
  return card(isWorkflow ? 'Steps completed' : 'Completed', `${thousands(counts.completed ?? 0)} of ${thousands(all)}`, bar, words);
}

function time({ elapsedMs, attempts, tasks, peak, chain, leftMs }) {
  const worked = attempts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const isWorthIt = elapsedMs > 0 && worked > elapsedMs && tasks.some(({ status }) => status === 'completed');
  const gain = isWorthIt ? `${(worked / elapsedMs).toFixed(1)} times` : null;
  return card('Time', duration(elapsedMs), facts(
    leftMs && ['Left, about', duration(leftMs)],
    ['All sessions together', duration(worked)],
    gain && ['Faster than one by one', gain],
    ['At once, at most', thousands(peak)],
    chain.length > 1 && ['Longest chain', several(chain.length, 'task')],
  ));
}

function sessionsCard({ attempts, report }) {
  const kinds = count(attempts, ({ kind }) => kind);
  const rows = Object.keys(KIND_WORDS).filter((kind) => kinds.has(kind)).map((kind) =>
    make('div', {}, make('dt', {}, make('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), KIND_WORDS[kind]), make('dd', {}, thousands(kinds.get(kind)))));
  const left = report.leaked?.length ?? 0;
  return card('Sessions', thousands(attempts.length), make('dl', { class: 'facts' }, rows),
    left > 0 && make('p', { class: 'warning' }, `${several(left, 'session')} could not be stopped or deleted`));
}

function cost({ report, tasks }) {
  const { micro_usd: paid, all_premium_micro_usd: premium, saved_micro_usd: saved, complete } = report.cost ?? {};
  const usage = report.usage;
  const used = usage && [
    ['Tokens read', thousands(usage.input_tokens)],
    ['Tokens written', thousands(usage.output_tokens)],
  ];
  const gap = report.usage_complete === false && make('p', { class: 'muted' }, 'Some sessions did not say what they used.');
  if (paid === null || paid === undefined) {
    return used ? card('Tokens', thousands(tokens(usage)), facts(...used), gap) : null;
  }
  const answered = tasks.filter(({ status }) => status === 'completed').length;
  const compare = premium > 0 && make('div', { class: 'compare' },
    compared('this run', paid, Math.max(paid, premium), 'paid'),
    compared('best model for all', premium, Math.max(paid, premium), 'premium'));
  const saving = saved > 0 ? `${money(saved)} saved (${Math.round((100 * saved) / premium)} %)` : saved < 0 ? `${money(-saved)} more than that` : null;
  return card('Cost', `${complete ? '' : 'at least '}${money(paid)}`, compare, saving && make('p', { class: 'saving' }, saving),
    facts(...(used ?? []), answered > 0 && ['For a completed task', money(paid / answered)]), gap);
}

function compared(words, microUsd, most, name) {
  return make('div', { class: 'compared' }, make('span', {}, words), make('span', { class: 'track', 'aria-hidden': 'true' },
    make('span', { class: `fill ${name}`, '--part': `${(100 * microUsd) / most}%` })), make('span', { class: 'number' }, money(microUsd)));
}

function budget({ report }) {
  const shown = { tokens: thousands, micro_usd: money, spawns: thousands };
  const names = { tokens: 'Tokens', micro_usd: 'Money', spawns: 'Sessions' };
  const rows = Object.keys(names).filter((name) => report.budget?.[name]?.cap !== null && report.budget?.[name]?.cap !== undefined).map((name) => {
    const { cap, spent, overshoot } = report.budget[name];
    const part = Math.min(100, (100 * spent) / Math.max(1, cap));
    return make('div', { class: 'spent' }, make('span', {}, names[name]),
      make('span', { class: 'number' }, `${shown[name](spent)} of ${shown[name](cap)}`),
      make('span', { class: 'track', 'aria-hidden': 'true' }, make('span', { class: `fill ${overshoot > 0 ? 'over' : 'paid'}`, '--part': `${part}%` })));
  });
  // The contract has it so: otherwise a host that tells no usage would let a run spend without end.
  const reserved = report.usage_complete === false && make('p', { class: 'muted' }, 'A session that did not say what it used counts with what was reserved for it.');
  return rows.length > 0 ? card('Budget', null, ...rows, reserved) : null;
}

/** Steps that the chart has: more are not told apart on a screen. */
const MOST_POINTS = 1_000;

/** The chart of live sessions, over which a part of the run can be chosen. */
class Overview {
  #run = { endMs: 1 };
  #window = make('div', { class: 'window whole', 'aria-hidden': 'true' });
  #chart = make('div', {});
  #ruler = make('div', { class: 'ruler', 'aria-hidden': 'true' });

  constructor(onRange) {
    at('overview-chart').append(this.#chart, this.#window, this.#ruler);
    chooseRange(at('overview-chart'), () => this.#run.endMs, onRange);
  }

  update(run) {
    this.#run = run;
    const points = thinned(run.live, MOST_POINTS, run.endMs);
    const top = Math.max(1, run.peak);
    const again = points.some((point) => point.again > 0) && make('span', {}, ', ', make('span', { class: 'swatch retry', 'aria-hidden': 'true' }),
      'of them not the first of their task: retries, corrections, better models and the like');
    refill(at('overview-words'), ...[`at most ${thousands(run.peak)}`, again, '. Drag over the chart to look closer; a double click shows all.'].filter(Boolean));
    const path = (value) => {
      const steps = points.map((point, place) => {
        const until = points[place + 1]?.atMs ?? run.endMs;
        const height = 100 - (96 * value(point)) / top;
        return `${(1000 * point.atMs) / run.endMs},${height} ${(1000 * until) / run.endMs},${height}`;
      });
      return `M0,100 L${steps.join(' ')} 1000,100 Z`;
    };
    refill(this.#chart, draw('svg', { viewBox: '0 0 1000 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': `Sessions alive over ${duration(run.endMs)}, at most ${run.peak} at once` },
      draw('path', { class: 'area', d: path(({ live }) => live) }),
      draw('path', { class: 'area again', d: path(({ again }) => again) })));
    const marks = ticks(0, run.endMs, Math.min(10, Math.max(2, Math.floor(at('overview-chart').clientWidth / 60))), run.endMs);
    refill(this.#ruler, marks.map(({ ms, words }) => make('span', { '--at': `${(100 * ms) / run.endMs}%` }, ms > run.endMs * 0.97 ? '' : words)));
  }

  /** Shows which part of the run the timeline has. */
  frame(from, to) {
    const { endMs } = this.#run;
    this.#window.style.setProperty('--left', `${(100 * from) / endMs}%`);
    this.#window.style.setProperty('--right', `${100 - (100 * to) / endMs}%`);
    this.#window.classList.toggle('whole', from <= 0 && to >= endMs);
  }
}

function chooseRange(box, endMs, onRange) {
  let began = null;
  const place = (event) => {
    const { left, width } = box.getBoundingClientRect();
    return (Math.min(Math.max(event.clientX - left, 0), width) / width) * endMs();
  };
  box.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    began = place(event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener('pointermove', (event) => {
    if (began === null) return;
    const now = place(event);
    if (Math.abs(now - began) > endMs() / 200) onRange(Math.min(began, now), Math.max(began, now));
  });
  for (const name of ['pointerup', 'pointercancel']) box.addEventListener(name, () => (began = null));
  box.addEventListener('dblclick', () => onRange(0, endMs()));
}

/** Round places between two times of a run that long, about `wanted` of them, in words that tell each from the next. */
function ticks(from, to, wanted, wholeMs) {
  const rough = Math.max(1, (to - from) / wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const bases = rough >= 60_000 ? [60_000, 120_000, 300_000, 600_000, 1_200_000, 3_600_000, 7_200_000, 21_600_000] : rough >= 10_000 ? [10_000, 15_000, 30_000, 60_000] : [1, 2, 5, 10].map((base) => base * power);
  const step = bases.find((base) => base >= rough) ?? bases[bases.length - 1];
  const digits = step % 1000 === 0 ? 0 : step % 100 === 0 ? 1 : step % 10 === 0 ? 2 : 3;
  const words = (ms) => (ms === 0 ? '0' : wholeMs < 60_000 ? `${(ms / 1000).toFixed(digits)} s` : watch(ms, digits));
  const places = [];
  for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step) places.push({ ms, words: words(ms) });
  return places;
}
