/** The table of bad requests in Node: the same bytes as in every other engine, and an idle host. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import type { Component, Event, EventKind } from '../src/contract.ts';
import { call as callFunction } from '../src/functions.ts';

const TABLE = new URL('../../tests/bad_input/', import.meta.url);
const COMPONENT = new URL('../dist/component/', import.meta.url);

interface Case {
  /** The line of the table that says what is expected. */
  line: number;
  function: string;
  request: string;
  accepted: boolean;
  shown: string;
}

/** The table, read as `tests/bad_input/table.rs` reads it. */
function cases(): Case[] {
  const found: Case[] = [];
  const fragments = new Map<string, string>();
  const named = (text: string) =>
    [...fragments].reduce((text, [name, fragment]) => text.replaceAll(name, () => fragment), text);
  let call = { function: '', template: '' };
  for (const [index, line] of readFileSync(new URL('table.txt', TABLE), 'utf8').split('\n').entries()) {
    if (!line || line.startsWith('#')) continue;
    const definition = /^(‹[^›]*›) = (.*)$/.exec(line);
    if (definition) {
      fragments.set(definition[1]!, named(definition[2]!));
    } else if (!line.startsWith('    ')) {
      const [name, template] = halves(line, '  ');
      call = { function: name, template: named(template!) };
    } else {
      const [expected, values = '…'] = halves(line.slice(4), ': ');
      const each = named(values).split('  ').map(trimmed).filter(Boolean);
      for (const value of each) {
        const shown = value === 'missing' ? withoutTheField(call.template) : call.template.replace('…', () => value);
        const request = repeated(shown);
        found.push({ line: index + 1, function: call.function, request, accepted: expected === 'ok', shown });
      }
    }
  }
  return found;
}

const trimmed = (text: string) => text.trim();

function halves(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function withoutTheField(request: string): string {
  const [before, after] = halves(request, '": …');
  return before.slice(0, before.lastIndexOf('"')).replace(/, $/, '') + after;
}

function repeated(text: string): string {
  const innermost = /‹([^‹›]*)×(,?)(\d+)›/;
  for (let found = innermost.exec(text); found; found = innermost.exec(text)) {
    const [whole, what, separator, times] = found as unknown as [string, string, string, string];
    const numbered = (_: unknown, index: number) =>
      what.replaceAll('#', String(index + 1)).replaceAll('^', String(index));
    const all = Array.from({ length: Number(times) }, numbered).join(separator);
    text = text.slice(0, found.index) + all + text.slice(found.index + whole.length);
  }
  return text;
}

const component = (await import(new URL('parallel_agents.js', COMPONENT).href)) as Component;
const modules = new Map<string, Promise<WebAssembly.Module>>();
const load = (path: string) => {
  const module = modules.get(path) ?? WebAssembly.compile(readFileSync(new URL(path, COMPONENT)));
  modules.set(path, module);
  return module;
};

/** Calls a function with a host that refuses whatever it is asked for. */
async function call(name: string, request: string) {
  let [calls, seq, now] = [0, 0n, 0n];
  const open: bigint[] = [];
  const refuse = (request: bigint) => {
    calls += 1;
    open.push(request);
  };
  const facts = { name: 'test', seed: 7n, maxConcurrent: undefined, reportsStarts: false, keepsJournal: false };
  const eventKind = (untilMs: bigint | undefined): EventKind => {
    if (seq === 0n) return { tag: 'opened', val: facts };
    const request = open.shift();
    if (request !== undefined) {
      return {
        tag: 'answered',
        val: { request, outcome: { tag: 'err', val: { tag: 'unsupported', val: 'no sessions here' } } },
      };
    }
    if (untilMs !== undefined && untilMs > now) now = untilMs;
    return { tag: 'timer-fired' };
  };
  const { functions } = await component.instantiate(load, {
    'parallel-agents:skill/sessions': {
      sessionsSpawn: refuse,
      sessionsList: refuse,
      sessionsHistory: refuse,
      sessionsCancel: refuse,
      sessionsAttach: refuse,
      sessionsDelete: refuse,
    },
    'parallel-agents:skill/events': {
      nextEvent: async (untilMs) => {
        calls += 1;
        const what = eventKind(untilMs);
        return { seq: seq++, atMs: now, what } satisfies Event;
      },
      reportProgress: () => void (calls += 1),
      reportItem: () => void (calls += 1),
    },
    'parallel-agents:skill/journal': { append: () => void (calls += 1) },
  });
  return { reply: await callFunction(functions, name, request), calls };
}

test('each request of the table gets the same answer as in every other engine', async () => {
  const sums = new Map<number, { sum: ReturnType<typeof createHash>; shown: string }>();
  let refused = 0;
  for (const one of cases()) {
    const place = `line ${one.line} of the table: ${one.function} ${one.shown}`;
    const { reply, calls } = await call(one.function, one.request);
    assert.equal(reply.tag, one.accepted ? 'answer' : 'refused', place);
    if (!one.accepted) {
      assert.equal(calls, 0, `${place}: the host was asked for something`);
      refused += 1;
    }
    const line = sums.get(one.line) ?? { sum: createHash('sha256'), shown: place };
    line.sum.update(one.accepted && calls > 0 ? 'accepted' : reply.val);
    sums.set(one.line, line);
  }
  assert.ok(refused > 600, `${refused} requests were refused`);
  const kept = readFileSync(new URL('snapshots/bad_input__answers.snap', TABLE), 'utf8').split('\n---\n')[1]!.trim();
  const expected = new Map(kept.split('\n').map((line) => [Number(line.split(' ')[0]), line.split(' ')[1]]));
  assert.equal(sums.size, expected.size);
  for (const [line, { sum, shown }] of sums) assert.equal(sum.digest('hex').slice(0, 16), expected.get(line), shown);
});
