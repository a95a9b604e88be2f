/** What a call of a tool asks for: a function of the component with its arguments, or something of the plugin's own. */

import { problem } from './replies.ts';
import { type Asked, read } from './slash.ts';
import { type Fields, fields, own, text } from './values.ts';

/** How a tool finds its function. */
export interface Behind {
  function?: string;
  teams?: Record<string, string>;
  catalogue?: string[];
  call?: boolean;
  saved?: boolean;
  door?: boolean;
}

/** What somebody wants who calls a tool with these parameters. */
export function asked(behind: Behind, given: Fields): Asked {
  if (behind.function) return { kind: 'function', name: behind.function, given };
  if (behind.teams) return team(behind.teams, given);
  if (behind.catalogue) {
    const [all = '', one = ''] = behind.catalogue;
    return { kind: 'catalogue', name: 'agent_type' in given ? one : all, given };
  }
  if (behind.saved) return { kind: 'saved', given };
  if (!behind.call) return { kind: 'runs', given };
  const line = text(given['command']);
  if (line !== undefined) return { ...read(line), isLine: true };
  return { kind: 'function', name: text(given['function']) ?? '', given: fields(given['arguments'] ?? {}) };
}

function team(teams: Record<string, string>, { team, ...rest }: Fields): Asked {
  const name = own(teams, team);
  if (name !== undefined) return { kind: 'function', name, given: { run: true, ...rest } };
  const message = `team: got ${JSON.stringify(team)?.slice(0, 66) ?? 'none'}; there are ${Object.keys(teams).join(', ')}`;
  return { kind: 'wrong', problem: problem('E_TEAM', message, '/team', 'name one of them') };
}
