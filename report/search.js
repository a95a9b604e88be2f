'use strict';
// Which tasks somebody looks for: by what they are called, what they were asked, and what was answered. The browser's own search
// sees only what is in the document, and most of a large run is not. Touches nothing of the page.

/** What is looked for: words, each anywhere; what stands in quotation marks is one. */
function wordsOf(text) {
  return [...new Set([...text.matchAll(/"([^"]+)"?|[^\s"]+/g)].map(([whole, quoted]) => quoted ?? whole))];
}

/** Whether a task has all of these words: each in what the page knows, or in the texts of its sessions, by whose labels it was found. */
function finder(words, found) {
  const wanted = words.map((word) => [new RegExp(word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'i'), found.get(word)]);
  const isHere = (task, word) => word.test(namesOf(task)) || textsOf(task).some((text) => word.test(text));
  const isThere = (task, labels) => labels !== undefined && task.attempts.some(({ label }) => labels.has(label));
  return (task) => wanted.every(([word, labels]) => isHere(task, word) || isThere(task, labels));
}

function namesOf(task) {
  const seen = () => [task.id, task.agent, task.status, task.error?.code, task.model, ...task.attempts.flatMap(({ kind, model, error }) => [kind, model, error?.code])];
  return (task.names ??= seen().filter(Boolean).join(' '));
}

/** Texts that are in the page; whoever has those that are read one by one searches them, see texts.js. */
function textsOf(task) {
  return (task.texts ??= [
    typeof task.output === 'string' ? task.output : task.output && JSON.stringify(task.output),
    task.attempts[0]?.asked,
    ...task.attempts.map(({ answer }) => answer),
  ].filter((text) => typeof text === 'string'));
}
