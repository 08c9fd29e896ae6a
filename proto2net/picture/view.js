"use strict";

/** Shows a network in `root`: the picture, the card of what is pointed at, and the tools. */
function draw(root, data) {
  new View(root, data);
}

const FAR = 0.3; // how small a picture has no texts, which nobody could read
const STEP = 60; // how far an arrow moves the picture

class View {
  constructor(root, data) {
    this.data = data;
    this.open = new Set();
    this.chosen = null; // {layer} or {block}: what the card is of
    this.found = [];
    this.at = { x: 0, y: 0, scale: 1 };
    this.pointers = new Map();
    this.within = new Map(); // by layer: the blocks that it stands in, the outer first
    this.blocks = [];
    this.know(data.plan, []);
    if (data.opened) {
      this.blocks.forEach((box) => this.open.add(box));
    }
    this.cards = new Cards(data);
    this.build(root);
    this.render();
    this.first();
    this.showCard(null);
  }

  know(plan, outer) {
    for (const box of plan.boxes) {
      for (const [number] of box.strips ?? []) {
        this.within.set(number, outer);
      }
      if (box.inside) {
        this.blocks.push(box);
        this.know(box.inside, [...outer, box]);
      }
    }
  }

  // ---- what stands in the page ---------------------------------------------------------------

  build(root) {
    const button = (text, title, click) => make("button", { type: "button", title, click }, text);
    this.search = make("input", {
      type: "search",
      placeholder: "Search name, type, blob",
      "aria-label": "Search layers by name, type or blob",
      input: () => this.find(),
      keydown: (event) => this.searchKey(event),
    });
    this.count = make("output", { class: "pale", "aria-live": "polite" });
    const blocks = this.blocks.length
      ? [
          button("Open all", "Open all blocks (o)", () => this.openAll()),
          button("Close all", "Close all blocks (c)", () => this.closeAll()),
        ]
      : [];
    this.world = makeSvg("g");
    this.svg = makeSvg(
      "svg",
      { class: "net canvas", role: "group", "aria-label": this.data.name, tabindex: 0 },
      this.world,
    );
    this.card = make("aside", { class: "facts", "aria-live": "polite", "aria-label": "About" });
    root.classList.add("view");
    root.append(
      make(
        "header",
        { class: "tools no-print" },
        make("h1", { title: this.data.name }, this.data.name || "A network"),
        make("div", { class: "search" }, this.search, this.count),
        make(
          "div",
          { class: "buttons" },
          ...blocks,
          button("−", "Smaller (-)", () => this.zoom(1 / 1.3)),
          button("+", "Larger (+)", () => this.zoom(1.3)),
          button("Fit", "Show all of it (0)", () => this.fit()),
          button("Save SVG", "Save the picture as it is now", () => this.save()),
        ),
      ),
      make("div", { class: "stage" }, this.svg),
      this.card,
    );
    this.listen();
  }

  listen() {
    const { svg } = this;
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", (event) => this.up(event));
    svg.addEventListener("pointercancel", (event) => this.up(event));
    svg.addEventListener("pointerover", (event) => this.hover(this.target(event)));
    svg.addEventListener("pointerleave", () => this.hover(null));
    svg.addEventListener("focusin", (event) => this.focused(event));
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeprint", () => this.forPrint());
    addEventListener("afterprint", () => this.place());
  }

  render() {
    this.drawing = new Drawing(this.data, this.open);
    this.world.replaceChildren(this.drawing.element);
    this.elements = new Map(); // what stands behind an element
    this.drawing.layers.forEach(({ element }, layer) => this.elements.set(element, { layer }));
    this.drawing.blocks.forEach(({ element }, block) => this.elements.set(element, { block }));
    this.mark();
    this.place();
  }

  // ---- where the picture is ------------------------------------------------------------------

  place() {
    const { x, y, scale } = this.at;
    this.svg.removeAttribute("viewBox");
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.svg.classList.toggle("far", scale < FAR);
    const { width, height } = this.room();
    const [left, top] = [-x / scale, -y / scale];
    const [wide, high] = [width / scale, height / scale];
    this.drawing.show(left - wide / 4, top - high / 2, left + wide * 1.25, top + high * 1.5);
  }

  room() {
    const { width, height } = this.svg.getBoundingClientRect();
    return { width, height };
  }

  /** All of the picture; or, `atLeast` so large, its upper part. */
  fit(atLeast = 0.01) {
    const { width, height } = this.room();
    const margin = Math.min(24, width / 16);
    const across = (width - 2 * margin) / this.drawing.width;
    const down = (height - 2 * margin) / this.drawing.height;
    const scale = Math.min(1.25, across, Math.max(down, atLeast));
    const free = height - this.drawing.height * scale;
    this.at = { scale, x: (width - this.drawing.width * scale) / 2, y: Math.max(margin, free / 2) };
    this.place();
  }

  /** What is seen at first: letters are to be read. */
  first() {
    this.fit(0.85);
  }

  zoom(by, x = this.room().width / 2, y = this.room().height / 2) {
    const scale = Math.min(Math.max(this.at.scale * by, 0.01), 6);
    const ratio = scale / this.at.scale;
    this.at = { scale, x: x - (x - this.at.x) * ratio, y: y - (y - this.at.y) * ratio };
    this.place();
  }

  pan(x, y) {
    this.at = { ...this.at, x: this.at.x + x, y: this.at.y + y };
    this.place();
  }

  /** Bring a place into view, if it is not there. */
  reveal({ x, y, width, height }) {
    const { scale } = this.at;
    const room = this.room();
    const [left, top] = [this.at.x + x * scale, this.at.y + y * scale];
    const across = left >= 0 && left + width * scale <= room.width;
    const down = top >= 0 && top + height * scale <= room.height;
    if (!across || !down || scale < 0.5) {
      const larger = Math.max(scale, 0.8);
      this.at = {
        scale: larger,
        x: room.width / 2 - (x + width / 2) * larger,
        y: room.height / 2 - (y + height / 2) * larger,
      };
      this.place();
    }
  }

  // ---- blocks --------------------------------------------------------------------------------

  toggle(block) {
    const before = this.drawing.blocks.get(block);
    if (!this.open.delete(block)) {
      this.open.add(block);
    }
    this.again(before, () => this.drawing.blocks.get(block));
    this.drawing.blocks.get(block).element.focus({ preventScroll: true });
  }

  /** Draw anew; what stood somewhere stays there in the window. */
  again(before, after) {
    this.render();
    const now = after();
    if (before && now) {
      const { scale } = this.at;
      const x = before.x + before.width / 2 - now.x - now.width / 2;
      this.pan(x * scale, (before.y - now.y) * scale);
    }
  }

  openAll() {
    this.blocks.forEach((box) => this.open.add(box));
    this.render();
    this.first();
  }

  closeAll() {
    this.open.clear();
    this.render();
    this.first();
  }

  // ---- pointers ------------------------------------------------------------------------------

  target(event) {
    const element = event.target.closest?.(".layer, .block");
    return (element && this.elements.get(element)) ?? null;
  }

  wheel(event) {
    event.preventDefault();
    const box = this.svg.getBoundingClientRect();
    const lines = event.deltaMode ? 20 : 1;
    const by = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
    this.zoom(by, event.clientX - box.left, event.clientY - box.top);
  }

  down(event) {
    if (event.button) {
      return;
    }
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.moved = this.pointers.size > 1;
    this.pressed = this.target(event);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      return;
    }
    const now = [event.clientX, event.clientY];
    const far = Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (!this.moved && far < 4) {
      return;
    }
    this.moved = true;
    this.svg.setPointerCapture(event.pointerId);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (!others.length) {
      this.pan(now[0] - before[0], now[1] - before[1]);
      return;
    }
    const [, other] = others[0];
    const distance = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [(now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top];
    this.zoom(distance(now) / distance(before), x, y);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || this.moved) {
      return;
    }
    const { pressed } = this;
    this.choose(pressed);
    if (pressed?.block) {
      this.toggle(pressed.block);
    }
  }

  hover(target) {
    if (!this.pointers.size) {
      this.showCard(target ?? this.chosen);
    }
  }

  // ---- what is chosen ------------------------------------------------------------------------

  choose(target) {
    this.chosen = target;
    this.mark();
    this.showCard(target);
  }

  focused(event) {
    const target = this.elements.get(event.target);
    if (target && !this.pointers.size) {
      this.choose(target);
      this.reveal(this.placeOf(target));
    }
  }

  placeOf({ layer, block }) {
    return block ? this.drawing.blocks.get(block) : this.drawing.layers.get(layer);
  }

  /** Go to a layer; blocks that it stands in open. */
  go(layer, focus = true) {
    const closed = this.within.get(layer).filter((box) => !this.open.has(box));
    if (closed.length) {
      const [outer] = closed;
      const before = this.drawing.blocks.get(outer);
      closed.forEach((box) => this.open.add(box));
      this.again(before, () => this.drawing.blocks.get(outer));
    }
    this.choose({ layer });
    const place = this.drawing.layers.get(layer);
    this.reveal(place);
    if (focus) {
      place.element.focus({ preventScroll: true });
    }
  }

  /** Show which layers are chosen and found, and the lines of the chosen one. */
  mark() {
    const layer = this.data.layers[this.chosen?.layer];
    const blobs = new Set(layer ? [...layer.bottoms, ...layer.tops] : []);
    const found = new Set(this.found);
    const within = new Set(this.found.flatMap((number) => this.within.get(number)));
    for (const [element, { layer: number, block }] of this.elements) {
      const { chosen } = this;
      element.classList.toggle("chosen", block ? block === chosen?.block : number === chosen?.layer);
      element.classList.toggle("found", block ? within.has(block) : found.has(number));
    }
    for (const [blob, element] of this.drawing.routes) {
      element.classList.toggle("lit", blobs.has(blob));
    }
  }

  // ---- search --------------------------------------------------------------------------------

  find() {
    const wanted = this.search.value.trim().toLowerCase();
    const has = (text) => text.toLowerCase().includes(wanted);
    const matches = ({ name, type, bottoms, tops }) =>
      has(name) || has(type) || [...bottoms, ...tops].some((blob) => has(this.data.blobs[blob][0]));
    const { layers } = this.data;
    this.found = wanted ? [...layers.keys()].filter((number) => matches(layers[number])) : [];
    this.index = -1;
    this.tellFound(wanted);
    this.mark();
  }

  tellFound(wanted) {
    const place = this.index >= 0 ? `${this.index + 1} of ` : "";
    this.count.textContent = wanted ? `${place}${this.found.length}` : "";
  }

  searchKey(event) {
    if (event.key === "Escape") {
      this.search.value = "";
      this.find();
      this.svg.focus();
    }
    if (event.key === "Enter" && this.found.length) {
      const count = this.found.length;
      this.index = (this.index + (event.shiftKey ? -1 : 1) + count) % count;
      this.tellFound(true);
      this.go(this.found[this.index], false);
    }
  }

  // ---- keys ----------------------------------------------------------------------------------

  key(event) {
    if (event.target.closest?.("input, aside") || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const arrows = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const others = {
      "+": () => this.zoom(1.3),
      "=": () => this.zoom(1.3),
      "-": () => this.zoom(1 / 1.3),
      0: () => this.fit(),
      o: () => this.openAll(),
      c: () => this.closeAll(),
      "/": () => this.search.focus(),
      Escape: () => this.choose(null),
    };
    const enters = event.key === "Enter" || event.key === " ";
    const focused = this.elements.get(document.activeElement);
    if (enters && focused?.block) {
      this.toggle(focused.block);
    } else if (arrows[event.key]) {
      const [x, y] = arrows[event.key];
      if (event.shiftKey || !this.chosen) {
        this.pan(x * STEP, y * STEP);
      } else {
        this.neighbour(-x, -y);
      }
    } else if (others[event.key]) {
      others[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** From what is chosen to the nearest box in this direction. */
  neighbour(x, y) {
    const from = this.placeOf(this.chosen);
    if (!from) {
      return;
    }
    const middle = (place) => [place.x + place.width / 2, place.y + Math.min(place.height, 42) / 2];
    const [left, top] = middle(from);
    let [best, least] = [null, Infinity];
    for (const [element, target] of this.elements) {
      const [dx, dy] = middle(this.placeOf(target)).map((each, axis) => each - [left, top][axis]);
      const [ahead, aside] = x ? [dx * x, Math.abs(dy)] : [dy * y, Math.abs(dx)];
      const far = ahead + 3 * aside;
      if (ahead > 2 && far < least) {
        [best, least] = [element, far];
      }
    }
    best?.focus({ preventScroll: true });
  }

  // ---- cards ---------------------------------------------------------------------------------

  showCard(target) {
    const key = target?.block ?? target?.layer ?? null;
    if (this.shown === key && this.card.childElementCount) {
      return;
    }
    this.shown = key;
    this.card.scrollTop = 0;
    this.card.replaceChildren(...this.cards.about(target));
  }

  // ---- on paper, and as a file ---------------------------------------------------------------

  bounds() {
    return `-12 -12 ${this.drawing.width + 24} ${this.drawing.height + 24}`;
  }

  forPrint() {
    this.drawing.showAll();
    this.svg.classList.remove("far");
    this.svg.setAttribute("viewBox", this.bounds());
    this.world.removeAttribute("transform");
  }

  /** The picture as it is now, as a file of its own. */
  save() {
    const drawing = new Drawing(this.data, this.open);
    drawing.showAll();
    const [width, height] = [drawing.width + 24, drawing.height + 24];
    const picture = makeSvg(
      "svg",
      { class: "net", viewBox: this.bounds(), width, height },
      makeSvg("style", {}, `${this.data.style}.grip { fill: none; stroke: none; }`),
      makeSvg("rect", { class: "ground", x: -12, y: -12, width: "100%", height: "100%", rx: 8 }),
      drawing.element,
    );
    const text = new XMLSerializer().serializeToString(picture);
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    make("a", { href: address, download: `${this.data.name || "network"}.svg` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }
}
