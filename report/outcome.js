'use strict';
// What came of a call beside its tasks: what a workflow made, why a request was refused, what a call without a run said.

const REASONS = {
  target_reached: 'good enough',
  max_rounds: 'not good enough after the last round',
  no_progress: 'no better twice in a row',
  no_review: 'no valid review twice in a row',
  no_draft: 'nothing to judge',
  stopped: 'stopped before the end',
  budget: 'nothing left to spend',
  compiled: 'a report was made of the results',
  not_compiled: 'no report was made of the results',
  plan_refused: 'there was no plan that could be carried out',
};
const PROMOTIONS = {
  promoted: 'new version',
  unchanged: 'says the same as before',
  kept_better: 'has a better version',
  not_good_enough: 'not taken in',
};

function showOutcome(run) {
  const { reply, problems, tasks, isWorkflow, isLive } = run;
  const body = problems.length > 0 ? refusal(problems) : isWorkflow ? workflow(reply) : tasks.length === 0 && !isLive ? withoutRun(run) : [];
  at('outcome').hidden = body.length === 0;
  refill(at('outcome'), ...body);
}

function refusal(problems) {
  return [
    make('h2', {}, `The request was refused; nothing was run. ${several(problems.length, 'problem')}:`),
    make('ol', { class: 'problems' }, problems.map(({ code, path, message, got, limit, hint }) => make('li', {},
      make('p', {}, make('code', {}, code), path && make('span', { class: 'muted' }, ` at ${path}`)),
      make('p', {}, message),
      facts(isThere(got) && ['Got', got], isThere(limit) && ['Limit', limit], isThere(hint) && ['Hint', hint])))),
  ];
}

function withoutRun({ name, reply, report }) {
  if (report.results) return [make('h2', {}, 'The run ended before it had a task.')];
  if (reply === null) return [make('h2', {}, 'This page has no report.')];
  return [make('h2', {}, `No session was run for this: what ${name} said is all there is.`), text(readable(reply), 'Reply')];
}

function workflow(reply) {
  const made = [reply.drafts, reply.created, reply.refined].flatMap((results) => results ?? []);
  return [
    make('h2', {}, 'What came of it'),
    reply.reason && make('p', {}, `${capital(REASONS[reply.reason] ?? String(reply.reason))} `, make('code', { class: 'muted' }, reply.reason)),
    reply.items && items(reply),
    ...listed('What was wrong with the last plan', reply.problems),
    reply.report && [make('h3', {}, 'Report'), text(reply.report, 'Report')],
    ...listed('Gaps, by the report itself', reply.gaps),
    ...listed('Claims without a completed task behind them', reply.unsupported_claims),
    made.length > 0 && make('div', { class: 'drafts' }, made.map(draft)),
    ...[['Claims', reply.claims], ['Plan', reply.plan], ['Replacement plans', reply.replacements], ['Registry', reply.registry]].map(([title, value]) => whole(title, value)),
  ].flat().filter(Boolean);
}

/** A run over items: how many have an answer, and the one answer of all. */
function items({ items: { items: all, completed, ...others }, reduced }) {
  const rest = Object.entries(others).filter(([, times]) => times > 0).map(([status, times]) => `${thousands(times)} ${status}`);
  const words = `${thousands(completed)} of ${several(all, 'item')} ${all === 1 ? 'is' : 'are'} completed${rest.length > 0 ? `; ${rest.join(', ')}` : ''}.`;
  return [
    make('p', {}, words),
    reduced && make('h3', {}, `One answer of ${several(reduced.items ?? 0, 'item')}`),
    reduced && (isThere(reduced.output) ? text(readable(reduced.output), 'One answer of all') : make('p', {}, statusMark(reduced.status), reduced.error && ` ${reduced.error.message}`)),
  ];
}

/** One draft or agent type: how good its best version is, that version, and what is still wrong with it. */
function draft({ name, kind, reason, score, best_round: best, rounds, history, promotion, draft, issues }) {
  const scores = (history ?? []).map((round) => round.score ?? '–');
  return make('article', {},
    make('h3', {}, name, kind && make('span', { class: 'muted' }, ` ${kind}`)),
    make('p', {}, statusMark(reason === 'target_reached' ? 'completed' : 'failed', REASONS[reason] ?? reason), ' ', make('code', { class: 'muted' }, reason)),
    facts(
      ['Score', isThere(score) ? `${score} of 10` : 'none'],
      ['Rounds', `${rounds ?? scores.length}${isThere(best) ? `, the best is ${best}` : ''}`],
      scores.length > 1 && ['Scores', scores.join(', ')],
      promotion && ['Registry', PROMOTIONS[promotion] ?? promotion]),
    whole('Best version', draft),
    ...listed('Open issues', issues));
}

function listed(title, values) {
  if (!Array.isArray(values) || values.length === 0) return [];
  return [make('h3', {}, title), make('ul', { class: 'points' }, values.map((value) => make('li', {}, sentence(value))))];
}

/** A claim or an issue as a sentence; something else as it is. */
function sentence(value) {
  const { claim, task_id: task, severity, where, problem, fix } = Object(value);
  if (typeof claim === 'string') return `${claim} [${task}]`;
  if (typeof problem !== 'string') return readable(value);
  const head = [severity, where].filter(Boolean).map(readable).join(', ');
  return [head && `${head}:`, problem, fix && readable(fix)].filter(Boolean).join(' ');
}

/** A long value behind its title; nothing if there is none. */
function whole(title, value) {
  const isEmpty = !isThere(value) || (Array.isArray(value) && value.length === 0);
  return isEmpty ? null : folded(title, readable(value), '');
}

function isThere(value) {
  return value !== null && value !== undefined && value !== '';
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
