/**
 * Whether agents read this plugin's skill. Skills of plugins are the last in OpenClaw's order of precedence, so that any other
 * skill of the same name takes its place and its slash command, and the agent is told nothing.
 */

import { readFileSync } from 'node:fs';

import { MANIFEST } from './config.ts';
import type { PluginApi, SkillCommand, SkillLists } from './openclaw.ts';
import { errorText } from './values.ts';

/** The skill has the plugin's name; a test compares. */
const SKILL = MANIFEST.id;

/** In the package. In the sources it lies elsewhere, and nothing is compared. */
const OWN = new URL(`../skills/${SKILL}/SKILL.md`, import.meta.url);

/** Where to find what an agent reads. */
interface Reader {
  workspaceDir?: string;
  agentId?: string;
  /** The gateway's configuration. */
  cfg: unknown;
}

/** What there is to say of a skill that hides the plugin's own from an agent; undefined if none does, or nobody can tell. */
export function shadow(lists: SkillLists | undefined, { workspaceDir, agentId, cfg }: Reader, own = OWN): string | undefined {
  if (!lists || !workspaceDir) return undefined;
  return found(lists.listSkillCommandsForWorkspace({ workspaceDir, agentId, cfg }), own);
}

/** The same for all agents, in the log of the gateway. Throws nothing. */
export function warnOfShadow(api: PluginApi, lists: SkillLists | undefined, own = OWN): void {
  if (!lists) return;
  try {
    const text = found(lists.listSkillCommandsForAgents({ cfg: api.config }), own);
    if (text !== undefined) api.logger.warn(text);
  } catch (error) {
    api.logger.warn(`nobody can tell whether another skill hides the one of this plugin: ${errorText(error)}`);
  }
}

/** By content: OpenClaw loads plugins, and offers their skills, from copies and links. */
function found(commands: SkillCommand[], own: URL): string | undefined {
  const file = commands.find(({ skillName }) => skillName === SKILL)?.skillFile;
  const mine = content(own);
  const other = file === undefined ? undefined : content(file);
  if (mine === undefined || other === undefined || mine === other) return undefined;
  return (
    `another skill named ${SKILL} hides the one of this plugin: ${file}. Agents read that one, and the slash command belongs to it. ` +
    'Rename or remove it; the tools work either way'
  );
}

function content(file: URL | string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
