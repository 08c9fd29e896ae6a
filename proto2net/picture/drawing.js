"use strict";

/**
 * The plan of a network as SVG, with some of its blocks open. Python has laid it out (plan.py): here
 * are only the heights of rows added up. What is drawn is what svg.py draws into a file.
 */
class Drawing {
  /** `data` is what told.py tells; `open` is the set of the boxes that are open. */
  constructor(data, open) {
    this.data = data;
    this.sizes = data.sizes;
    this.open = open;
    this.layers = new Map(); // by number: its place and element, if it is to be seen
    this.blocks = new Map(); // by box: the same of a block
    this.routes = []; // of all lines: the value, and the element
    this.width = data.plan.width[this.state(data.plan)];
    this.height = this.heightOf(data.plan) + 24; // an output has a line of its own
    this.element = makeSvg("g", {}, ...this.drawn(data.plan, 0, 0));
  }

  /** Which of the two places of a plan hold: 1 if any of its blocks is open. */
  state(plan) {
    return plan.boxes.some((box) => this.open.has(box)) ? 1 : 0;
  }

  sizeOf(box) {
    if (!this.open.has(box)) {
      return [box.width, box.height];
    }
    const { inside } = box;
    const { entry, exit } = this.sizes;
    return [Math.max(box.width, inside.width[this.state(inside)]), entry + this.heightOf(inside) + exit];
  }

  heightOf(plan) {
    const rows = this.rowsOf(plan);
    return rows.reduce((sum, height) => sum + height, 0) + this.sizes.gap * Math.max(rows.length - 1, 0);
  }

  rowsOf(plan) {
    const heights = new Array(plan.rows).fill(0);
    for (const box of plan.boxes) {
      heights[box.row] = Math.max(heights[box.row], this.sizeOf(box)[1]);
    }
    return heights;
  }

  /** The elements of a plan whose left upper corner is there: lines, and boxes over them. */
  drawn(plan, left, top) {
    const state = this.state(plan);
    const tops = [top];
    const bottoms = [];
    for (const height of this.rowsOf(plan)) {
      bottoms.push(tops.at(-1) + height);
      tops.push(bottoms.at(-1) + this.sizes.gap);
    }
    const places = plan.boxes.map((box) => {
      const [width, height] = this.sizeOf(box);
      const [middle, y] = [left + box.x[state], tops[box.row]];
      return { middle, x: middle - width / 2, y, width, height };
    });
    const at = { plan, state, middle: left + plan.width[state] / 2, left, tops, bottoms, places };
    return [
      ...plan.routes.map((route) => this.line(route, at)),
      ...plan.boxes.flatMap((box, index) => this.box(box, places[index])),
      ...plan.routes.map((route) => this.label(route, at)),
    ];
  }

  // ---- boxes ---------------------------------------------------------------------------------

  box(box, place) {
    if (!box.inside) {
      return box.strips.map((strip, index) => this.strip(strip, index, place));
    }
    return this.open.has(box) ? this.frame(box, place) : [this.closed(box, place)];
  }

  strip([number, name, detail], index, { x, y: top, width }) {
    const { head, strip } = this.sizes;
    const y = index ? top + head + strip * (index - 1) + 1.5 : top;
    const height = index ? strip - 1.5 : head;
    const right = { x: x + width - 9, y: y + 13, "text-anchor": "end", class: "detail" };
    const texts = index
      ? [makeSvg("text", { x: x + 13, y: y + 13 }, detail), makeSvg("text", right, name)]
      : this.texts(x + 13, y, name, detail);
    const layer = this.data.layers[number];
    const element = makeSvg(
      "g",
      {
        class: `layer ${layer.family}`,
        "data-layer": number,
        tabindex: 0,
        role: "button",
        "aria-label": `${layer.name}, ${layer.type}`,
      },
      makeSvg("rect", { class: "face", rx: 4, x, y, width, height }),
      makeSvg("rect", { class: "bar", rx: 2, x, y, width: 4, height }),
      ...texts,
    );
    this.layers.set(number, { x, y, width, height, element });
    return element;
  }

  texts(x, y, name, detail) {
    return [
      makeSvg("text", { class: "name", x, y: y + 18 }, name),
      makeSvg("text", { class: "detail", x, y: y + 33 }, detail),
    ];
  }

  closed(box, place) {
    const { x, y, width, height } = place;
    const cards = (box.blocks ? [5, 2.5, 0] : [0]).map((by) =>
      makeSvg("rect", { class: "card", rx: 6, x: x + by, y: y + by, width, height }),
    );
    const part = (height - 10) / box.families.length;
    const bars = box.families.map((family, index) =>
      makeSvg("rect", { class: `bar ${family}`, x: x + 5, y: y + 5 + index * part, width: 4, height: part }),
    );
    const opens = makeSvg("path", { class: "tip", d: `M${x + width - 14} ${y + 16}l5 5l-5 5z` });
    return this.block(box, place, ...cards, ...bars, ...this.texts(x + 16, y, box.name, box.detail), opens);
  }

  frame(box, place) {
    const { x, y, width, height } = place;
    const closes = makeSvg("path", { class: "tip", d: `M${x + width - 19} ${y + 14}h10l-5 5z` });
    const inside = x + (width - box.inside.width[this.state(box.inside)]) / 2;
    return [
      makeSvg("rect", { class: "frame", rx: 8, x, y, width, height }),
      this.block(
        box,
        place,
        makeSvg("rect", { class: "grip", x, y, width, height: this.sizes.entry - 6 }),
        ...this.texts(x + 12, y, box.name, box.detail),
        closes,
      ),
      ...this.drawn(box.inside, inside, y + this.sizes.entry),
    ];
  }

  block(box, place, ...children) {
    const element = makeSvg(
      "g",
      {
        class: "block",
        tabindex: 0,
        role: "button",
        "aria-expanded": String(this.open.has(box)),
        "aria-label": `${box.title}: ${box.kind}`,
      },
      ...children,
    );
    this.blocks.set(box, { ...place, element });
    return element;
  }

  // ---- lines ---------------------------------------------------------------------------------

  /** Where a line begins. */
  start(route, { places, tops, middle }) {
    const place = places[route.source];
    return place ? [place.middle + route.port, place.y + place.height] : [middle, tops[0]];
  }

  line(route, at) {
    const { tops, bottoms, places, left, state, middle } = at;
    const [start, y] = this.start(route, at);
    const trunk = route.trunk.map((each) => left + each[state]);
    const size = route.width + 4.5;
    const tips = [];
    let way = `M${start} ${y}V${bottoms[route.row]}`;
    let x = start;
    trunk.forEach((goal, index) => {
      const row = route.row + 1 + index;
      way += `${this.curve(x, bottoms[row - 1], goal, tops[row])}V${bottoms[row]}`;
      x = goal;
    });
    for (const [box, end, port] of route.ends) {
      const goal = box < 0 ? middle : places[box].middle + port;
      const row = trunk.length ? end - 1 : route.row;
      const before = row > route.row ? trunk[row - route.row - 1] : start;
      const down = tops[end] + (box < 0 ? this.sizes.exit : 0);
      way += `M${before} ${bottoms[row]}${this.curve(before, bottoms[row], goal, box < 0 ? down : down - size * 0.8)}`;
      if (box >= 0) {
        tips.push(this.tip(goal, down, size));
      }
    }
    if (!route.ends.length) {
      way += `V${y + 22 - size * 0.8}`;
      tips.push(this.tip(start, y + 22, size));
    }
    const [name, shape] = this.data.blobs[route.blob];
    const element = makeSvg(
      "g",
      { class: "route" },
      makeSvg("title", {}, `${name}: ${shape}`),
      makeSvg("path", { class: "line", "stroke-width": route.width, d: way }),
      makeSvg("path", { class: "tip", d: tips.join("") }),
      route.source < 0 ? makeSvg("circle", { class: "tip", cx: start, cy: y, r: 3 }) : null,
      makeSvg("path", { class: "grip", d: way }),
    );
    this.routes.push([route.blob, element]);
    return element;
  }

  curve(x, y, goal, down) {
    const half = (y + down) / 2;
    return Math.abs(x - goal) < 0.1 ? `V${down}` : `C${x} ${half} ${goal} ${half} ${goal} ${down}`;
  }

  tip(x, y, size) {
    return `M${x} ${y}l${-size / 2} ${-size}h${size}z`;
  }

  /** The shape where a line begins, if it is another than above. */
  label(route, at) {
    const box = at.plan.boxes[route.source];
    if (!route.label || this.open.has(box)) {
      return null;
    }
    const [x, y] = this.start(route, at);
    return makeSvg("text", { class: "shape", x: x + 6, y: y + (box.inside ? 17 : 12) }, route.label);
  }
}
