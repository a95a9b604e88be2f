/** The component's functions as the build wrote them down: which arguments each takes, and what a call of one is. */

import { readFileSync } from 'node:fs';

import { type Config, asForecast, withModels } from './config.ts';
import { type Fields, fields, own } from './values.ts';

/** A file that the build made. */
export const made = <T>(file: string) => JSON.parse(readFileSync(new URL(`../dist/${file}`, import.meta.url), 'utf8')) as T;

/** The names of the arguments that each function takes. */
const TAKES = Object.fromEntries(
  made<{ name: string; parameters: string }[]>('functions.json').map(({ name, parameters }) => [
    name,
    Object.keys(fields(JSON.parse(parameters)['properties'])),
  ]),
);

/** The arguments of a function; none of one that there is not. */
export function takes(name: string): string[] {
  return own(TAKES, name) ?? [];
}

/** Whether a call asks something of the gateway; where it cannot, that is said before anything is done. */
export function asksGateway(name: string, given: Fields): boolean {
  const all = takes(name);
  // These two arguments are those of functions that spawn, or read what others spawned.
  if (name === 'forecast_run' || !['max_concurrent', 'wait_seconds'].some((one) => all.includes(one))) return false;
  // Without this one, such a function only returns a request.
  return !all.includes('run') || given['run'] === true;
}

/** What the component is given: the request with what the operator has to say about it. */
export function documentOf(name: string, given: Fields, config: Config): string {
  const request = withModels(given, config, takes(name));
  return JSON.stringify(name === 'forecast_run' ? asForecast(request, config) : request);
}
