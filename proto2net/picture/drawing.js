"use strict";

/**
 * The plan of a network as SVG, with some of its blocks open. Python has laid it out (plan.py), and
 * here only the heights of rows are added up. What is drawn is what svg.py draws into a file.
 *
 * What is out of sight has an element that is empty, and `show` fills those that come into view: so
 * networks of many layers move as quickly as small ones.
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
    this.pieces = []; // all elements: what fills them, and where they are
    this.width = data.plan.width[this.state(data.plan)];
    this.height = this.heightOf(data.plan) + 24; // an output has a line of its own
    this.element = makeSvg("g", {}, ...this.drawn(data.plan, 0, 0));
  }

  /** An element with what fills it when it comes into view. */
  piece(element, { x, y, width, height }, fill) {
    element.classList.add("away");
    const bounds = { left: x, top: y, right: x + width, bottom: y + height };
    this.pieces.push({ element, fill, away: true, ...bounds });
    return element;
  }

  /** Show what is within these bounds, and leave out all else. */
  show(left, top, right, bottom) {
    for (const piece of this.pieces) {
      const beside = piece.left > right || piece.right < left;
      const away = beside || piece.top > bottom || piece.bottom < top;
      if (away !== piece.away) {
        piece.away = away;
        piece.element.classList.toggle("away", away);
        piece.element.append(...(piece.fill?.() ?? []));
        piece.fill = null;
      }
    }
  }

  showAll() {
    this.show(-Infinity, -Infinity, Infinity, Infinity);
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
    return [
      Math.max(box.width, inside.width[this.state(inside)]),
      entry + this.heightOf(inside) + exit,
    ];
  }

  heightOf(plan) {
    const rows = this.rowsOf(plan);
    const gaps = this.sizes.gap * Math.max(rows.length - 1, 0);
    return rows.reduce((sum, height) => sum + height, gaps);
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
    const place = { x, y, width, height: index ? strip - 1.5 : head };
    const right = { x: x + width - 9, y: y + 13, "text-anchor": "end", class: "detail" };
    const layer = this.data.layers[number];
    const element = makeSvg("g", {
      class: `layer ${layer.family}`,
      "data-layer": number,
      tabindex: 0,
      role: "button",
      "aria-label": `${layer.name}, ${layer.type}`,
    });
    this.layers.set(number, { ...place, element });
    return this.piece(element, place, () => [
      makeSvg("rect", { class: "face", rx: 4, ...place }),
      makeSvg("rect", { class: "bar", rx: 2, ...place, width: 4 }),
      ...(index
        ? [makeSvg("text", { x: x + 13, y: y + 13 }, detail), makeSvg("text", right, name)]
        : this.texts(x + 13, y, name, detail)),
    ]);
  }

  texts(x, y, name, detail) {
    return [
      makeSvg("text", { class: "name", x, y: y + 18 }, name),
      makeSvg("text", { class: "detail", x, y: y + 33 }, detail),
    ];
  }

  closed(box, place) {
    const { x, y, width, height } = place;
    return this.block(box, place, place, () => {
      const part = (height - 10) / box.families.length;
      return [
        ...(box.blocks ? [5, 2.5, 0] : [0]).map((by) =>
          makeSvg("rect", { class: "card", rx: 6, x: x + by, y: y + by, width, height }),
        ),
        ...box.families.map((family, index) => {
          const bar = { x: x + 5, y: y + 5 + index * part, width: 4, height: part };
          return makeSvg("rect", { class: `bar ${family}`, ...bar });
        }),
        ...this.texts(x + 16, y, box.name, box.detail),
        makeSvg("path", { class: "tip", d: `M${x + width - 14} ${y + 16}l5 5l-5 5z` }),
      ];
    });
  }

  frame(box, place) {
    const { x, y, width } = place;
    const head = { x, y, width, height: this.sizes.entry - 8 };
    const inside = x + (width - box.inside.width[this.state(box.inside)]) / 2;
    return [
      this.piece(makeSvg("g"), place, () => [makeSvg("rect", { class: "frame", rx: 8, ...place })]),
      this.block(box, place, head, () => [
        makeSvg("rect", { class: "grip", rx: 8, ...head }),
        ...this.texts(x + 12, y, box.name, box.detail),
        makeSvg("path", { class: "tip", d: `M${x + width - 19} ${y + 14}h10l-5 5z` }),
      ]),
      ...this.drawn(box.inside, inside, y + this.sizes.entry),
    ];
  }

  /** What a click opens or closes. */
  block(box, place, seen, fill) {
    const element = makeSvg("g", {
      class: "block",
      tabindex: 0,
      role: "button",
      "aria-expanded": String(this.open.has(box)),
      "aria-label": `${box.title}: ${box.kind}`,
    });
    this.blocks.set(box, { ...place, element });
    return this.piece(element, seen, fill);
  }

  // ---- lines ---------------------------------------------------------------------------------

  /** Where a line begins. */
  start(route, { places, tops, middle }) {
    const place = places[route.source];
    return place ? [place.middle + route.port, place.y + place.height] : [middle, tops[0]];
  }

  line(route, at) {
    const [, y] = this.start(route, at);
    const last = Math.max(route.row, ...route.ends.map(([, row]) => row));
    const place = { x: at.left, y, width: at.plan.width[at.state], height: at.tops[last] + 40 - y };
    const element = makeSvg("g", { class: "route" });
    this.routes.push([route.blob, element]);
    return this.piece(element, place, () => this.way(route, at));
  }

  /** The elements of a line: from its box down its trunk, and from there to its ends. */
  way(route, at) {
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
      const tip = box < 0 ? 0 : size * 0.8;
      way += `M${before} ${bottoms[row]}${this.curve(before, bottoms[row], goal, down - tip)}`;
      tips.push(tip ? this.tip(goal, down, size) : "");
    }
    if (!route.ends.length) {
      way += `V${y + 22 - size * 0.8}`;
      tips.push(this.tip(start, y + 22, size));
    }
    const [name, shape] = this.data.blobs[route.blob];
    return [
      makeSvg("title", {}, `${name}: ${shape}`),
      makeSvg("path", { class: "line", "stroke-width": route.width, d: way }),
      makeSvg("path", { class: "tip", d: tips.join("") }),
      ...(route.source < 0 ? [makeSvg("circle", { class: "tip", cx: start, cy: y, r: 3 })] : []),
      makeSvg("path", { class: "grip", d: way }),
    ];
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
    const anchor = route.beside < 0 ? "end" : null;
    const place = { x: x + 6 * route.beside, y: y + (box.inside ? 17 : 12) };
    return this.piece(makeSvg("g"), { ...place, width: 0, height: 0 }, () => [
      makeSvg("text", { class: "shape", ...place, "text-anchor": anchor }, route.label),
    ]);
  }
}
