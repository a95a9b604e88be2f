import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { DoorRegistry } from '../src/door_registry.ts';
import { isDoor } from '../src/door_tool.ts';
import { settled } from './commands.ts';
import { Program, SESSION, asked } from './door_use.ts';

/** Whether the session was spawned or not, the answer is lost. */
const CRASHES = { 'after the session was there': true, 'before the session was there': false };

test('a session is spawned, waited for, read, listed and deleted by its key', async () => {
  const program = new Program();
  const receipt = await program.spawn('a', { model: 'sim/standard' });
  assert.deepEqual(receipt, { key: 'a', session_key: 'agent:main:subagent:0', run_id: 'run-0', model: 'sim/standard', tool_free: false });
  const { ended, unknown } = await ends(program, ['a']);
  assert.deepEqual([ended.length, unknown], [1, []]);
  const { key, outcome, completion, usage, model, failure } = ended[0];
  assert.deepEqual([key, outcome, completion.text, completion.finish, failure], ['a', 'completed', 'an answer', 'stop', null]);
  assert.deepEqual([usage, model], [{ input_tokens: 10, output_tokens: 2 }, 'sim/standard']);
  assert.deepEqual(await ends(program, ['a']), { ended, started: [], unknown }, 'the end is told as often as it is asked for');

  const page = await program.do({ action: 'read', key: 'a' });
  assert.deepEqual(page.messages.map((one: any) => [one.role, one.text]), [['user', 'Do a.'], ['assistant', 'an answer']]);
  const last = await program.do({ action: 'read', key: 'a', limit: 1 });
  assert.deepEqual([last.messages.length, last.has_more], [1, true]);
  const { sessions, has_more } = await program.do({ action: 'list', search: 'label' });
  assert.deepEqual([sessions.length, has_more], [1, false]);
  assert.deepEqual([sessions[0].key, sessions[0].session_key, sessions[0].state], ['a', receipt.session_key, 'completed']);

  for (const session_key of [receipt.session_key, null])
    assert.deepEqual(await program.do({ action: 'delete', key: 'a' }), { key: 'a', deleted: true, session_key });
  assert.deepEqual((await program.do({ action: 'wait', keys: ['a'] })).unknown, ['a']);
  assert.equal((await program.refused({ action: 'read', key: 'a' })).code, 'E_DOOR_UNKNOWN');
});

/** Waits until something of these has ended. */
async function ends(program: Program, keys: string[]): Promise<any> {
  let started: string[] = [];
  for (;;) {
    const told = await program.do({ action: 'wait', keys, started, timeout_seconds: 20 });
    if (told.ended.length > 0 || told.unknown.length > 0) return { ...told, started: [] };
    started = [...started, ...told.started];
  }
}

test('the same key twice, at once or later, is one session', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  const receipts = await Promise.all([program.spawn('a'), program.spawn('a'), program.spawn('a')]);
  receipts.push(await program.spawn('a'));
  program.restart();
  receipts.push(await program.spawn('a'));
  for (const one of receipts) assert.deepEqual(one, receipts[0]);
  assert.equal(program.openclaw.sessions.length, 1);
  const other = { ...asked('a'), task: 'Do something else.' };
  assert.deepEqual([(await program.refused(other)).code, (await program.refused(other)).kind], ['E_DOOR_KEY_TAKEN', 'invalid']);
  assert.equal((await program.refused({ ...asked('b'), label: 'label a' })).code, 'E_DOOR_LABEL_TAKEN');
  assert.equal(program.openclaw.sessions.length, 1);
});

for (const [when, isThere] of Object.entries(CRASHES)) {
  test(`a gateway that is killed ${when} spawns it once`, async () => {
    const program = new Program();
    program.openclaw.answer = undefined;
    const tools = program.openclaw.tools.bind(program.openclaw);
    let [spawns, gone] = [0, () => {}];
    program.openclaw.tools = () =>
      tools().map((tool) => {
        if (tool.name !== 'sessions_spawn') return tool;
        const execute = async (...call: Parameters<typeof tool.execute>) => {
          spawns += 1;
          if (spawns > 1) return tool.execute(...call);
          if (isThere) await tool.execute(...call);
          // The process is gone, and nobody hears of it.
          return new Promise<never>((_, reject) => (gone = () => reject(new Error('gone'))));
        };
        return { ...tool, execute };
      });
    const lost = program.ask(asked('a'));
    while (spawns === 0 || program.openclaw.sessions.length < (isThere ? 1 : 0)) await settled();
    const file = join(program.state, 'parallel-agents/door/keys.jsonl');
    assert.match(readFileSync(file, 'utf8'), /"what":"asked"/, 'it was written down before it was asked for');
    assert.doesNotMatch(readFileSync(file, 'utf8'), /"what":"receipt"/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    program.restart();
    const [one, other] = await Promise.all([program.spawn('a'), program.spawn('a')]);
    assert.deepEqual([one, spawns], [other, isThere ? 1 : 2]);
    assert.deepEqual([program.openclaw.sessions.length, one.session_key], [1, 'agent:main:subagent:0']);
    gone();
    await lost;
  });
}

test('a spawn of which nobody knows what became of it stays in doubt until its label is found', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  program.openclaw.spoil = (call) => {
    if (call === 'sessions_spawn') throw new Error('something broke');
  };
  for (const _ of [1, 2]) {
    const error = await program.refused(asked('a'));
    assert.deepEqual([error.code, error.kind, error.retryable], ['E_DOOR_IN_DOUBT', 'in-doubt', true]);
  }
  program.openclaw.spoil = () => undefined;
  assert.equal((await program.refused(asked('a'))).code, 'E_DOOR_IN_DOUBT', 'it may still come');
  await program.openclaw.tools().find(({ name }) => name === 'sessions_spawn')!.execute('late', { task: 'Do a.', label: 'label a' });
  assert.equal((await program.spawn('a')).session_key, 'agent:main:subagent:0');
  assert.equal(program.openclaw.sessions.length, 1);
});

test('what the gateway plainly refuses can be asked for again', async () => {
  const program = new Program();
  program.openclaw.spoil = (call) => (call === 'sessions_spawn' ? { details: { status: 'error', error: 'Unknown model: x' } } : undefined);
  const error = await program.refused(asked('a'));
  assert.deepEqual([error.code, error.kind], ['E_DOOR_GATEWAY', 'invalid']);
  assert.match(error.message, /Unknown model: x/);
  program.openclaw.spoil = () => undefined;
  assert.equal((await program.spawn('a', { task: 'Do it in another way.' })).key, 'a');
});

test('a live session is cancelled once, and its end says so', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  const { session_key } = await program.spawn('a');
  for (const _ of [1, 2]) assert.deepEqual(await program.do({ action: 'cancel', key: 'a' }), { key: 'a', cancelled: true, session_key });
  assert.deepEqual(program.openclaw.live(), []);
  // Also while the gateway says nothing of it.
  for (const word of [undefined, { details: { completed: [], pending: ['run-0'] } }]) {
    program.openclaw.spoil = (call) => (call === 'agents_wait' ? word : undefined);
    const [{ outcome, completion }] = (await ends(program, ['a'])).ended;
    assert.deepEqual([outcome, completion.text], ['cancelled', '']);
  }
  assert.equal((await program.refused(asked('a'))).code, 'E_DOOR_CANCELLED');
});

test('no more sessions are alive than the operator allows, and one that has ended makes room', async () => {
  const program = new Program({ config: { door: { session: SESSION, maxLive: 2 } } });
  program.openclaw.answer = undefined;
  const tried = await Promise.all(['a', 'b', 'c', 'd'].map((key) => program.ask(asked(key))));
  assert.deepEqual(tried.map(({ ok }) => ok), [true, true, false, false]);
  const [error] = tried[2].errors;
  assert.deepEqual([error.code, error.kind, error.retryable], ['E_DOOR_FULL', 'at-capacity', true]);
  program.restart();
  assert.equal((await program.refused(asked('c'))).code, 'E_DOOR_FULL', 'a restart forgets none of them');
  // Nobody waits for it.
  program.openclaw.end(program.openclaw.sessions[0]!);
  assert.equal((await program.spawn('c')).key, 'c');
  assert.equal(program.openclaw.sessions.length, 3);
  const few = new Program({ config: { door: { session: SESSION, maxLive: 9 }, maxConcurrent: 1 } });
  assert.deepEqual([(await few.do({ action: 'facts' })).most_live, (await few.do({ action: 'facts' })).max_concurrent], [1, 1]);
});

test('nobody else is let in or shown the door', async () => {
  const program = new Program();
  const other = await program.refused(asked('a'), { sessionKey: 'agent:main:main' });
  assert.deepEqual([other.code, other.kind], ['E_DOOR_CLOSED', 'forbidden']);
  assert.equal((await program.refused({ action: 'facts' }, {}, 'a turn')).code, 'E_DOOR_CLOSED');
  const closed = new Program({ config: {} });
  assert.equal((await closed.refused({ action: 'facts' })).code, 'E_DOOR_CLOSED');
  assert.deepEqual(program.openclaw.sessions, []);
  const shown = (config: object, sessionKey: string) => isDoor(program.openclaw.api(config as any), { sessionKey });
  const door = { door: { session: SESSION } };
  assert.deepEqual([shown(door, SESSION), shown(door, 'agent:main:main'), shown({}, SESSION)], [true, false, false]);
  assert.ok(!shown({ ...door, maxTasks: 'many' }, SESSION), 'with a wrong configuration nobody knows what is meant');
});

test('the door allows nothing that is not allowed to all', async () => {
  const door = { session: SESSION, allowedModels: ['a', 'b'], allowedAgents: ['main'] };
  const program = new Program({ config: { allowedModels: ['b', 'c'], door } });
  for (const [model, list] of [['a', 'config.allowedModels'], ['c', 'config.door.allowedModels'], ['d', 'config.allowedModels']]) {
    const error = await program.refused(asked('a', { model }));
    assert.deepEqual([error.code, error.kind], ['E_DOOR_FORBIDDEN', 'forbidden']);
    assert.ok(error.message.includes(`.${list})`), error.message);
  }
  assert.equal((await program.refused(asked('a', { agent_id: 'other' }))).code, 'E_DOOR_FORBIDDEN');
  assert.deepEqual(program.openclaw.sessions, []);
  await program.spawn('a', { model: 'b', agent_id: 'main' });
  const facts = await program.do({ action: 'facts' });
  assert.deepEqual([facts.allowed_models, facts.allowed_agents], [['b'], ['main']]);
});

test('a list of keys that cannot be read stops everything but is not lost', async () => {
  const program = new Program();
  await program.spawn('a');
  const file = join(program.state, 'parallel-agents/door/keys.jsonl');
  const good = readFileSync(file, 'utf8');
  for (const bad of ['garbage\n', '{"at":1,"key":"b","what":"asked"}\n', '{"at":1,"key":"b","what":"thought"}\n', '{"at":1}\n']) {
    writeFileSync(file, bad + good);
    program.restart();
    for (const given of [asked('b'), asked('a'), { action: 'cancel', key: 'a' }, { action: 'facts' }]) {
      const error = await program.refused(given);
      assert.deepEqual([error.code, error.kind], ['E_DOOR_REGISTRY', 'unavailable']);
      assert.match(error.message, /keys\.jsonl cannot be used: line 1/);
      assert.match(error.hint, /moves the file away/);
    }
    assert.equal(readFileSync(file, 'utf8'), bad + good);
  }
  // Half a line is what a crash leaves, and what it was about had not begun.
  writeFileSync(file, good);
  appendFileSync(file, '{"at":1,"key":"b","wh');
  program.restart();
  await program.spawn('b');
  program.restart();
  assert.equal((await program.spawn('a')).session_key, 'agent:main:subagent:0');
  assert.deepEqual([program.openclaw.sessions.length, (await program.spawn('b')).session_key], [2, 'agent:main:subagent:1']);
});

test('where nothing can be written down, nothing is spawned', async () => {
  const program = new Program();
  writeFileSync(join(program.state, 'parallel-agents'), 'a file, where a directory is wanted');
  assert.equal((await program.refused(asked('a'))).code, 'E_DOOR_REGISTRY');
  assert.deepEqual(program.openclaw.sessions, []);
});

test('groups are renewed before the gateway counts them as full, and where it does all the same', async () => {
  const program = new Program({ runtime: { tools: { swarm: { maxTotalPerGroup: 2, maxChildrenPerGroup: 9 } } } });
  for (const key of ['a', 'b', 'c']) await program.spawn(key);
  program.restart();
  await program.spawn('d');
  const groups = () => program.openclaw.sessions.map(({ group }) => group);
  const [first, second, third, fourth] = groups();
  assert.deepEqual([first === second, second === third, third === fourth], [true, false, true]);
  await program.spawn('e');
  const full = 'sessions_spawn reached tools.swarm.maxTotalPerGroup (7/7).';
  program.openclaw.spoil = (call) => (call === 'sessions_spawn' ? { details: { status: 'forbidden', error: full } } : undefined);
  const error = await program.refused(asked('f'));
  assert.deepEqual([error.kind, error.retryable], ['busy', true]);
  program.openclaw.spoil = () => undefined;
  await program.spawn('f');
  assert.notEqual(groups()[5], groups()[4]);
  const live = new Program({ runtime: { tools: { swarm: { maxChildrenPerGroup: 1 } } } });
  live.openclaw.answer = undefined;
  for (const key of ['a', 'b']) await live.spawn(key);
  assert.notEqual(live.openclaw.sessions[0]!.group, live.openclaw.sessions[1]!.group);
});

test('a wait ends when its time is over, and tells of what begins to run', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  await program.spawn('a');
  await program.spawn('b');
  let started: string[] = [];
  while (started.length < 2) started = [...started, ...(await program.do({ action: 'wait', keys: ['a', 'b'], started })).started];
  assert.deepEqual(started.toSorted(), ['a', 'b']);
  const begin = performance.now();
  assert.deepEqual(await program.do({ action: 'wait', keys: ['a', 'b'], started, timeout_seconds: 0 }), { ended: [], started: [], unknown: [] });
  assert.ok(performance.now() - begin < 5_000);
  const told = ends(program, ['a', 'b']);
  program.openclaw.end(program.openclaw.sessions[1]!);
  assert.deepEqual((await told).ended.map(({ key }: { key: string }) => key), ['b']);
});

test('a session that a restart has cut off is told of as interrupted', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  await program.spawn('a');
  program.openclaw.sessions[0]!.status = 'failed';
  program.restart();
  // Whoever lists it before its end is told must not hear that it has failed by itself.
  assert.deepEqual((await program.do({ action: 'list' })).sessions.map(({ state }: { state: string }) => state), ['unknown']);
  // The gateway tells no end of it.
  program.openclaw.spoil = (call) => (call === 'agents_wait' ? { details: { completed: [], pending: ['run-0'] } } : undefined);
  for (const _ of [1, 2]) assert.equal((await ends(program, ['a'])).ended[0].outcome, 'interrupted');
});

test('secrets are taken out of what sessions say', async () => {
  const program = new Program();
  program.openclaw.answer = `the key is sk-ant-api03-${'a1B2'.repeat(24)}`;
  await program.spawn('a');
  assert.match((await ends(program, ['a'])).ended[0].completion.text, /^the key is \[.* removed\]$/);
  const { messages, redacted } = await program.do({ action: 'read', key: 'a' });
  assert.ok(redacted && / removed\]$/.test(messages[1].text), messages[1].text);
});

for (const [given, path] of [
  [{}, '/action'],
  [{ action: 'open' }, '/action'],
  [{ action: 'spawn', key: 'a', label: 'b' }, '/task'],
  [{ action: 'spawn', key: '', task: 'a', label: 'b' }, '/key'],
  [{ ...asked('a'), run_timeout_seconds: 0 }, '/run_timeout_seconds'],
  [{ ...asked('a'), tools: [] }, '/tools'],
  [{ ...asked('a'), limit: 3 }, '/limit'],
  [{ action: 'wait' }, '/keys'],
  [{ action: 'wait', keys: ['a', 7] }, '/keys/1'],
  [{ action: 'wait', keys: [], timeout_seconds: 241 }, '/timeout_seconds'],
  [{ action: 'cancel' }, '/key'],
] as [object, string][]) {
  test(`the request ${JSON.stringify(given)} is refused at ${path}`, async () => {
    const program = new Program();
    const error = await program.refused(given);
    assert.deepEqual([error.code, error.kind, error.path], ['E_DOOR_REQUEST', 'invalid', path]);
    assert.deepEqual(program.openclaw.sessions, []);
  });
}

test('a program is told what it has to know', async () => {
  const program = new Program({ config: { door: { session: SESSION }, budget: { tokens: 9 }, prices: { '*': { input: 1, output: 2 } } } });
  program.openclaw.answer = undefined;
  await program.spawn('a');
  const facts = await program.do({ action: 'facts' });
  assert.deepEqual([facts.protocol, facts.session, facts.most_live, facts.max_concurrent, facts.reports_starts], [1, SESSION, 50, 8, true]);
  assert.deepEqual([facts.limits.tokens, facts.limits.tasks, facts.limits.prices], [9, 200, { '*': { input: 1, output: 2 } }]);
  assert.deepEqual([facts.allowed_models, facts.load.live], [null, 1]);
  assert.ok(Number.isInteger(facts.load.busy_permille) && facts.versions.node === process.versions.node);
});

test('keys are forgotten when they are over and old, and not before', async () => {
  const program = new Program();
  for (const key of ['ended', 'live']) await program.spawn(key);
  await ends(program, ['ended']);
  await program.do({ action: 'cancel', key: 'cancelled' });
  const known = (days: number) => {
    program.restart();
    const { shared } = DoorRegistry.open(program.state, 14, Date.now() + days * 86_400_000);
    return [...shared.entries.keys()].toSorted();
  };
  assert.deepEqual(known(13), ['cancelled', 'ended', 'live']);
  assert.deepEqual(known(15), ['live']);
  assert.deepEqual(known(0), ['live'], 'and they are out of the file');
});
