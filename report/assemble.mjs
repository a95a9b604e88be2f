// The page as one file. The simulator does the same at compile time; the plugin's build uses this.

import { readFileSync } from 'node:fs';

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const PLACE = '<script type="application/json" id="document">';

/** The template with its style sheet and its scripts inside, without a document. */
export function template() {
  return read('page.html')
    .replace(/<link rel="stylesheet" href="([\w.]+)">/g, (_, name) => `<style>\n${read(name)}</style>`)
    .replace(/<script src="([\w.]+)"><\/script>/g, (_, name) => `<script>\n${read(name)}</script>`);
}

/** The page for a document: {format: 1, function, report, sessions}. Text without `<` cannot end its element. */
export function page(template, document) {
  const text = JSON.stringify(document).replaceAll('<', '\\u003c');
  return template.replace(`${PLACE}null</script>`, () => `${PLACE}${text}</script>`);
}
