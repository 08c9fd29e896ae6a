/** The comparison with a second definition: which one it is, and the page that `diff` writes. */

import { made } from "./result.js";

/**
 * The tab that compares. `others` tells the names that can be chosen, `read` gives the text of one
 * (null: it cannot be had), and `ask` asks the worker what differs from it.
 */
export class Comparison {
  constructor(root, { others, read, ask }) {
    Object.assign(this, { others, read, ask });
    this.choice = made("select", { id: "other", onchange: () => this.#choose(this.choice.value) });
    const open = made("input", { type: "file", id: "open-other", className: "unseen" });
    open.addEventListener("change", async () => {
      const [file] = open.files;
      this.choice.value = "";
      if (file) this.#compare({ name: file.name, text: await file.text() });
      open.value = "";
    });
    this.result = made("div");
    const bar = made(
      "div",
      { className: "bar" },
      made("label", { htmlFor: "other" }, "Compare with"),
      this.choice,
      made("label", { className: "button", htmlFor: "open-other" }, "Open a file…"),
      open,
    );
    root.append(bar, this.result);
  }

  /** Offer what there is now, and compare anew with what was chosen before. */
  draw() {
    const { value } = this.choice;
    const names = this.others();
    this.choice.replaceChildren(
      made("option", { value: "" }, "…"),
      ...names.map((name) => made("option", { value: name }, name)),
    );
    if (names.includes(value)) this.choice.value = value;
    if (this.other) this.#compare(this.other);
  }

  async #choose(name) {
    const other = name && (await this.read(name));
    if (other) this.#compare(other);
  }

  async #compare(other) {
    this.other = other;
    this.result.replaceChildren();
    const difference = await this.ask(other);
    if (difference) this.#show(difference);
  }

  /** Show the page in a frame of its own. The frame brings the scripts and styles. */
  #show(html) {
    const told = new DOMParser().parseFromString(html, "text/html").querySelector("main");
    const frame = made("iframe", { src: "compare/index.html", title: "What differs" });
    frame.addEventListener("load", () => {
      const { document } = frame.contentWindow;
      const script = document.createElement("script");
      script.src = "diff.js";
      document.body.replaceChildren(document.adoptNode(told), script);
    });
    this.result.replaceChildren(frame);
  }
}
