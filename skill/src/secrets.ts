/**
 * The secrets that are known: how each begins, and how to tell it from ordinary text.
 *
 * For reviewers and scanners of this package: these patterns take secrets *out*. Agents read files and logs, and what they
 * quote would otherwise stand in journals, results and pages on disk, and in the prompts of other agents. A text that has
 * a match comes back with `[… removed]` in its place; what was found is neither kept nor counted nor sent anywhere. The one
 * place with network code is cluster.ts, which is used only if the operator configures a cluster. docs/publishing.md of the
 * sources says the same.
 */

import { type Scan, CharSet } from './scan.ts';

interface Place {
  from: number;
  to: number;
}

export interface Rule {
  kind: string;
  /** What a secret of this kind begins with, or what stands before it. */
  starts: string[];
  /** The secret whose start lies at `at`, if it is one. Looks at runs and at parts of a fixed length. */
  find(scan: Scan, at: number, start: string): Place | undefined;
}

const LETTERS = ['a-z', 'A-Z'];
const ALNUM = new CharSet(...LETTERS, '0-9');
const HEX = new CharSet('0-9', 'a-f', 'A-F');
const DIGITS = new CharSet('0-9');
const UPPER = new CharSet('A-Z', '0-9');
const WORD = new CharSet(...LETTERS, '0-9', '_');
const DASHED = new CharSet(...LETTERS, '0-9', '_-');
const BASE64 = new CharSet(...LETTERS, '0-9', '+/=');
const VALUE = new CharSet(...LETTERS, '0-9', '+/=_.~-');

/** Characters of a value that are looked at to tell whether it is random. */
const SAMPLE = 128;

const before = (scan: Scan, at: number) => scan.text.charCodeAt(at - 1);
/** Whether a name begins here, and not in the middle of a word. */
const begins = (scan: Scan, at: number) => at === 0 || !ALNUM.has(before(scan, at));

interface Shape {
  set?: CharSet;
  least: number;
  /** Exactly so long, and nothing of the same kind after it. */
  exact?: boolean;
  /** The start stays, as it is no part of the secret. */
  keeps?: boolean;
  random?: boolean;
}

/** A secret of a fixed start and a run of characters. */
function token(kind: string, starts: string[], { set = DASHED, least, exact, keeps, random }: Shape): Rule {
  const reader = {};
  const find = (scan: Scan, at: number, start: string) => {
    if (!begins(scan, at)) return undefined;
    const body = at + start.length;
    const to = scan.runEnd(set, body, reader);
    const long = to - body;
    if (exact ? long !== least : long < least) return undefined;
    if (random && !isRandom(scan.part(body, to, SAMPLE))) return undefined;
    return { from: keeps ? body : at, to: withoutStop(scan, body, to) };
  };
  return { kind, starts, find };
}

/** Where a run ends if the full stops of the sentence that it ends do not count. */
function withoutStop(scan: Scan, from: number, to: number): number {
  let end = to;
  while (end > from + 1 && scan.text[end - 1] === '.') end -= 1;
  return end;
}

/**
 * Whether a value looks drawn by chance, and not like words: letters and digits in one run of sixteen, or changing places
 * all the time.
 */
export function isRandom(value: string): boolean {
  let [digits, letters, changes, run, mixed, longest, last] = [0, 0, 0, 0, 0, 0, 0];
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    // 0: something between two words, 1: a digit, 2: a letter.
    const kind = !ALNUM.has(code) ? 0 : DIGITS.has(code) ? 1 : 2;
    run = kind === 0 ? 0 : run + 1;
    mixed = kind === 0 ? 0 : mixed | kind;
    if (kind === 0) continue;
    if (mixed === 3 && run > longest) longest = run;
    if (last !== 0 && last !== kind) changes += 1;
    last = kind;
    if (kind === 1) digits += 1;
    else letters += 1;
  }
  return digits > 0 && letters > 0 && (longest >= 16 || (changes >= 4 && digits >= 3));
}

/** Keys of the `sk-` family have a long random part; the names of style sheets that begin alike have short words. */
const sk: Rule = {
  kind: 'API key',
  starts: ['sk-'],
  find(scan, at, start) {
    if (!begins(scan, at)) return undefined;
    const body = at + start.length;
    const to = scan.runEnd(DASHED, body, sk);
    if (to - body < 20) return undefined;
    const sample = scan.part(body, to, SAMPLE);
    const isKey = isRandom(sample) || sample.split(/[-_]/, 9).some((word) => word.length >= 16);
    return isKey ? { from: at, to } : undefined;
  },
};

const [header, claims, signature] = [{}, {}, {}];

/** Three parts of base64, of which the first two begin like JSON objects. */
const jwt: Rule = {
  kind: 'web token',
  starts: ['eyJ'],
  find(scan, at) {
    const { text } = scan;
    if (!begins(scan, at)) return undefined;
    const one = scan.runEnd(DASHED, at, header);
    if (one - at < 10 || text[one] !== '.' || !text.startsWith('eyJ', one + 1)) return undefined;
    const two = scan.runEnd(DASHED, one + 1, claims);
    if (two - one < 10 || text[two] !== '.') return undefined;
    const to = scan.runEnd(DASHED, two + 1, signature);
    return to - two > 10 ? { from: at, to } : undefined;
  },
};

const LABEL = new CharSet('A-Z', '0-9', ' ');
const ARMOUR = new CharSet(...LETTERS, '0-9', '+/= \t\r\n\\');
/** Lines such as `Proc-Type: 4,ENCRYPTED` between the first line of a key and its body. */
const ARMOUR_HEADERS = /(?:(?:\s|\\[nr]){0,8}[A-Za-z][A-Za-z-]{0,40}: [^\n]{0,200}?(?:\r?\n|\\n)){0,8}/y;
const ARMOUR_LINE = /(?:\s|\\[nr]){0,80}[A-Za-z0-9+/=]{16,}/y;

/** A private key in its armour, also one whose end is missing. */
const pem: Rule = {
  kind: 'private key',
  starts: ['-----BEGIN '],
  find(scan, at, start) {
    const { text } = scan;
    const label = scan.runEnd(LABEL, at + start.length, pem);
    if (!scan.part(at + start.length, label, 64).includes('PRIVATE KEY') || !text.startsWith('-----', label))
      return undefined;
    ARMOUR_HEADERS.lastIndex = label + 5;
    ARMOUR_HEADERS.test(text);
    const body = Math.max(label + 5, ARMOUR_HEADERS.lastIndex);
    const end = scan.runEnd(ARMOUR, body, ARMOUR);
    const close = text.startsWith('-----END ', end) ? text.indexOf('-----', end + 9) : -1;
    if (close !== -1 && close - end < 80) return { from: at, to: close + 5 };
    let to = body;
    for (ARMOUR_LINE.lastIndex = body; ARMOUR_LINE.test(text); ) to = ARMOUR_LINE.lastIndex;
    scan.steps += to - body;
    return to > body ? { from: at, to } : undefined;
  },
};

const USER = new CharSet(...LETTERS, '0-9', "_.~!$&()*+,;=%-");
const PASSWORD = new CharSet(...LETTERS, '0-9', "_.~!$&()*+,;=%@:#?^|{}[]-");
const SCHEME = new CharSet(...LETTERS, '0-9', '+.-');
/** What stands for a password in a template. */
const TEMPLATE = /^(?:[$%{<(*[]|x+$|\.+$)/i;

/** The password of an address such as postgres://<user>:<password>@host. */
const address: Rule = {
  kind: 'password',
  starts: ['://'],
  find(scan, at, start) {
    const { text } = scan;
    if (!SCHEME.has(before(scan, at))) return undefined;
    const user = scan.runEnd(USER, at + start.length, USER);
    if (text[user] !== ':') return undefined;
    const end = scan.runEnd(PASSWORD, user + 1, PASSWORD);
    const host = scan.part(user + 1, end, 512).lastIndexOf('@');
    if (host <= 0) return undefined;
    const to = user + 1 + host;
    return TEMPLATE.test(text.slice(user + 1, Math.min(to, user + 33))) ? undefined : { from: user + 1, to };
  },
};

/** Digits, a colon and 35 characters. */
const telegram: Rule = {
  kind: 'Telegram token',
  starts: [':'],
  find(scan, at) {
    let from = at;
    while (from > 0 && at - from < 13 && DIGITS.has(before(scan, from))) from -= 1;
    scan.steps += at - from;
    if (at - from < 6 || at - from > 12 || !begins(scan, from)) return undefined;
    const to = scan.runEnd(DASHED, at + 1, telegram);
    return to - at === 36 && isRandom(scan.part(at + 1, to, SAMPLE)) ? { from, to } : undefined;
  },
};

/** `Authorization: Basic …`; the word alone is too common. */
const basic: Rule = {
  kind: 'password',
  starts: ['Basic ', 'basic '],
  find(scan, at, start) {
    if (!/authorization["']?\s{0,3}[:=,]\s{0,3}["'`]?$/i.test(scan.part(Math.max(0, at - 24), at, 24))) return undefined;
    const to = scan.runEnd(BASE64, at + start.length, basic);
    return to - at - start.length >= 8 ? { from: at + start.length, to } : undefined;
  },
};

const AFTER_NAME = /["'`]?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}["'`]?/y;
const NAMES = 'api_key api-key apikey apiKey secret_key secretKey secret_access_key secretAccessKey client_secret'
  .concat(' clientSecret access_token accessToken auth_token authToken refresh_token refreshToken private_token')
  .concat(' account_key AccountKey SharedAccessKey password passwd pwd secret token')
  .split(' ');

/** A value that looks random, and whose name says that it is secret. */
const named: Rule = {
  kind: 'secret',
  starts: [...new Set(NAMES.flatMap((name) => [name, name[0]?.toUpperCase() + name.slice(1), name.toUpperCase()]))],
  find(scan, at, start) {
    AFTER_NAME.lastIndex = at + start.length;
    if (!AFTER_NAME.test(scan.text)) return undefined;
    const from = AFTER_NAME.lastIndex;
    const to = scan.runEnd(VALUE, from, named);
    if (to - from < 16 || scan.text[to] === '(' || !isRandom(scan.part(from, to, SAMPLE))) return undefined;
    return { from, to: withoutStop(scan, from, to) };
  },
};

const SENDGRID = new CharSet(...LETTERS, '0-9', '_.-');

const RULES: Rule[] = [
  pem,
  jwt,
  sk,
  token('Stripe key', ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'], { set: ALNUM, least: 16 }),
  token('webhook secret', ['whsec_'], { set: BASE64, least: 24 }),
  token('GitHub token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], { set: WORD, least: 36 }),
  token('GitHub token', ['github_pat_'], { set: WORD, least: 40 }),
  token('GitLab token', 'glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- glimt- gloas- glffct-'.split(' '), {
    set: VALUE,
    least: 20,
  }),
  token('npm token', ['npm_'], { set: ALNUM, least: 36 }),
  token('PyPI token', ['pypi-AgE'], { least: 50 }),
  token('Hugging Face token', ['hf_', 'api_org_'], { set: ALNUM, least: 30 }),
  token('AWS key', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], { set: UPPER, least: 16, exact: true }),
  token('Google key', ['AIza'], { least: 35 }),
  token('Google secret', ['GOCSPX-'], { least: 28 }),
  token('Google token', ['ya29.'], { least: 20 }),
  token('Slack token', ['xoxa-', 'xoxb-', 'xoxe-', 'xoxe.', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'], { set: VALUE, least: 10 }),
  token('webhook address', ['hooks.slack.com/services/'], { set: VALUE, least: 20, keeps: true }),
  token('webhook address', ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'], {
    set: VALUE,
    least: 40,
    keeps: true,
  }),
  token('SendGrid key', ['SG.'], { set: SENDGRID, least: 60 }),
  token('Twilio key', ['SK', 'AC'], { set: HEX, least: 32, exact: true }),
  token('Mailgun key', ['key-'], { set: HEX, least: 32, exact: true }),
  token('Azure secret', ['sig='], { set: new CharSet(...LETTERS, '0-9', '%+/=_-'), least: 32, keeps: true, random: true }),
  token('bearer token', ['Bearer ', 'bearer ', 'BEARER ', 'Bearer%20'], { set: VALUE, least: 16, keeps: true, random: true }),
  token('DigitalOcean token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], { set: HEX, least: 64 }),
  token('Shopify token', ['shpat_', 'shpss_', 'shpca_', 'shppa_'], { set: HEX, least: 32 }),
  token('Square token', ['sq0atp-', 'sq0csp-'], { least: 22 }),
  token('Databricks token', ['dapi'], { set: HEX, least: 32 }),
  token('API key', ['gsk_', 'xai-', 'pplx-', 'r8_', 'nvapi-', 'tgp_v1_', 'fw_', 'csk-'], { least: 24, random: true }),
  token('API key', ['lin_api_', 'ntn_', 'secret_', 'figd_', 'sbp_', 'nfp_', 'rubygems_', 'dckr_pat_', 'pscale_tkn_'], {
    least: 32,
    random: true,
  }),
  token('API key', ['PMAK-', 'NRAK-', 'HRKU-', 'ATATT3', 'ATCTT3', 'glc_', 'glsa_', 'sntrys_', 'sntryu_', 'tskey-', 'dp.pt.'], {
    set: VALUE,
    least: 20,
    random: true,
  }),
  token('Vault token', ['hvs.', 'hvb.'], { least: 24, random: true }),
  token('age key', ['AGE-SECRET-KEY-1'], { set: UPPER, least: 50 }),
  address,
  basic,
  telegram,
  named,
];

interface Ready {
  /** The source of an expression that finds all starts. */
  starts: string;
  /** The rules, with their own starts, that may apply where this start was found. */
  rulesAt(start: string): [Rule, string][];
}

let ready: Ready | undefined;

/** The rules, made ready once. */
export function rulesOf(): Ready {
  if (ready) return ready;
  const all = RULES.flatMap((rule) => rule.starts.map((start): [Rule, string] => [rule, start]));
  // The longest first: where it does not apply, the shorter ones that it begins with are tried.
  const starts = [...new Set(all.map(([, start]) => start))].sort((left, right) => right.length - left.length);
  const rules = new Map(starts.map((found) => [found, all.filter(([, start]) => found.startsWith(start))]));
  const escaped = starts.map((start) => start.replace(/[^A-Za-z0-9_ ]/g, '\\$&'));
  return (ready = { starts: escaped.join('|'), rulesAt: (start) => rules.get(start) ?? [] });
}
