/** What the package says of itself: one name everywhere, a form for its configuration, icons that OpenClaw takes. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { MANIFEST } from '../src/config.ts';
import type { SkillLists } from '../src/openclaw.ts';
import { shadow, warnOfShadow } from '../src/shadow.ts';
import { Store } from '../src/store.ts';
import { type Fields, fields } from '../src/values.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { directory, use } from './use.ts';

const at = (file: string) => new URL(file, import.meta.url);
const text = (file: string) => readFileSync(at(file), 'utf8');
const json = (file: string) => JSON.parse(text(file));
const names = json('../publish.json');

test('the names of publish.json stand everywhere', () => {
  const manifest = json('../dist/openclaw.plugin.json');
  const made = json('../dist/package.json');
  assert.deepEqual([MANIFEST.id, MANIFEST.name], [names.plugin, names.title]);
  assert.deepEqual([manifest.id, manifest.name, manifest.version], [names.plugin, names.title, made.version]);
  assert.equal(made.name, names.package);
  assert.equal(made.description, MANIFEST.description);
  assert.deepEqual([made.author, made.keywords], [names.author, names.keywords]);
  assert.equal(made.repository.url, `git+${names.repository}.git`);
  assert.ok(made.homepage.startsWith(names.repository) && made.bugs.url.startsWith(names.repository));
  assert.deepEqual(made.openclaw.install, {
    minHostVersion: '>=2026.9.0',
    npmSpec: names.package,
    clawhubSpec: `clawhub:${names.package}`,
  });
  assert.equal(names.skill, names.plugin, 'shadow.ts looks for a skill with the name of the plugin');
  assert.match(text('../../SKILL.md'), new RegExp(`^name: ${names.skill}$`, 'm'));
  assert.ok(text('../USAGE-GUIDE.md').includes(`openclaw plugins install clawhub:${names.package}`));
});

test('the least OpenClaw is the same wherever it stands', () => {
  const { peerDependencies, openclaw } = json('../package.json');
  const least = peerDependencies.openclaw;
  assert.deepEqual([openclaw.install.minHostVersion, openclaw.compat.pluginApi], [least, least]);
  assert.equal(`>=${openclaw.compat.minGatewayVersion}`, least);
  assert.ok(text('../USAGE-GUIDE.md').includes(`OpenClaw ${openclaw.compat.minGatewayVersion} or newer`));
});

/** Every field of the configuration, with its place as OpenClaw writes it. */
function places(schema: Fields, path: string[] = []): [string, Fields][] {
  const below = Object.entries(fields(schema['properties']));
  for (const inside of ['additionalProperties', 'items'])
    if (typeof schema[inside] === 'object') below.push(['*', schema[inside] as Fields]);
  return below.flatMap(([name, one]) => [
    [[...path, name].join('.'), fields(one)] as [string, Fields],
    ...places(fields(one), [...path, name]),
  ]);
}

test('every field of the configuration has a label and a description in the form', () => {
  const { uiHints, configSchema } = json('../dist/openclaw.plugin.json');
  const all = places(configSchema);
  assert.ok(all.length > 20, `${all.length} fields`);
  for (const [place, field] of all) {
    const where = `openclaw.plugin.json, configSchema, ${place}`;
    assert.ok(field['title'], `${where}: give it a title, which is its label in the form`);
    // What is inside of a list or a table is described with it.
    if (!place.endsWith('*')) assert.ok(field['description'], `${where}: give it a description`);
    assert.equal(uiHints[place].label, field['title']);
    assert.equal(uiHints[place].help, field['description']);
  }
  for (const place of Object.keys(uiHints)) assert.ok(all.some(([one]) => one === place), `there is no field ${place}`);
});

test('every field of the configuration is in one section of the form', () => {
  const { configGroups, configSchema } = json('../dist/openclaw.plugin.json');
  const grouped = configGroups.flatMap(({ properties }: { properties: string[] }) => properties);
  assert.deepEqual(
    grouped.toSorted(),
    Object.keys(configSchema.properties).toSorted(),
    'openclaw.plugin.json, configGroups: each property of configSchema stands in one of them, once',
  );
});

test('a backup has what the plugin keeps', () => {
  const { backupResources } = json('../dist/openclaw.plugin.json');
  assert.equal(backupResources.length, 1);
  const [{ disposition, scope, relativePath }] = backupResources;
  assert.deepEqual([disposition, scope], ['include', 'state']);
  const state = directory();
  assert.ok(new Store(state).place('pa-000000000000').startsWith(join(state, relativePath)));
});

test('the plugin is in one category', () => {
  assert.deepEqual(json('../dist/openclaw.plugin.json').categories, ['agent-orchestration']);
});

test('the icon is a square picture of 512 pixels', () => {
  const png = readFileSync(at('../assets/icon.png'));
  assert.equal(png.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [512, 512]);
});

// The limits are OpenClaw's (docs/plugins/manifest/surfaces.md, "Inline activity icons"); it ignores what is beyond them.
test('the icon beside tool calls is one that OpenClaw takes', () => {
  const svg = text('../assets/activity.svg');
  assert.ok(svg.length <= 32 * 1024);
  const elements = [...svg.matchAll(/<([a-zA-Z!?][\w-]*)/g)].map(([, name]) => name);
  assert.ok(elements.length <= 4 && elements[0] === 'svg', elements.join());
  const simple = ['svg', 'g', 'path', 'circle', 'ellipse', 'line', 'polygon', 'polyline', 'rect'];
  assert.deepEqual(elements.filter((name) => !simple.includes(name!)), []);
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
  assert.ok(width === height && Number(width) > 0);
  assert.doesNotMatch(svg, /href|style|filter|\bon\w+=|url\(/);
  for (const [, colour] of svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)) assert.match(colour!, /^(none|currentColor)$/);
});

/** OpenClaw's list of skills, in which `file` has the plugin's name. */
function lists(file: string | undefined): SkillLists {
  const list = () => (file === undefined ? [] : [{ skillName: 'other' }, { skillName: names.skill, skillFile: file }]);
  return { listSkillCommandsForAgents: list, listSkillCommandsForWorkspace: list };
}

test('another skill of the same name is noticed, and a copy of the own one is none', () => {
  const place = directory();
  const write = (name: string, content: string) => (writeFileSync(join(place, name), content), join(place, name));
  const own = pathToFileURL(write('own.md', 'mine'));
  const [copy, other] = [write('copy.md', 'mine'), write('other.md', 'yours')];
  const reader = { workspaceDir: place, cfg: {} };
  assert.equal(shadow(lists(copy), reader, own), undefined);
  assert.equal(shadow(lists(undefined), reader, own), undefined);
  assert.equal(shadow(undefined, reader, own), undefined, 'an OpenClaw that tells nothing');
  assert.equal(shadow(lists(join(place, 'gone.md')), reader, own), undefined);
  assert.match(shadow(lists(other), reader, own)!, new RegExp(`named ${names.skill} hides .*other\\.md.*Rename or remove it`));

  const warned: string[] = [];
  const api = { ...new FakeOpenClaw().api(), logger: { warn: (message: string) => void warned.push(message) } };
  warnOfShadow(api, lists(copy), own);
  assert.deepEqual(warned, []);
  warnOfShadow(api, lists(other), own);
  const broken = () => {
    throw new Error('no list');
  };
  warnOfShadow(api, { listSkillCommandsForAgents: broken, listSkillCommandsForWorkspace: broken }, own);
  assert.match(warned[0]!, /other\.md/);
  assert.match(warned[1]!, /nobody can tell .*no list/);
});

test('an agent that read another skill hears of it with the catalogue', async () => {
  const openclaw = new FakeOpenClaw();
  const reply = await use(openclaw, 'catalogue', { category: 'qa' }, { shadow: 'another skill hides it' });
  assert.ok(reply.ok && reply.hint === 'another skill hides it', JSON.stringify(reply.hint));
  assert.equal((await use(openclaw, 'catalogue', { category: 'qa' })).hint, undefined);
});
