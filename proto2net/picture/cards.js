"use strict";

/** What is told of a layer, of a block, or of the whole network: the elements of a card. */
class Cards {
  constructor(data) {
    this.data = data;
  }

  about(target) {
    if (!target) {
      return this.overview();
    }
    return target.block ? this.ofBlock(target.block) : this.ofLayer(target.layer);
  }

  rows(rows) {
    const line = ([name, text]) =>
      make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, text));
    return make("table", {}, make("tbody", {}, ...rows.map(line)));
  }

  overview() {
    const families = this.data.families.map((family) => make("li", { class: family }, family));
    const keys = [
      ["click", "opens a block, or keeps the card of a layer"],
      ["wheel, + −", "zoom"],
      ["drag, arrows", "move; with a layer chosen, go to the next one"],
      ["Tab, Enter", "go from box to box, open a block"],
      ["/, Enter", "search, go to the next that is found"],
      ["o, c, 0", "open all, close all, show all"],
    ];
    return [
      make("h2", {}, this.data.name || "A network"),
      this.rows(this.data.rows),
      make("h3", {}, "Colours"),
      make("ul", { class: "families" }, ...families),
      make("h3", { class: "keys" }, "Keys"),
      make("div", { class: "keys" }, this.rows(keys)),
    ];
  }

  ofBlock(box) {
    const kind = box.blocks ? `${box.blocks} × ${box.kind}` : box.kind;
    return [make("h2", {}, box.title), make("p", { class: "pale" }, kind), this.rows(box.rows)];
  }

  ofLayer(number) {
    const layer = this.data.layers[number];
    const values = (name, blobs) =>
      blobs.map((blob, index) => [index ? "" : name, this.data.blobs[blob].join(": ")]);
    const rows = [...values("reads", layer.bottoms), ...values("makes", layer.tops), ...layer.rows];
    const says = this.data.targets.flatMap((target, index) => {
      const refused = this.data.refused[index];
      const said = layer.says[index];
      const shown = refused
        ? make("p", { class: "removed refused" }, refused)
        : said
          ? make("pre", {}, said)
          : make("p", { class: "pale" }, "says nothing of this layer");
      return [make("h3", {}, target), shown];
    });
    return [
      make("h2", { class: layer.family }, layer.name),
      make("p", { class: "pale" }, layer.type),
      this.rows(rows),
      make("h3", {}, "Caffe"),
      layer.where ? make("p", { class: "pale where" }, layer.where) : null,
      layer.text ? make("pre", {}, layer.text) : null,
      ...says,
    ].filter(Boolean);
  }
}
