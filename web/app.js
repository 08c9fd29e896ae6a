/** The page: what was given and chosen, what is asked of the worker, and what comes back. */

import { TARGETS, chosen, keep } from "./choices.js";
import { Comparison } from "./compare.js";
import { Editor } from "./editor.js";
import { Engine } from "./engine.js";
import { mainOf, sorted, weightsOf } from "./given.js";
import { code, made, marks, messages, picture, save, sentence, table } from "./result.js";
import { tabs } from "./tabs.js";

const PASTED = "net.prototxt";
const PAUSE = 350; // milliseconds without a key before a text is converted
const PATIENCE = 1500; // milliseconds after which Stop is offered

const at = (id) => document.getElementById(id);
const [status, progress, stop] = ["status", "progress", "stop"].map(at);
const options = at("options");

const choices = chosen();
let given = { texts: [], files: [] };
let main = "";
let ready = false;
let running = false;
let again = false;
let isStopped = false; // what was stopped is not begun again as soon as Python is there
let timer;

// ---- what is said -------------------------------------------------------------------------------

const say = (text) => (status.textContent = text);

const engine = new Engine({
  onStep(step) {
    say(`${isStopped ? "Stopped. " : ""}${step}…`);
    progress.value += 1;
  },
  onReady(versions) {
    ready = true;
    progress.hidden = true;
    const told = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    at("versions").textContent = told.join(" · ");
    say(main && !isStopped ? "Converting…" : "Ready.");
    if (!isStopped) ask();
    keepForOffline();
  },
  onFailed(what) {
    progress.hidden = true;
    say(`Python could not be started here: ${what}`);
  },
  onWritten(written, size) {
    progress.hidden = false;
    progress.max = size || 1;
    progress.value = Math.min(written, size);
    say(`${(written / 1e6).toFixed(0)} of ${(size / 1e6).toFixed(0)} MB are written…`);
  },
});

/** Have the browser keep the page, for use without a network. */
function keepForOffline() {
  navigator.serviceWorker?.register("keep.js").catch(() => {}); // a private window has none
}

/** Whether an answer is awaited, for screen readers too. */
const isBusy = (busy) => at("result").setAttribute("aria-busy", String(busy));

// ---- what is asked ------------------------------------------------------------------------------

const editor = new Editor(at("editor"), {
  onChange() {
    if (!given.texts.some(({ name }) => name === main)) {
      given.texts = [{ name: PASTED, text: "" }];
      main = PASTED;
    }
    given.texts.find(({ name }) => name === main).text = editor.text;
    choices.example = at("example").value = "";
    if (!editor.text && !given.files.length) take({ texts: [], files: [] });
    showFiles();
    soon();
  },
});

function soon() {
  isBusy(true);
  keep(choices);
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

const isCarried = () => !given.texts.some(({ name }) => name === main);

const question = () => ({ ...choices, flat: choices.flat === "1", main, weights: weightsOf(given), carried: isCarried() });

/** Ask the worker, with a second definition if need be. Null: it was stopped. */
async function asked(kind, other = null) {
  running = true;
  again = false;
  const patience = setTimeout(() => (stop.hidden = false), PATIENCE);
  try {
    return await engine.ask({ kind, texts: given.texts, files: given.files, other, question: question() });
  } catch (error) {
    [ready, isStopped] = [false, true]; // the worker starts anew
    const text = `it was too much for this browser's Python: ${error.message}`;
    return { problems: [{ text, hint: "the command line has no such limit", file: "", line: 0 }], notes: [] };
  } finally {
    clearTimeout(patience);
    stop.hidden = true;
    running = false;
  }
}

/** Convert what is there. */
async function ask() {
  clearTimeout(timer);
  isStopped = false;
  if (!main) isBusy(false);
  if (!ready || !main) return;
  if (running) {
    again = true;
    return;
  }
  const [, title] = TARGETS.find(([name]) => name === choices.to);
  const slow = setTimeout(() => say("Converting…"), 200);
  isBusy(true);
  const answer = await asked("convert");
  clearTimeout(slow);
  if (again) {
    ask();
    return;
  }
  isBusy(false);
  if (answer) show(answer, title);
}

const PANELS = { code, picture, table };
let shown = { problems: [] };

/** Draw what is seen of an answer: a tab that is not shown is drawn when it is. */
function draw(answer) {
  shown = answer;
  for (const name of Object.keys(PANELS)) at(name).replaceChildren();
  drawPanel(choices.show);
}

function drawPanel(name) {
  const root = at(name);
  if (name === "compare") {
    if (main) comparison.draw();
    return;
  }
  if (root.childElementCount) return;
  PANELS[name](root, shown, { say, reveal: (line) => editor.reveal(line) });
  if (name === "picture" && shown.layers && !shown.picture) askPicture();
}

/** Ask for the picture, which takes longer than the code, once it is to be seen. */
async function askPicture() {
  if (!ready || running) return;
  const drawn = shown;
  isBusy(true);
  const answer = await asked("picture");
  isBusy(false);
  if (again) {
    ask();
    return;
  }
  drawn.picture = answer?.picture;
  if (drawn.picture && drawn === shown && choices.show === "picture") picture(at("picture"), drawn);
}

/** The examples, and the other texts that were given. */
const comparison = new Comparison(at("compare"), {
  others: () => [
    ...given.texts.map(({ name }) => name).filter((name) => name !== main),
    ...[...at("example").options].map(({ value }) => value).filter(Boolean),
  ],
  read: async (name) => given.texts.find((each) => each.name === name) ?? example(name),
  async ask(other) {
    if (!ready || running || !main) return null;
    isBusy(true);
    const answer = await asked("compare", other);
    isBusy(false);
    if (again) ask();
    if (!answer) return null;
    if (answer.problems.length) messages(at("messages"), answer, main, (line) => editor.reveal(line));
    say(answer.problems.length ? sentence(answer, "") : `${main} is compared with ${other.name}.`);
    return answer.difference;
  },
});

function show(answer, title) {
  messages(at("messages"), answer, main, (line) => editor.reveal(line));
  if (answer.carried) editor.show(answer.carried, { fixed: true });
  editor.mark(isCarried() ? new Map() : marks(answer, main));
  draw(answer);
  showWeights([]);
  say(sentence(answer, title));
}

stop.addEventListener("click", () => {
  ready = false;
  progress.hidden = true;
  isBusy(false);
  isStopped = true;
  engine.stop();
  say("Stopped. Python starts anew…");
});

// ---- weights ------------------------------------------------------------------------------------

function showWeights(stored) {
  const name = weightsOf(given);
  const box = at("weights");
  box.hidden = !name;
  if (!name) return;
  const { size } = given.files.find((file) => file.name === name);
  const target = choices.to === "onnx" ? "an .onnx file" : "the target’s own file";
  box.querySelector("p").textContent = `${name}, ${(size / 1e6).toFixed(1)} MB: its weights can be written to ${target}.`;
  const items = stored.map(({ name, file }) =>
    made(
      "li",
      {},
      made("button", { className: "save", onclick: () => save(name, file) }, `Save ${name}`),
      ` ${(file.size / 1e6).toFixed(1)} MB`,
    ),
  );
  box.querySelector("ul").replaceChildren(...items);
}

at("port").addEventListener("click", async () => {
  if (!ready || running || !main) return;
  say("The weights are read…");
  isBusy(true);
  const answer = await asked("port");
  isBusy(false);
  progress.hidden = true;
  if (!answer) return;
  messages(at("messages"), answer, main, (line) => editor.reveal(line));
  if (answer.files) draw({ ...shown, ...answer });
  showWeights(answer.stored ?? []);
  say(answer.problems.length ? sentence(answer, "") : "The weights are written. Save them.");
});

// ---- what is given ------------------------------------------------------------------------------

/** Take files in the place of those before; weights alone go with the definition that is there. */
function take(files, example = "") {
  const only = files.files.length && !files.texts.length && weightsOf(files);
  given = only && given.texts.length ? { ...given, files: files.files } : files;
  main = only && given.texts.length ? main : mainOf(given);
  choices.example = at("example").value = example;
  const text = given.texts.find(({ name }) => name === main)?.text ?? "";
  editor.show(text, { fixed: !text && Boolean(main) });
  showFiles();
  if (!main) {
    draw({ problems: [] });
    at("messages").hidden = true;
  }
  showWeights([]);
  keep(choices);
  isBusy(true);
  ask();
}

/** Which files there are; of several texts each can be the one that is converted. */
function showFiles() {
  const all = [...given.texts, ...given.files].map(({ name }) => name);
  at("files").hidden = !all.length;
  const parts = all.map((name) => {
    const button = made("button", { className: "file", onclick: () => turnTo(name) }, name);
    button.setAttribute("aria-pressed", String(name === main));
    button.disabled = !given.texts.some((each) => each.name === name) && name !== main;
    return button;
  });
  const clear = made("button", { className: "clear", onclick: () => take({ texts: [], files: [] }) }, "Clear");
  at("files").replaceChildren(...parts, clear);
}

function turnTo(name) {
  const text = given.texts.find((each) => each.name === name);
  if (!text) return;
  main = name;
  editor.show(text.text);
  showFiles();
  isBusy(true);
  ask();
}

/** A definition of models/. Null: it could not be fetched. */
async function example(name) {
  const address = new URL(`examples/${name}.prototxt`, document.baseURI);
  const response = await fetch(address).catch(() => null);
  if (response?.ok) return { name: `${name}.prototxt`, text: await response.text() };
  say(`The example ${name} could not be fetched.`);
  return null;
}

async function openExample(name) {
  isBusy(true);
  const text = await example(name);
  if (text) take({ texts: [text], files: [] }, name);
  else isBusy(false);
}

at("open").addEventListener("change", async ({ target }) => {
  take(await sorted(target.files));
  target.value = "";
});
at("example").addEventListener("change", ({ target }) => {
  if (target.value) openExample(target.value);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, async (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dragging", kind === "dragover");
    if (kind === "drop") take(await sorted(event.dataTransfer.files));
  });
}

// ---- what is chosen -----------------------------------------------------------------------------

for (const [name, title] of TARGETS) {
  const radio = made("input", { type: "radio", name: "to", value: name, checked: name === choices.to });
  radio.addEventListener("change", () => {
    choices.to = name;
    keep(choices);
    isBusy(true);
    ask();
  });
  at("targets").append(made("label", {}, radio, made("span", {}, title)));
}

for (const control of options.querySelectorAll("[name]")) {
  const { name } = control;
  if (control.type === "checkbox") control.checked = choices[name] === "1";
  else control.value = choices[name];
  if (choices[name]) options.open = true;
  control.addEventListener("input", () => {
    choices[name] = control.type === "checkbox" ? (control.checked ? "1" : "") : control.value.trim();
    soon();
  });
}

tabs(document.querySelector("[role=tablist]"), choices.show, (name) => {
  choices.show = name;
  keep(choices);
  drawPanel(name);
});

const examples = await (await fetch("examples/names.json")).json();
at("example").append(...examples.map((name) => made("option", { value: name }, name)));
if (examples.includes(choices.example)) await openExample(choices.example);
