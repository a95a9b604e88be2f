'use strict';
// What the host adds to a run: its name, the session that asked for it, and the commands by which it is stopped or continued.
//
// The document's "about": {"run_id", "session", "opens_sessions", "back", "items", "commands": [[what it does, the command]]}, all optional.

function showAbout(about) {
  at('about').hidden = !about;
  if (!about) return;
  const commands = (about.commands ?? []).map(([words, command]) => make('span', { class: 'command' }, words, ': ', copied(command)));
  const parts = [
    about.back && make('a', { href: about.back }, '← All runs'),
    about.run_id && make('span', {}, 'Run ', make('code', {}, about.run_id)),
    about.session && make('span', {}, 'asked for by ', make('code', {}, about.session)),
    about.session && openSession(about.session, about),
    about.items && make('span', {}, 'Answers of items are in ', make('code', {}, about.items)),
    commands,
  ];
  const drawn = JSON.stringify(about);
  if (at('about').dataset.drawn === drawn) return;
  at('about').dataset.drawn = drawn;
  at('about').replaceChildren(...parts.flat().filter(Boolean));
}

/** A command that a click copies, or selects where the browser does not let it. */
function copied(command) {
  const code = make('code', {}, command);
  const button = make('button', { class: 'copy-line', 'aria-label': `Copy ${command}`, click: async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = 'Selected';
    }
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  } }, 'Copy');
  return [code, ' ', button];
}

/** Has OpenClaw's Control UI, around this page, open a session; null where this page stands alone or the session is none of it. */
function openSession(sessionKey, about) {
  if (!about?.opens_sessions || parent === window || !/^agent:[^:]+:./.test(sessionKey ?? '')) return null;
  const open = () => parent.postMessage({ type: 'openclaw-plugin-session-open', sessionKey }, location.origin);
  return make('button', { class: 'link', click: open, 'aria-label': `Open session ${sessionKey}` }, 'Open session');
}
