import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { hostError } from '../src/openclaw_mapping.ts';
import { redact, redacted } from '../src/redact.ts';
import { isRandom, rulesOf } from '../src/secrets.ts';

/** Characters as they are drawn, the same ones at every run; put together here so that no scanner finds them in this file. */
function drawn(length: number, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'): string {
  let text = '';
  for (let round = 0; text.length < length; round += 1)
    for (const byte of createHash('sha256').update(`${length} ${alphabet} ${round}`).digest())
      text += alphabet[byte % alphabet.length];
  return text.slice(0, length);
}
const hex = (length: number) => drawn(length, '0123456789abcdef');
const upper = (length: number) => drawn(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');
const lines = (count: number) => Array.from({ length: count }, () => drawn(64)).join('\n');
const armour = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;

/** Secrets that have to go, each with the part that may not be left. */
const SECRETS: Record<string, [text: string, secret?: string]> = {
  OpenAI: [`sk-${drawn(48)}`],
  'OpenAI project': [`sk-proj-${drawn(40)}_${drawn(30)}-${drawn(40)}`],
  Anthropic: [`sk-ant-api03-${drawn(90)}-AA`],
  OpenRouter: [`sk-or-v1-${hex(64)}`],
  Groq: [`gsk_${drawn(52)}`],
  GitHub: [`ghp_${drawn(36)}`],
  'GitHub fine-grained': [`github_pat_${drawn(22)}_${drawn(59)}`],
  GitLab: [`glpat-${drawn(20)}`],
  'GitLab with a dot': [`glpat-${drawn(27)}.01.${drawn(9)}`],
  'GitLab runner': [`glrt-${drawn(20)}`],
  npm: [`npm_${drawn(36)}`],
  PyPI: [`pypi-AgEIcHlwaS5vcmc${drawn(120)}`],
  'Hugging Face': [`hf_${drawn(34)}`],
  Stripe: [`sk_live_${drawn(24)}`],
  'Stripe restricted': [`rk_test_${drawn(40)}`],
  'Stripe webhook': [`whsec_${drawn(32)}`],
  AWS: [`AKIA${upper(16)}`],
  'AWS session': [`ASIA${upper(16)}`],
  'AWS secret': [`aws_secret_access_key = ${drawn(40)}`, drawn(40)],
  Google: [`AIza${drawn(35)}`],
  'Google client secret': [`GOCSPX-${drawn(28)}`],
  'Google access token': [`ya29.${drawn(60)}`],
  Slack: [`xoxb-${drawn(12, '0123456789')}-${drawn(24)}`],
  'Slack webhook': [`https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${drawn(24)}`, drawn(24)],
  JWT: [`eyJ${drawn(20)}.eyJ${drawn(60)}.${drawn(43)}`],
  'JWT after a dash': [`x-eyJ${drawn(20)}.eyJ${drawn(60)}.${drawn(43)}`, `eyJ${drawn(60)}`],
  Azure: [`DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${drawn(86)}==;EndpointSuffix=y`, drawn(86)],
  'Azure signature': [`https://x.blob.core.windows.net/c?sv=2022-11-02&sig=${drawn(43)}%3D`, drawn(43)],
  SendGrid: [`SG.${drawn(22)}.${drawn(43)}`],
  Twilio: [`SK${hex(32)}`],
  Telegram: [`${drawn(9, '123456789')}:AA${drawn(33)}`],
  'Telegram of another form': [`110201543:${drawn(12)}-${drawn(22)}`],
  'a bearer header': [`Authorization: Bearer ${drawn(40)}`, drawn(40)],
  'a bearer header in a command': [`curl -H "authorization: bearer ${hex(32)}" https://x`, hex(32)],
  'a basic header': [`Authorization: Basic ${Buffer.from('admin:open').toString('base64')}`, 'YWRtaW46b3Blbg=='],
  'a PostgreSQL address': ['postgres://app:hunter2@db.example.com:5432/prod', 'hunter2'],
  'a MySQL address': [`mysql+pymysql://root:${drawn(12)}@10.0.0.1/x`, drawn(12)],
  'a MongoDB address': ['mongodb+srv://u:p%40ss@c0.mongodb.net/?retryWrites=true', 'p%40ss'],
  'a Redis address without a user': ['redis://:s3cr3tpw@cache:6379/0', 's3cr3tpw'],
  'an address with an @ in its password': ['amqp://guest:p@ssw0rd@mq:5672/', 'ssw0rd'],
  'a key in a configuration': [`"api_key": "${drawn(32)}"`, drawn(32)],
  'a key in the environment': [`export MY_SECRET_KEY='${drawn(40)}'`, drawn(40)],
  'a password in a configuration': [`password: ${drawn(20)}`, drawn(20)],
  'an RSA key': [armour('RSA PRIVATE KEY', lines(12)), drawn(64)],
  'an encrypted key': [armour('RSA PRIVATE KEY', `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${hex(32)}\n\n${lines(9)}`), drawn(64)],
  'an OpenSSH key': [armour('OPENSSH PRIVATE KEY', lines(7)), drawn(64)],
  'a PGP block': [armour('PGP PRIVATE KEY BLOCK', `Version: GnuPG v2 (x)\n\n${lines(20)}\n=abcd`), drawn(64)],
  'a key in JSON': [JSON.stringify({ private_key: armour('PRIVATE KEY', lines(20)) }), drawn(64)],
  'a key without its end': [`-----BEGIN EC PRIVATE KEY-----\n${lines(2)}`, drawn(64)],
};

for (const [name, [text, secret = text]] of Object.entries(SECRETS)) {
  test(`${name}: the secret goes and what stands around it stays`, () => {
    for (const [before, after] of [['', ''], ['The key is ', '.'], ['{"k": "', '"}'], ['Sieh: «', '» 🔑 …'], ['a\n', '\nb']]) {
      const { text: shown, changed } = redact(`${before}${text}${after}`);
      assert.ok(changed && !shown.includes(secret), shown);
      // Nor is half of it left, apart from what a rule may keep in front.
      assert.ok(!shown.includes(secret.slice(Math.floor(secret.length / 2))), shown);
      assert.ok(shown.startsWith(before!) && shown.endsWith(after!), shown);
      assert.match(shown, /\[[A-Za-z ]+ removed\]/);
      assert.equal(redacted(shown), shown, 'once is enough');
    }
  });
}

const PLAIN = [
  'sk-short',
  'a task-force of eyJust words',
  'AKIA',
  'risk-management-and-more-words-here',
  'sk-fading-circle and sk-folding-cube-container-for-pages',
  'const token = await getAccessToken(request.headers.authorization);',
  'token = os.environ["GITHUB_TOKEN"]; api_key: str = Field(default=None)',
  'password: process.env.DATABASE_PASSWORD_FOR_TESTS_2',
  'secret: my-k8s-tls-secret-name-2024',
  'the bearer of this letter; Bearer ${token}; Bearer YOUR_API_KEY_GOES_HERE; Bearer token-based-oauth2-flows',
  'Basic authentication, basic cGFzc3dvcmQ',
  'postgres://${USER}:${PASSWORD}@host/db and postgres://user:<password>@host and ftp://u:xxxx@h',
  'http://localhost:8080/path@v2 and https://example.com:443/@scope/package git@github.com:owner/name.git',
  'npm_config_registry, hf_hub_download, ghp_, glpat-, SG.x, key-value, xoxb',
  'The file begins with -----BEGIN RSA PRIVATE KEY----- and must be kept from others. -----END',
  'a public key:\n-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
  '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
  'commit 3f2a9c1be0d74ab6f1cc1f4d2a9e8b7c6d5e4f30, sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'at 12:34:56, in line 1234567: something, {"id":123456789,"token_count":12345678901234567}',
  'max_tokens: 4096, tokens=128000, tokenizer="cl100k_base_2024_12_01"',
];
for (const text of PLAIN) {
  test(`left as it is: ${text.slice(0, 60)}`, () => assert.deepEqual(redact(text), { text, changed: false, steps: redact(text).steps }));
}

test('the sources of this project have no secrets in them', () => {
  let looked = 0;
  for (const place of ['../src/', '../../prompts/agents/', '../../docs/', '../../engine/src/engine/']) {
    for (const file of readdirSync(new URL(place, import.meta.url))) {
      if (!/\.(ts|md|rs)$/.test(file)) continue;
      looked += 1;
      const { changed, text } = redact(readFileSync(new URL(place + file, import.meta.url), 'utf8'));
      assert.ok(!changed, `${file}: ${text.match(/.*\[[A-Za-z ]+ removed\].*/)?.[0]}`);
    }
  }
  assert.ok(looked > 60, `${looked} files`);
});

test('an error message keeps no secret either', () => {
  const key = `sk-${drawn(40)}`;
  assert.ok(!JSON.stringify(hostError(new Error(`denied for ${key}`))).includes(key));
});

/** What the starts of secrets and their surroundings can be made of, to make the search work as hard as it can. */
const HOSTILE = [
  '-eyJ', 'eyJa.', 'eyJaaaaaaaaaa.eyJ', 'sk-', 'sk-a-', 'a-sk-a1', '://', '://a:', 'x://u:p', 'a:', '1234567:', ':a1',
  '-----BEGIN ', '-----BEGIN PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----\n', '-----END ', 'A: b\n', '\\n', '\n\n',
  'Bearer ', 'Bearer a1', 'Basic ', 'token=', 'token=a', 'secret:"', 'glpat-', 'AKIA', 'AC', 'SKa', 'key-0', 'SG.', 'a', ' ',
  '=', 'sig=', 'password://a:b', 'ghp_', 'xoxb-', '🔑', '\ud800',
];

test('the work grows with the length of the text and no faster, whatever it is made of', () => {
  const units = [...HOSTILE, ...HOSTILE.flatMap((one) => HOSTILE.map((other) => one + other))];
  assert.ok(units.length > 1_000);
  for (const unit of units) {
    // Built of the same unit, so that only the length differs; with a tail that keeps a long run from being a secret.
    const steps = [2, 4, 8].map((kibi) => redact(unit.repeat(Math.ceil((kibi * 1024) / unit.length))).steps);
    for (const [one, two] of [[steps[0], steps[1]], [steps[1], steps[2]]])
      assert.ok(two! <= 2.2 * one! + 512, `${JSON.stringify(unit)}: ${steps.join(', ')} steps for lengths that double`);
    assert.ok(steps[2]! <= 8 * 1024 * 64, `${JSON.stringify(unit)}: ${steps[2]} steps`);
  }
});

test('an answer of a megabyte made of the beginnings of secrets takes no time', () => {
  // A bound that a quadratic search misses a thousand times over, and a slow machine never.
  const begin = performance.now();
  for (const unit of ['-eyJ', 'sk-a-', '-----BEGIN PRIVATE KEY-----\n', '://a:', 'Bearer a1'])
    redact(unit.repeat(Math.ceil(2 ** 20 / unit.length)));
  assert.ok(performance.now() - begin < 20_000, `${performance.now() - begin} ms`);
});

test('every rule begins with a text of its own', () => {
  assert.ok(rulesOf().rulesAt('sk-').length > 0);
  assert.ok(isRandom('a1b2c3d4e5f6a7b8') && !isRandom('internationalisation') && !isRandom('2024'));
});
