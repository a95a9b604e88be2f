/** What somebody wants of the door, read strictly: callers are programs, and a word that is not understood is a mistake. */

import { createHash } from 'node:crypto';

import { type Problem, faults } from './config.ts';
import type { SpawnOptions } from './contract.ts';
import { problem } from './replies.ts';
import { type Fields, fields, list, own, text } from './values.ts';

export type DoorRequest =
  | { action: 'facts' }
  | { action: 'spawn'; options: SpawnOptions }
  | { action: 'wait'; keys: string[]; started: Set<string>; timeoutMs: number }
  | { action: 'read'; key: string; offset: number; limit: number; includeTools: boolean }
  | { action: 'list'; search: string | undefined; offset: number; limit: number }
  | { action: 'cancel' | 'delete'; key: string };

/** The fields that each action needs, and those that it may have. */
const TAKES: Record<DoorRequest['action'], [needs: string[], may: string[]]> = {
  facts: [[], []],
  spawn: [
    ['key', 'task', 'label'],
    ['task_name', 'agent_id', 'model', 'thinking', 'run_timeout_seconds', 'tool_free'],
  ],
  wait: [['keys'], ['started', 'timeout_seconds']],
  read: [['key'], ['offset', 'limit', 'include_tools']],
  list: [[], ['search', 'offset', 'limit']],
  cancel: [['key'], []],
  delete: [['key'], []],
};

const DEFAULTS = { limit: 50, waitSeconds: 60, runSeconds: 600 };

/** The request, or everything that is wrong with it. `schema` is that of the tool's parameters. */
export function readRequest(schema: object, given: Fields): DoorRequest | Problem[] {
  const wrong = faults(schema as Fields, given, '');
  const takes = own(TAKES, given['action']);
  if (wrong.length === 0 && takes) {
    const [needs, may] = takes;
    const action = String(given['action']);
    const properties = fields(fields(schema)['properties']);
    for (const name of needs)
      if (!(name in given)) wrong.push(...faults(fields(properties[name]), undefined, `/${name}`));
    const known = ['action', ...needs, ...may];
    for (const name of Object.keys(given))
      if (!known.includes(name)) wrong.push({ path: `/${name}`, message: `${action} takes no ${name}; it takes ${known.join(', ')}` });
  }
  if (wrong.length > 0) return wrong.map(({ path, message }) => problem('E_DOOR_REQUEST', `${path || '/'}: ${message}`, path));
  return requestOf(given);
}

function requestOf(given: Fields): DoorRequest {
  const number = (name: string, otherwise: number) => (typeof given[name] === 'number' ? given[name] : otherwise);
  const key = text(given['key']) ?? '';
  const page = { offset: number('offset', 0), limit: number('limit', DEFAULTS.limit) };
  switch (given['action']) {
    case 'spawn':
      return { action: 'spawn', options: optionsOf(given, key, number('run_timeout_seconds', DEFAULTS.runSeconds)) };
    case 'wait': {
      const started = new Set(list(given['started']).map(String));
      return { action: 'wait', keys: list(given['keys']).map(String), started, timeoutMs: number('timeout_seconds', DEFAULTS.waitSeconds) * 1_000 };
    }
    case 'read':
      return { action: 'read', key, ...page, includeTools: given['include_tools'] === true };
    case 'list':
      return { action: 'list', search: text(given['search']), ...page };
    case 'cancel':
      return { action: 'cancel', key };
    case 'delete':
      return { action: 'delete', key };
  }
  return { action: 'facts' };
}

function optionsOf(given: Fields, key: string, runTimeoutSeconds: number): SpawnOptions {
  return {
    task: text(given['task']) ?? '',
    label: text(given['label']) ?? '',
    taskName: text(given['task_name']) ?? `door-${hash(key).slice(0, 12)}`,
    agentId: text(given['agent_id']),
    model: text(given['model']),
    thinking: text(given['thinking']),
    runTimeoutSeconds,
    cleanup: 'keep',
    toolFree: given['tool_free'] === true,
    form: { tag: 'text' },
    idempotencyKey: key,
  };
}

/** Tells one request from another with the same key. */
export function printOf({ task, label, taskName, agentId, model, thinking, runTimeoutSeconds, toolFree }: SpawnOptions): string {
  return hash(JSON.stringify([task, label, taskName, agentId, model, thinking, runTimeoutSeconds, toolFree]));
}

function hash(words: string): string {
  return createHash('sha256').update(words).digest('hex');
}
