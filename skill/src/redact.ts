/** Secrets of known shapes, taken out of everything that a session says before it reaches the component or a file. */

/** Shapes that nothing else has: a prefix that its issuer reserves, and a length that no word reaches. */
const SECRETS: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, 'private key'],
  [/\bsk-[A-Za-z0-9_-]{20,}/g, 'API key'],
  [/\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})/g, 'GitHub token'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, 'AWS key'],
  [/\bAIza[A-Za-z0-9_-]{35}/g, 'Google key'],
  [/\bxox[abeprs]-[A-Za-z0-9-]{10,}/g, 'Slack token'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g, 'web token'],
];

/** The text with every known secret replaced by its kind. */
export function redacted(text: string): string {
  return SECRETS.reduce((text, [shape, kind]) => text.replace(shape, `[${kind} removed]`), text);
}

/** Whether a text was changed by `redacted`. */
export function hasRedaction(text: string): boolean {
  return SECRETS.some(([, kind]) => text.includes(`[${kind} removed]`));
}
