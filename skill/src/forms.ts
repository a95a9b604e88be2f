/**
 * Asks a model for the form of its answer as far as its server takes that: by a schema, as any JSON object, or not at all.
 *
 * OpenClaw hands `responseFormat` on to the provider and says of a refusal only that the call failed. So the first call
 * that fails with a form is made again with less of one; what then succeeds is remembered for that model.
 */

import type { SpawnOptions } from './contract.ts';
import { type Fields, fields, text } from './values.ts';

type Asked = 'schema' | 'object' | 'nothing';

/** How much of a form a model's server takes, as far as calls have shown it. */
const taken = new Map<string, Asked>();

const ORDER: Asked[] = ['schema', 'object', 'nothing'];

/** The answer of a completion call; it fails only as the call without a form does. */
export async function inItsForm(
  { form, model = '' }: Pick<SpawnOptions, 'form' | 'model'>,
  ask: (responseFormat: Fields | undefined) => Promise<Fields>,
): Promise<Fields> {
  if (form.tag === 'text') return ask(undefined);
  const schema = schemaOf(form.val);
  const most = taken.get(model);
  const tries = ORDER.slice(ORDER.indexOf(most ?? 'schema')).filter((asked) => asked !== 'schema' || schema);
  for (const asked of tries) {
    const answer = await ask(formatOf(asked, schema));
    const isRefused = text(answer['stopReason']) === 'error' && !text(answer['text']);
    // Where the form was taken before, the failure has another cause.
    if (isRefused && most !== asked && asked !== 'nothing') continue;
    if (!isRefused && most === undefined) taken.set(model, asked);
    return answer;
  }
  return ask(undefined);
}

function formatOf(asked: Asked, schema: Fields | undefined): Fields | undefined {
  if (asked === 'nothing') return undefined;
  if (asked === 'object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: 'answer', schema } };
}

function schemaOf(schema: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(schema ?? 'null');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? fields(value) : undefined;
  } catch {
    return undefined;
  }
}

/** For tests, which are no gateway that goes on. */
export function forget(): void {
  taken.clear();
}
