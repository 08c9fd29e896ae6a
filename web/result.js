/** What is shown of an answer: messages, the code, the table. Text is never anything but text. */

import { coloured } from "./colours.js";

const COLOURED = 300_000; // characters; a longer text is shown plain
const SHOWN = 1_000_000; // characters; the rest of a longer text is in what is saved
const ROWS = 2000;

/** An element with what it has, and children. */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const many = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

/** Save a file, or a text, under a name. */
export function save(name, content) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content]));
  made("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The problems and notes, each with a button that leads to its line. */
export function messages(root, { problems, notes }, main, reveal) {
  const item = (kind, { text, hint, file, line }) => {
    const here = line && file === main;
    const place = line ? `${here ? "" : `${file} `}line ${line}` : "";
    const parts = [made("span", { className: "unseen" }, kind === "problem" ? "Problem: " : "Note: ")];
    if (here) parts.push(made("button", { className: "line", onclick: () => reveal(line) }, place), " ");
    else if (place) parts.push(made("span", { className: "line" }, place), " ");
    parts.push(made("span", {}, text));
    if (hint) parts.push(made("p", { className: "hint" }, hint));
    return made("li", { className: kind }, ...parts);
  };
  root.replaceChildren(
    ...problems.map((each) => item("problem", each)),
    ...notes.map((each) => item("note", each)),
  );
  root.hidden = root.childElementCount === 0;
}

/** The kinds of messages by line. */
export function marks({ problems, notes }, main) {
  const found = new Map();
  for (const { file, line } of notes) if (line && file === main) found.set(line, "note");
  for (const { file, line } of problems) if (line && file === main) found.set(line, "problem");
  return found;
}

/** What happened, in a sentence for the status line. */
export function sentence({ problems, notes, files, name, parameters }, title) {
  if (problems.length) return `${many(problems.length, "problem")}.`;
  const told = notes.length ? `, ${many(notes.length, "note")}` : "";
  const whole = `${name || "The network"} has ${many(parameters ?? 0, "parameter")}`;
  return files ? `${title}: ${whole}${told}.` : `${whole}${told}.`;
}

/** The texts that were written, each with its name, and buttons to copy and to save it. */
export function code(root, answer, { say }) {
  const shown = (answer.files ?? []).map(({ name, text }) => {
    const copy = made("button", { className: "copy" }, "Copy");
    copy.onclick = async () => {
      await navigator.clipboard.writeText(text);
      say(`${name} is copied.`);
    };
    const keep = made("button", { className: "save", onclick: () => save(name, text) }, "Save");
    copy.setAttribute("aria-label", `Copy ${name}`);
    keep.setAttribute("aria-label", `Save ${name}`);
    const language = name.endsWith(".py") ? "python" : name.endsWith(".prototxt") ? "prototxt" : "";
    const body = made("code");
    body.append(coloured(text.slice(0, SHOWN), text.length > COLOURED ? "" : language));
    const more = text.length > SHOWN ? [made("p", { className: "pale" }, "The rest is in what Save writes.")] : [];
    return made(
      "article",
      {},
      made("div", { className: "bar" }, made("h3", {}, name), copy, keep),
      made("pre", {}, body),
      ...more,
    );
  });
  if (answer.needs_weights && !answer.problems.length) {
    const what = `${answer.needs_weights} is no text. Drop the .caffemodel beside the definition, and it is written with its weights.`;
    shown.push(made("p", { className: "pale" }, what));
  }
  if (!shown.length) shown.push(made("p", { className: "pale" }, "The code comes here."));
  root.replaceChildren(...shown);
}

/** The picture, in a frame of its own: its keys and styles are for nothing else. */
export function picture(root, { picture: data }) {
  if (!data) {
    root.replaceChildren(made("p", { className: "pale" }, "The picture comes here."));
    return;
  }
  const frame = made("iframe", { src: "picture/index.html", title: "Picture of the network" });
  frame.addEventListener("load", () => {
    const { document, draw } = frame.contentWindow;
    draw(document.getElementById("view"), data);
  });
  root.replaceChildren(frame);
}

const COLUMNS = ["Layer", "Type", "Output", "Parameters", "Multiply-adds"];

/** The layers, a row each; a layer's name leads to its line in the definition. */
export function table(root, { layers = [], parameters }, { reveal }) {
  if (!layers.length) {
    root.replaceChildren(made("p", { className: "pale" }, "The layers come here."));
    return;
  }
  const column = (name, at) => made("th", { scope: "col", className: at > 2 ? "number" : "" }, name);
  const row = (layer) =>
    made(
      "tr",
      {},
      made("th", { scope: "row" }, named(layer, reveal)),
      made("td", { className: `family ${layer.family}` }, layer.type),
      made("td", {}, layer.shapes),
      made("td", { className: "number" }, layer.parameters.toLocaleString("en")),
      made("td", { className: "number" }, layer.macs.toLocaleString("en")),
    );
  const more = layers.length > ROWS ? `; the first ${ROWS.toLocaleString("en")} are shown` : "";
  const caption = `${many(layers.length, "layer")}, ${many(parameters, "parameter")}${more}`;
  root.replaceChildren(
    made(
      "table",
      {},
      made("caption", {}, caption),
      made("thead", {}, made("tr", {}, ...COLUMNS.map(column))),
      made("tbody", {}, ...layers.slice(0, ROWS).map(row)),
    ),
  );
}

/** A layer's name, as a button where its line is known. */
function named({ name, line }, reveal) {
  return line ? made("button", { className: "plain", onclick: () => reveal(line) }, name) : name;
}
