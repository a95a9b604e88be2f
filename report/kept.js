'use strict';
// What somebody has set in a page, for the page that is loaded in its place when its key is not taken any more. It stands behind the # of
// the address: a frame without an origin has no storage, and a browser sends that part to nobody.

const KEPT = '#kept=';

/** Says what is to be kept, as a JSON object; set by the page. */
let keep = () => ({});

/** What the page before this one has kept; an empty object if there was none. It is read once. */
const kept = (() => {
  if (!location.hash.startsWith(KEPT)) return {};
  try {
    const found = JSON.parse(decodeURIComponent(location.hash.slice(KEPT.length)));
    history.replaceState(null, '', location.pathname + location.search);
    return Object(found);
  } catch {
    // Somebody else wrote it.
    return {};
  }
})();

/** Loads the page again, with what is set in it. */
function loadAgain() {
  location.hash = `${KEPT}${encodeURIComponent(JSON.stringify(keep()))}`;
  location.reload();
}

/** The texts of a kept list. */
function textsIn(list) {
  return Array.isArray(list) ? list.filter((text) => typeof text === 'string') : [];
}

/** Chooses what was kept, if it can be chosen. */
function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}
