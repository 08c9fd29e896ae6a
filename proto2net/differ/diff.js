"use strict";

{
  const at = (id) => document.getElementById(id);
  const pairs = [...document.querySelectorAll(".pair")];
  const runs = [...document.querySelectorAll(".run details")];

  /** Show the layers whose name has the text; of those that are the same, in the runs too. */
  function show() {
    const wanted = at("search").value.trim().toLowerCase();
    for (const pair of pairs) {
      pair.hidden = !pair.dataset.name.includes(wanted);
    }
    for (const run of runs) {
      const found = run.querySelector(".pair:not([hidden])") !== null;
      run.parentElement.hidden = !found;
      run.open = found && (at("all").checked || wanted !== "");
    }
    place();
  }

  const differences = () => pairs.filter((pair) => !pair.hidden && !pair.closest(".run"));

  /** Go to the difference that stands so many further. */
  function go(step) {
    const found = differences();
    if (found.length === 0) {
      return;
    }
    const now = found.indexOf(document.activeElement);
    const next = now < 0 ? (step > 0 ? 0 : found.length - 1) : now + step;
    const pair = found[(next + found.length) % found.length];
    pair.focus({ preventScroll: true });
    pair.scrollIntoView({ block: "start" });
    place();
  }

  function place() {
    const found = differences();
    const now = found.indexOf(document.activeElement);
    at("place").textContent = now < 0 ? `${found.length} differ` : `${now + 1} of ${found.length}`;
  }

  if (at("all")) {
    at("all").addEventListener("change", show);
    at("search").addEventListener("input", show);
    at("next").addEventListener("click", () => go(1));
    at("previous").addEventListener("click", () => go(-1));
    document.addEventListener("keydown", (event) => {
      if (event.target.matches("[type=search]") || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (event.key === "n" || event.key === "p") {
        go(event.key === "n" ? 1 : -1);
      }
    });
    show();
  }
}
