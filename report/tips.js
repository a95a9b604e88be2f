'use strict';
// What an element has in its `data-tip`, beside the pointer.

/** Words beside the pointer. */
function showTips() {
  const tip = at('tip');
  addEventListener('pointermove', (event) => {
    const words = event.buttons === 0 && event.target instanceof Element ? event.target.closest('[data-tip]')?.getAttribute('data-tip') : null;
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18}px`;
  });
  const hide = () => (tip.hidden = true);
  document.documentElement.addEventListener('pointerleave', hide);
  // What is below the pointer may be something else now.
  for (const name of ['scroll', 'click', 'keydown', 'resize']) addEventListener(name, hide, { capture: true });
}
