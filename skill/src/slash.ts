/** The slash command's line as what the tools take. */

import { type Fields, fields } from './values.ts';

/** What the slash command takes, and what each does. */
const COMMANDS: [string, string][] = [
  ['list', 'all runs of this session'],
  ['status RUN', 'waits for the end of a run, and shows its results or how far it is'],
  ['page RUN TASK [OFFSET]', 'the answer of one task, from that character on'],
  ['explain RUN TASK', 'what was decided about one task, and why'],
  ['report RUN', 'writes the whole run as a page for a browser'],
  ['cancel RUN', 'stops a run and its sessions'],
  ['resume RUN', 'continues a run that a restart of the gateway cut off'],
  ['forget RUN', 'removes all that is kept of a run that has ended: prompts, answers, results; all in place of RUN: of every such run of this session'],
  ['FUNCTION {JSON}', 'calls a function, for example: review_team {"code": "…", "run": true}'],
  ['help', 'this list'],
];

const HELP = 'see /parallel_agents help';

/** The list of commands, as Markdown. */
export function help(): string {
  const rows = COMMANDS.map(([command, meaning]) => `- \`/parallel_agents ${command}\`: ${meaning}`);
  return ['Runs of parallel agents:', '', ...rows].join('\n');
}

export type Line =
  | { kind: 'help' }
  | { kind: 'runs'; parameters: Fields }
  | { kind: 'function'; name: string; arguments: Fields }
  | { kind: 'wrong'; message: string; hint: string };

/** What a line asks for. */
export function read(line: string): Line {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const words = rest.split(/\s+/).filter((word) => word);
  switch (word) {
    case 'help':
      return { kind: 'help' };
    case '':
    case 'list':
      return { kind: 'runs', parameters: { action: 'list' } };
    case 'status':
    case 'cancel':
    case 'resume':
    case 'page':
    case 'explain':
    case 'report':
    case 'forget': {
      const [run_id, task_id, offset] = words;
      const page = offset === undefined ? {} : { offset: Number(offset) };
      return { kind: 'runs', parameters: { action: word, run_id, task_id, ...page } };
    }
  }
  const wrong = (why: string): Line => {
    const message = `the arguments of ${word} are no JSON object: ${why}`;
    return { kind: 'wrong', message, hint: HELP };
  };
  try {
    const given: unknown = JSON.parse(rest.trim() || '{}');
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return wrong('it is another value');
    return { kind: 'function', name: word, arguments: fields(given) };
  } catch (error) {
    return wrong((error as Error).message);
  }
}
