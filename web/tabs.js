/** Tabs, as the ARIA pattern has them: arrow keys go from one to the next. */

/** `onShow` is called with the id of the panel that is shown, beginning with `first`. */
export function tabs(list, first, onShow) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function show(chosen) {
    for (const tab of all) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
    onShow(panelOf(chosen).id);
  }

  list.addEventListener("click", ({ target }) => {
    if (all.includes(target)) show(target);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    show(next);
  });
  show(all.find((tab) => panelOf(tab).id === first) ?? all[0]);
}
