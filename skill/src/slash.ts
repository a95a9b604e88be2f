/** The slash command's line as what the tools take. */

import { type Fields, fields } from './values.ts';

const HELP =
  'list | status RUN | page RUN TASK [OFFSET] | explain RUN TASK | report RUN | cancel RUN | resume RUN | FUNCTION {JSON}, for example: review_team {"code": "…", "run": true}';

export type Line =
  | { kind: 'runs'; parameters: Fields }
  | { kind: 'function'; name: string; arguments: Fields }
  | { kind: 'wrong'; message: string; hint: string };

/** What a line asks for. */
export function read(line: string): Line {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const words = rest.split(/\s+/).filter((word) => word);
  switch (word) {
    case '':
    case 'list':
      return { kind: 'runs', parameters: { action: 'list' } };
    case 'status':
    case 'cancel':
    case 'resume':
    case 'page':
    case 'explain':
    case 'report': {
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
