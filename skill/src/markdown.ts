/** Replies as Markdown for people who use the slash command. What a run's tasks brought is made by the component. */

import { type Fields, fields, list, text } from './values.ts';

const COMMAND = '/parallel_agents';

/** Any reply of the tools. */
export function markdown(reply: Fields): string {
  const { state, run_id, result, hint } = reply;
  const run = text(run_id);
  const link = text(fields(result)['link']);
  const lines = reply['ok'] === true ? [] : errors(list(reply['errors']));
  if (Array.isArray(reply['runs'])) lines.push(...runsTable(reply['runs'].map(fields)));
  // The same of a run that goes on, and of one that broke.
  else if (link !== undefined) lines.push(`Run \`${run}\` is in the list at ${link}; on another machine the gateway has another address.`);
  else if (state === 'running') lines.push(...progress(reply));
  else if (state === 'interrupted') lines.push(`Run \`${run}\` is **interrupted**: \`${COMMAND} resume ${run}\` continues it.`);
  else if (state === 'done') lines.push(...done(fields(result), run));
  // What is next stands in the lines above, in the words of the slash command; what was in vain does not.
  const vain = /^there was nothing to .*?(?=;|$)/.exec(text(hint) ?? '')?.[0];
  return (vain ? [`${vain[0]?.toUpperCase()}${vain.slice(1)}.`, '', ...lines] : lines).join('\n');
}

function done(result: Fields, run: string | undefined): string[] {
  const shown = text(result['text']);
  if (run !== undefined && shown !== undefined)
    return [`Run \`${run}\`: ${shown}`, '', `Whole answers: \`${COMMAND} page ${run} TASK\`; a page for a browser: \`${COMMAND} report ${run}\``];
  if (shown !== undefined && 'total_chars' in result) return page(result, shown);
  if (text(result['story']) !== undefined) return fenced(text(result['story'])!);
  if (text(result['file']) !== undefined) return [`The page is in \`${text(result['file'])}\`; open it in a browser.`];
  if (Array.isArray(result['requests'])) return savedTable(result['requests'].map(fields));
  if (text(result['place']) !== undefined) return [kept(result)];
  if (text(result['deleted']) !== undefined) return [`Removed the saved request \`${result['deleted']}\`.`];
  if (Array.isArray(result['forgotten'])) return [forgotten(result['forgotten'])];
  return fenced(JSON.stringify(result, undefined, 1), 'json');
}

function forgotten(ids: unknown[]): string {
  if (ids.length === 0) return 'There was nothing to forget: this session has no run that has ended.';
  return `Removed prompts, answers and results of ${ids.map((id) => `\`${id}\``).join(', ')}.`;
}

function savedTable(requests: Fields[]): string[] {
  if (requests.length === 0) return ['There are no saved requests in this workspace.'];
  const rows = requests.map(({ name, description, function: called, parameters, wrong }) => [
    name,
    called,
    list(parameters).join(', '),
    wrong ?? description,
  ]);
  return rowsOf(['Name', 'Function', 'Parameters', 'What it is for'], rows);
}

function kept({ saved, place, replaced, parameters }: Fields): string {
  const values = list(parameters).map((parameter) => ` ${text(fields(parameter)['name'])}=…`);
  const where = `in \`${place}\`${replaced === true ? ', in place of the one before' : ''}`;
  return `Saved ${where}. \`${COMMAND} run ${saved}${values.join('')}\` runs it.`;
}

function page({ task_id, offset, next_offset, total_chars }: Fields, shown: string): string[] {
  const end = typeof next_offset === 'number' ? `more from ${next_offset}` : 'the end';
  return [`\`${task_id}\`, from character ${offset} of ${total_chars}; ${end}:`, '', ...fenced(shown)];
}

function progress({ run_id, progress, tasks }: Fields): string[] {
  const { ended, running, total } = fields(progress);
  const counts = total === undefined ? 'it has just begun' : `${ended} of ${total} tasks ended, ${running} running`;
  const rows = list(tasks).map(fields);
  const table = rows.map(({ task_id, agent_type, status }) => [task_id, agent_type, status]);
  const next = `\`${COMMAND} status ${run_id}\` waits for its end, \`${COMMAND} cancel ${run_id}\` stops it.`;
  return [`Run \`${run_id}\` is **running**: ${counts}.`, ...rowsOf(['Task', 'Agent', 'Status'], table), '', next];
}

function runsTable(runs: Fields[]): string[] {
  if (runs.length === 0) return ['This session has no runs.'];
  const rows = runs.map(({ run_id, function: name, started, state, progress }) => {
    const { ended, total } = fields(progress);
    return [run_id, name, text(started)?.slice(0, 16).replace('T', ' '), state, total === undefined ? '' : `${ended} of ${total}`];
  });
  return rowsOf(['Run', 'Function', 'Started', 'State', 'Tasks'], rows);
}

function errors(all: unknown[]): string[] {
  return all.map(fields).map(({ code, message, hint }) => `- **${code}**: ${cell(message)}${text(hint) ? ` (${cell(hint)})` : ''}`);
}

function rowsOf(head: string[], rows: unknown[][]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: unknown[]) => `| ${cells.map(cell).join(' | ')} |`;
  return ['', line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** A value as a cell, in which nothing is markup but what stands in backticks. */
function cell(value: unknown): string {
  return String(value ?? '')
    .replace(/\s+/g, ' ')
    .replace(/[\\|*`[\]<>]/g, (mark) => `\\${mark}`);
}

/** A text as a block of code that nothing in it can end. */
function fenced(shown: string, language = ''): string[] {
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, shown, fence];
}
