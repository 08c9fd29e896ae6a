/**
 * The definition as text that can be changed: with numbers and colours, and lines marked.
 *
 * Only the lines that are seen are drawn, beneath a plain text area whose own letters are
 * transparent. So a definition of a million lines is as quick as one of ten.
 */

import { coloured } from "./colours.js";

const LONGEST = 2000; // characters of a line that are drawn

export class Editor {
  constructor(root, { onChange }) {
    this.area = root.querySelector("textarea");
    this.gutter = root.querySelector(".gutter");
    this.lines = root.querySelector(".lines");
    this.root = root;
    this.marks = new Map();
    this.area.addEventListener("input", () => {
      this.marks.clear();
      this.#split();
      onChange();
    });
    this.area.addEventListener("scroll", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.area);
    this.#split();
  }

  get text() {
    return this.area.value;
  }

  /** Show another text, which may be one that is not to be changed. */
  show(text, { fixed = false } = {}) {
    this.area.value = text;
    this.area.readOnly = fixed;
    this.area.scrollTo(0, 0);
    this.marks.clear();
    this.#split();
  }

  /** Mark lines, by their number from 1: what kind of message each has. */
  mark(marks) {
    this.marks = marks;
    this.#draw();
  }

  /** Go to a line, counted from 1. */
  reveal(line) {
    const from = this.text.split("\n", line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = this.text.indexOf("\n", from);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(from, end < 0 ? this.text.length : end);
    this.area.scrollTo(0, Math.max(0, (line - 4) * this.height));
    this.root.scrollIntoView({ block: "nearest" });
  }

  #split() {
    this.all = this.text.split("\n");
    this.root.classList.toggle("has-text", this.text !== "");
    this.gutter.dataset.digits = String(this.all.length).length;
    this.#draw();
  }

  #draw() {
    this.height ??= parseFloat(getComputedStyle(this.area).lineHeight);
    const { scrollTop, scrollLeft, clientHeight } = this.area;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - 1);
    const last = Math.min(this.all.length, Math.ceil((scrollTop + clientHeight) / this.height) + 1);
    const numbers = [];
    const texts = [];
    for (let index = first; index < last; index++) {
      const number = document.createElement("div");
      number.textContent = index + 1;
      const text = document.createElement("div");
      text.append(coloured(this.all[index].slice(0, LONGEST), "prototxt"), "\n");
      number.className = text.className = this.marks.get(index + 1) ?? "";
      numbers.push(number);
      texts.push(text);
    }
    const down = `translateY(${first * this.height - scrollTop}px)`;
    this.gutter.replaceChildren(...numbers);
    this.gutter.style.transform = down;
    this.lines.replaceChildren(...texts);
    this.lines.style.transform = `${down} translateX(${-scrollLeft}px)`;
  }
}
