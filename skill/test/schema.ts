/**
 * Whether a value fits a schema, for the few words that the tools' output schemas use; any other word is an error. The
 * end-to-end run has OpenClaw's own validator check the same.
 */

const KNOWN = ['type', 'required', 'properties', 'items', 'enum', 'anyOf', 'description'];

/** Where a value does not fit, and why. */
export function misfits(schema: any, value: unknown, path = ''): string[] {
  const unknown = Object.keys(schema).filter((word) => !KNOWN.includes(word));
  if (unknown.length > 0) throw new Error(`the schema at ${path} says ${unknown.join(', ')}, which is not checked`);
  const wrong: string[] = [];
  const { type, properties = {}, required = [], items, anyOf } = schema;
  if (type && ![type].flat().some((type) => is(type, value))) return [`${path}: ${JSON.stringify(value)} is no ${type}`];
  if (schema.enum && !schema.enum.includes(value)) wrong.push(`${path}: ${JSON.stringify(value)} is none of ${schema.enum}`);
  if (anyOf?.every((one: any) => misfits(one, value, path).length > 0)) wrong.push(`${path}: fits none of ${anyOf.length}`);
  if (Array.isArray(value)) return [...wrong, ...value.flatMap((item, at) => misfits(items ?? {}, item, `${path}/${at}`))];
  if (typeof value !== 'object' || value === null) return wrong;
  const missing = required.filter((name: string) => !(name in value)).map((name: string) => `${path}: no ${name}`);
  const inside = Object.entries(value).flatMap(([name, item]) => misfits(properties[name] ?? {}, item, `${path}/${name}`));
  return [...wrong, ...missing, ...inside];
}

function is(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
  }
  return typeof value === type;
}
