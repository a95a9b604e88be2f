/** Reading values whose type nobody has checked yet: none of these throws. */

export type Fields = Record<string, unknown>;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/**
 * What a table of this plugin has under a name from outside. Names such as `constructor` stand in every object of JavaScript
 * and are entries of none.
 */
export function own<T>(table: Record<string, T>, name: unknown): T | undefined {
  return typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The message of an error, or of what was thrown in place of one. */
export function errorText(error: unknown): string {
  return text(error) ?? text(fields(error)['message']) ?? 'the host failed without a message';
}
