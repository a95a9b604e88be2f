/** The slash command's line as what the tools take. */

import type { Problem } from './config.ts';
import { problem } from './replies.ts';
import { type Fields, fields } from './values.ts';

/** What a call asks for: a function of the component with its arguments, or something of the plugin's own. */
export type Asked = (
  | { kind: 'function' | 'catalogue'; name: string; given: Fields }
  /** Looking after runs. */
  | { kind: 'runs'; given: Fields }
  /** Saved requests. */
  | { kind: 'saved'; given: Fields }
  | { kind: 'help' }
  /** The answer to a question that the slash command was asked. */
  | { kind: 'yes'; code: string }
  | { kind: 'wrong'; problem: Problem }
) & {
  /** Asked by a line of the slash command, and answered for people. */
  isLine?: boolean;
};

/** What the slash command takes, and what each does. */
const COMMANDS: [string, string][] = [
  ['list', 'all runs of this session'],
  ['status RUN', 'waits for the end of a run, and shows its results or how far it is'],
  ['page RUN TASK [OFFSET]', 'the answer of one task, from that character on'],
  ['explain RUN TASK', 'what was decided about one task, and why'],
  ['report RUN', 'where to look at a run in a browser, also while it goes on'],
  ['cancel RUN', 'stops a run and its sessions'],
  ['resume RUN', 'continues a run that a restart of the gateway cut off'],
  ['forget RUN', 'removes all that is kept of a run that has ended: prompts, answers, results; all in place of RUN: of every such run of this session'],
  ['saved', 'all saved requests, with their parameters'],
  ['run NAME [KEY=VALUE …]', 'runs a saved request; a value with blanks stands in quotes, and KEY:=JSON gives a value that is no text'],
  ['save NAME {JSON}', 'keeps a request: {"function": …, "arguments": …, "parameters"?: …, "description"?: …}'],
  ['delete NAME', 'removes a saved request'],
  ['yes CODE', 'agrees to the cost of a run that this command asked about'],
  ['FUNCTION {JSON}', 'calls a function, for example: review_team {"code": "…", "run": true}'],
  ['help', 'this list'],
];

const HELP = 'see /parallel_agents help';

/** The list of commands, as Markdown. */
export function help(): string {
  const rows = COMMANDS.map(([command, meaning]) => `- \`/parallel_agents ${command}\`: ${meaning}`);
  return ['Runs of parallel agents:', '', ...rows].join('\n');
}

/** What a line asks for. */
export function read(line: string): Asked {
  const [word, rest] = first(line);
  const words = rest.split(/\s+/).filter((word) => word);
  switch (word) {
    case 'help':
      return { kind: 'help' };
    case '':
    case 'list':
      return { kind: 'runs', given: { action: 'list' } };
    case 'status':
    case 'cancel':
    case 'resume':
    case 'page':
    case 'explain':
    case 'report':
    case 'forget': {
      const [run_id, task_id, offset] = words;
      const page = offset === undefined ? {} : { offset: Number(offset) };
      return { kind: 'runs', given: { action: word, run_id, task_id, ...page } };
    }
    case 'saved':
      return { kind: 'saved', given: { action: 'list' } };
    case 'delete':
      return { kind: 'saved', given: { action: 'delete', name: words[0] } };
    case 'run':
      return values(rest);
    case 'save': {
      const [name, document] = first(rest);
      const saved = object(word, document);
      return 'wrong' in saved ? saved.wrong : { kind: 'saved', given: { ...saved.fields, action: 'save', name } };
    }
    case 'yes':
      return { kind: 'yes', code: words[0] ?? '' };
  }
  const given = object(word, rest);
  return 'wrong' in given ? given.wrong : { kind: 'function', name: word, given: given.fields };
}

/** The first word of a text, and what follows it. */
function first(line: string): [string, string] {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  return [word, rest];
}

/** One value: a name, = or :=, and a text with or without quotes, or JSON to the next blank outside of its strings. */
const VALUE = /^([A-Za-z][A-Za-z0-9_-]*)(:?=)("(?:[^"\\]|\\.)*"|'[^']*'|(?:"(?:[^"\\]|\\.)*"|[^\s"])*)(?:\s+|$)/;

/** A line `NAME key=value key:=JSON`. */
function values(line: string): Asked {
  let [name, rest] = first(line);
  const given: Fields = {};
  while (rest) {
    const found = VALUE.exec(rest);
    if (!found) return wrong(`cannot read ${JSON.stringify(rest.slice(0, 40))} as KEY=VALUE`);
    const [whole, key = '', sign, written = ''] = found;
    try {
      given[key] = sign === ':=' ? JSON.parse(written) : unquoted(written);
    } catch (error) {
      return wrong(`the value of ${key} is no JSON: ${(error as Error).message}`);
    }
    rest = rest.slice(whole.length);
  }
  return { kind: 'saved', given: { action: 'run', name, values: given } };
}

function unquoted(written: string): string {
  if (/^"[^]*"$/.test(written)) return JSON.parse(written) as string;
  return /^'[^]*'$/.test(written) ? written.slice(1, -1) : written;
}

function object(word: string, document: string): { fields: Fields } | { wrong: Asked } {
  const why = (why: string) => ({ wrong: wrong(`the arguments of ${word} are no JSON object: ${why}`) });
  try {
    const given: unknown = JSON.parse(document.trim() || '{}');
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return why('it is another value');
    return { fields: fields(given) };
  } catch (error) {
    return why((error as Error).message);
  }
}

function wrong(message: string): Asked {
  return { kind: 'wrong', problem: problem('E_COMMAND', message, '/command', HELP) };
}
