/** Keeping requests under a name, and making calls of them. The component checks and fills them; here are their files. */

import type { ToolResult } from './openclaw.ts';
import { ask, fitting, problem, refused, result } from './replies.ts';
import { SavedRequests, isName } from './saved.ts';
import { type Fields, fields, list, text } from './values.ts';

const ACTIONS = ['save', 'list', 'run', 'delete'];

/** A call of the component that a saved request became, or why it cannot become one. */
type Filled = { name: string; given: Fields } | { refusal: ToolResult };

/** The requests of an agent's workspace; undefined where nobody knows a workspace. */
export function savedOf(directory: string | undefined): SavedRequests | undefined {
  return directory ? new SavedRequests(directory) : undefined;
}

/** Every action but `run`, which becomes a call of a function first. */
export async function savedTool(given: Fields, saved: SavedRequests | undefined, maxChars: number): Promise<ToolResult> {
  const { action, name } = given;
  if (!saved) return noPlace();
  if (saved.trouble) return noFolder(saved.trouble);
  if (action === 'list') return all(saved, maxChars);
  if (!isName(name)) return wrongName(name);
  switch (action) {
    case 'save':
      return save(name, given, saved);
    case 'delete':
      return saved.remove(name) ? done({ deleted: name }) : unknown(name, saved);
  }
  const message = `there is no action ${text(action)?.slice(0, 64)}; there are ${ACTIONS.join(', ')}`;
  return refused([problem('E_ACTION', message, '/action')]);
}

/** The call that `run` makes. `takes` are the arguments of a function. */
export async function fill(
  { name, values }: Fields,
  saved: SavedRequests | undefined,
  takes: (name: string) => string[],
): Promise<Filled> {
  if (!saved) return { refusal: noPlace() };
  if (saved.trouble) return { refusal: noFolder(saved.trouble) };
  if (!isName(name)) return { refusal: wrongName(name) };
  const file = saved.read(name);
  if (!file) return { refusal: unknown(name, saved) };
  if ('wrong' in file) return { refusal: refused([problem('E_SAVED', file.wrong, '/name', 'put the file right, or save it again')]) };
  const reply = await ask('fill_request', JSON.stringify({ saved: file.saved, values: values ?? {} }));
  const filled = fields(JSON.parse(reply.val));
  if (reply.tag === 'refused') return { refusal: refused(list(filled['errors'])) };
  const called = text(filled['function']) ?? '';
  // Whoever runs a saved team wants it run.
  const given = { ...(takes(called).includes('run') ? { run: true } : {}), ...fields(filled['arguments']) };
  return { name: called, given };
}

async function save(name: string, given: Fields, saved: SavedRequests): Promise<ToolResult> {
  const members = ['description', 'function', 'parameters', 'arguments'].filter((member) => given[member] !== undefined);
  const document = Object.fromEntries(members.map((member) => [member, given[member]]));
  const reply = await ask('fill_request', JSON.stringify({ saved: document }));
  const checked = fields(JSON.parse(reply.val));
  if (reply.tag === 'refused') return refused(list(checked['errors']));
  const replaced = saved.write(name, document);
  return done({ saved: name, place: saved.place(name), replaced, parameters: checked['parameters'] });
}

function all(saved: SavedRequests, maxChars: number): ToolResult {
  const rows = saved.list().map((file) => {
    if ('wrong' in file) return { name: file.name, wrong: file.wrong };
    const { description, function: called, parameters } = file.saved;
    return { name: file.name, description, function: called, parameters: Object.keys(fields(parameters)) };
  });
  return done({ requests: fitting(rows, maxChars - 200) });
}

function done(said: object): ToolResult {
  return result({ ok: true, state: 'done', run_id: null, result: said });
}

function noPlace(): ToolResult {
  const hint = 'call it from an agent’s turn, or give the agent a workspace';
  return refused([problem('E_NO_WORKSPACE', 'this call has no workspace, so there are no saved requests', '', hint)]);
}

function noFolder(trouble: string): ToolResult {
  return refused([problem('E_SAVED', trouble, '', 'move it away; save makes a directory in its place')]);
}

function wrongName(name: unknown): ToolResult {
  const got = JSON.stringify(name)?.slice(0, 66) ?? 'none';
  const message = `name: got ${got}, need a lower-case letter, then at most 63 of a-z, 0-9, _ and -`;
  return refused([problem('E_SAVED_NAME', message, '/name', 'a name, and no path')]);
}

function unknown(name: string, saved: SavedRequests): ToolResult {
  const names = saved.list().map((file) => file.name).slice(0, 20);
  const hint = names.length > 0 ? `there are ${names.join(', ')}` : 'there are none yet';
  return refused([problem('E_SAVED_UNKNOWN', `there is no saved request ${name}`, '/name', hint)]);
}
