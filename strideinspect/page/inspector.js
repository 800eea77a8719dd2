// The map of a layer, and the box on the input that an index of it depends on.
class Inspector {
  constructor(root, model) {
    this.root = root; this.model = model; this.data = model.data; this.key = model.key;
    this.node = -1; this.input = 0; this.cell = [];
    this.get = (selector) => root.querySelector(selector);
    all(root, ".noscript").forEach((one) => one.remove());
    this.get(".live").hidden = false;
    this.get(".previous").onclick = () => model.select(Math.max(0, this.node - 1));
    this.get(".next").onclick = () => model.select(Math.min(this.data.nodes.length - 1, this.node + 1));
    this.get("select").onchange = (event) => { this.input = +event.target.value; this.frame(); };
    const map = this.get(".output svg"), source = this.get(".source svg");
    map.onpointermove = map.onpointerdown = (event) => this.point(event, map);
    source.onpointermove = source.onpointerdown = null;
  }

  show(node) {
    if (node === this.node) return;
    this.node = node;
    const one = this.data.nodes[node];
    this.get(".title").textContent = one.title;
    this.get(".name").textContent = one.name;
    this.input = 0;
    this.cell = one.map.map((size) => Math.floor(size / 2));
    const select = this.get("select");
    select.replaceChildren();
    one.boxes.forEach((box, number) => write(select, "option", this.data.inputs[box.input].name).value = number);
    this.get(".inputs").hidden = one.boxes.length < 2;
    const numbers = this.get(".numbers");
    numbers.replaceChildren();
    for (const [name, value] of one.facts) { write(numbers, "dt", name); write(numbers, "dd", value); }
    const about = this.get(".about");
    about.replaceChildren();
    for (const number of one.findings) {
      const item = write(about, "li", "Finding: "), finding = document.getElementById(`${this.key}-f${number}`);
      write(item, "a", finding.querySelector(".rule a").textContent).href = `#${this.key}-f${number}`;
    }
    this.get(".previous").disabled = node === 0;
    this.get(".next").disabled = node === this.data.nodes.length - 1;
    this.sliders(one);
    this.frame();
  }

  sliders(one) {
    const root = this.get(".sliders");
    root.replaceChildren();
    this.ranges = one.map.map((size, axis) => {
      const label = write(root, "label", "");
      const text = write(label, "span", ""), range = write(label, "input", "");
      Object.assign(range, { type: "range", min: 0, max: size - 1, value: this.cell[axis], disabled: size < 2 });
      range.oninput = () => { this.cell[axis] = +range.value; this.moved(); };
      return { range, text, name: one.nouns[axis], size };
    });
  }

  // Everything that does not change while the index moves.
  frame() {
    const one = this.data.nodes[this.node], box = one.boxes[this.input], views = this.get(".views");
    this.frameMap(one);
    this.get(".strips").replaceChildren();
    this.get(".note").textContent = box ? [box.note, this.data.contributions && this.missing(box) && `No contributions and no holes: ${this.data.contributions}.`].filter(Boolean).join(" ") : one.shaped ? "No image axis reaches this layer, so that there is no box to show." : "The size of its map is not known, so that there is no box to show.";
    this.get(".live>.legend").hidden = !box;
    this.get(".source").hidden = !box || box.sides.length < 2;
    views.hidden = this.get(".source").hidden && this.get(".output").hidden;
    views.classList.toggle("alone", this.get(".source").hidden || this.get(".output").hidden);
    this.moving = [];
    if (box) {
      const given = this.data.inputs[box.input];
      if (box.sides.length > 1) this.framePicture(given, box);
      box.sides.forEach((one) => this.frameStrip(given, one));
    }
    this.move();
  }

  missing(box) {
    return this.data.contributions && box.sides.some((side) => side.own !== null && !this.data.tables[side.data].contribution);
  }

  frameMap(one) {
    const svg = this.get(".output svg"), figure = this.get(".output"), sizes = one.map.slice(-2);
    figure.hidden = one.map.length < 2;
    svg.replaceChildren();
    if (figure.hidden) return;
    const [high, wide] = sizes, scale = MAP_WIDTH / Math.max(wide, high);
    svg.setAttribute("viewBox", `0 0 ${wide * scale} ${high * scale}`);
    draw(svg, "rect", { width: wide * scale, height: high * scale, class: "sheet" });
    const least = 4, cell = draw(svg, "rect", { width: Math.max(least, scale), height: Math.max(least, scale), class: "cell" });
    this.get(".output figcaption").textContent = `output ${sizes.join("×")}`;
    this.placeCell = () => {
      const [row, column] = this.cell.slice(-2);
      cell.setAttribute("x", Math.min(column * scale, wide * scale - least));
      cell.setAttribute("y", Math.min(row * scale, high * scale - least));
    };
  }

  point(event, svg) {
    if (event.type === "pointermove" && event.pointerType === "touch" && !event.buttons) return;
    const place = svg.getBoundingClientRect(), last = this.cell.length - 1;
    const sizes = this.data.nodes[this.node].map;
    const at = (share, size) => Math.max(0, Math.min(size - 1, Math.floor(share * size)));
    this.cell[last] = at((event.clientX - place.left) / place.width, sizes[last]);
    this.cell[last - 1] = at((event.clientY - place.top) / place.height, sizes[last - 1]);
    this.moved();
  }

  // Around the input; beside another version as wide as there, so that both are drawn to the same scale.
  margin(side, size) {
    return Math.max(margins(this.data.tables[side.data], size), Math.ceil((this.share ?? 0) * size));
  }

  // The widest margin of a layer as a share of the input.
  reach(node) {
    const { boxes } = this.data.nodes[node];
    return Math.max(0, ...boxes.flatMap((box) => box.sides.map((side) => {
      const size = this.data.inputs[box.input].sizes[side.axis];
      return margins(this.data.tables[side.data], size) / size;
    })));
  }

  framePicture(given, box) {
    const svg = this.get(".source svg"), id = `${this.key}-h`;
    svg.replaceChildren();
    const axes = given.sizes.length;
    const shown = box.sides.filter((one) => one.axis >= axes - 2);
    const [y, x] = shown.length === 2 ? shown : [shown[0], shown[0]];
    const [high, wide] = [given.sizes[y.axis], given.sizes[x.axis]];
    const [my, mx] = [this.margin(y, high), this.margin(x, wide)];
    const scale = BOX_WIDTH / Math.max(wide + 2 * mx, high + 2 * my);
    svg.setAttribute("viewBox", `${-mx * scale} ${-my * scale} ${(wide + 2 * mx) * scale} ${(high + 2 * my) * scale}`);
    const [padding, hole, unseen] = ["padding", "hole", "unseen"].map((name) => hatching(svg, name, `${id}-${name}`, 7));
    draw(svg, "rect", { width: wide * scale, height: high * scale, class: "sheet" });
    if (given.image) draw(svg, "image", { href: given.image, width: wide * scale, height: high * scale, preserveAspectRatio: "none" });
    for (const [a, b] of given.unseen[x.axis]) draw(svg, "rect", { x: a * scale, width: (b - a + 1) * scale, height: high * scale, fill: unseen });
    for (const [a, b] of given.unseen[y.axis]) draw(svg, "rect", { y: a * scale, height: (b - a + 1) * scale, width: wide * scale, fill: unseen });
    const moving = draw(svg, "g", {});
    this.get(".source figcaption").textContent = `${given.name} ${high}×${wide}`;
    this.moving.push((sides) => {
      const of = (axis) => sides.find((one) => one.axis === axis), [v, h] = [of(y.axis), of(x.axis)];
      moving.replaceChildren();
      if (!v.span || !h.span) return;
      const clip = ([a, b], size, margin) => [Math.max(a, -margin), Math.min(b, size - 1 + margin)];
      const rect = (rows, columns) => ({ x: columns[0] * scale, y: rows[0] * scale, width: (columns[1] - columns[0] + 1) * scale, height: (rows[1] - rows[0] + 1) * scale });
      const outline = ({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`;
      const inner = rect(v.span, h.span);
      if (v.theory && h.theory) {
        const outer = rect(clip(v.theory, high, my), clip(h.theory, wide, mx));
        draw(moving, "path", { d: outline(outer) + outline(inner), "fill-rule": "evenodd", fill: padding });
        draw(moving, "rect", { ...outer, class: "theory" });
      }
      draw(moving, "rect", { ...inner, class: "seen" });
      for (const band of v.holes) draw(moving, "rect", { ...rect(band, h.span), fill: hole });
      for (const band of h.holes) draw(moving, "rect", { ...rect(v.span, band), fill: hole });
    });
  }

  frameStrip(given, one) {
    const table = this.data.tables[one.data], size = given.sizes[one.axis], margin = this.margin(one, size);
    const figure = write(this.get(".strips"), "figure", ""), caption = write(figure, "figcaption", "");
    const svg = draw(figure, "svg", { viewBox: `0 0 ${STRIP} 50`, role: "img", "aria-label": `${plural(given.nouns[one.axis])} of ${given.name}` });
    const scale = STRIP / (size + 2 * margin), at = (pixel) => (pixel + margin) * scale, id = `${this.key}-s${one.axis}`;
    const [padding, hole, unseen] = ["padding", "hole", "unseen"].map((name) => hatching(svg, name, `${id}-${name}`, 6));
    const band = (parent, [a, b], top, height, attributes) => draw(parent, "rect", { x: at(a), width: Math.max(1, (b - a + 1) * scale), y: top, height, ...attributes });
    band(svg, [0, size - 1], 22, 12, { class: "sheet" });
    for (const range of given.unseen[one.axis]) band(svg, range, 22, 12, { fill: unseen });
    const moving = draw(svg, "g", {});
    for (const [pixel, anchor] of [[0, "start"], [Math.floor(size / 2), "middle"], [size - 1, "end"]]) {
      draw(svg, "text", { x: at(pixel + 0.5), y: 47, class: "tick", "text-anchor": anchor }, pixel.toLocaleString("en"));
    }
    const noun = plural(given.nouns[one.axis]);
    this.moving.push((sides) => {
      const { span, theory, holes } = sides.find((each) => each.axis === one.axis);
      moving.replaceChildren();
      caption.textContent = span ? `${noun} ${spell(...span)} of ${size.toLocaleString("en")}` : `no ${given.nouns[one.axis]}`;
      if (!span) return;
      this.box(moving, band, { span, theory, holes }, [-margin, size - 1 + margin], { padding, hole });
      this.bars(moving, table, one, span, at, scale);
    });
    if (given.sizes.length === 1) this.frameNear(figure, given, one);
  }

  box(moving, band, { span, theory, holes }, [least, most], { padding, hole }) {
    if (theory) {
      const outer = [Math.max(theory[0], least), Math.min(theory[1], most)];
      if (outer[0] < span[0]) band(moving, [outer[0], span[0] - 1], 22, 12, { fill: padding });
      if (outer[1] > span[1]) band(moving, [span[1] + 1, outer[1]], 22, 12, { fill: padding });
      band(moving, outer, 22, 12, { class: "theory" });
    }
    band(moving, span, 22, 12, { class: "seen" });
    for (const range of holes) band(moving, range, 22, 12, { fill: hole });
  }

  // The box of a long signal once more, enlarged, where it is too small to be seen in the whole.
  frameNear(figure, given, one) {
    const table = this.data.tables[one.data], size = given.sizes[one.axis], noun = plural(given.nouns[one.axis]);
    const spans = [...table.runs.flat().filter((run) => run[1] < NOTHING).map((run) => [run[1], run[2]]), ...table.phases.filter(Boolean)];
    const wide = Math.max(1, ...spans.map(([a, b]) => b - a + 1)), shown = Math.ceil(wide * 1.5);
    if (shown * 10 > size) return;
    const caption = write(figure, "figcaption", ""), scale = STRIP / shown, id = `${this.key}-z${one.axis}`;
    const svg = draw(figure, "svg", { viewBox: `0 0 ${STRIP} 50`, role: "img", "aria-label": `${noun} of ${given.name} around the box` });
    const [padding, hole, unseen] = ["padding", "hole", "unseen"].map((name) => hatching(svg, name, `${id}-${name}`, 6));
    const moving = draw(svg, "g", {});
    this.moving.push((sides) => {
      const found = sides.find((each) => each.axis === one.axis), { span } = found;
      moving.replaceChildren();
      caption.textContent = span ? `the same, ${Math.round(size / shown).toLocaleString("en")} times as large` : "";
      if (!span) return;
      const low = Math.floor((span[0] + span[1] + 1 - shown) / 2), at = (pixel) => (pixel - low) * scale;
      const inside = ([a, b]) => [Math.max(a, low), Math.min(b, low + shown - 1)];
      const band = (parent, [a, b], top, height, attributes) => b >= a && draw(parent, "rect", { x: at(a), width: (b - a + 1) * scale, y: top, height, ...attributes });
      band(moving, inside([0, size - 1]), 22, 12, { class: "sheet" });
      for (const range of given.unseen[one.axis]) band(moving, inside(range), 22, 12, { fill: unseen });
      this.box(moving, band, found, [low, low + shown - 1], { padding, hole });
      this.bars(moving, table, one, span, at, scale);
      const [first, last] = span;
      for (const [pixel, anchor] of first === last ? [[first, "middle"]] : [[first, "start"], [last, "end"]]) {
        draw(moving, "text", { x: at(pixel + { start: 0, middle: 0.5, end: 1 }[anchor]), y: 47, class: "tick", "text-anchor": anchor }, pixel.toLocaleString("en"));
      }
    });
  }

  // The contribution of the pixels to the index in the middle of the map, moved along with the box.
  bars(moving, table, one, span, at, scale) {
    const known = table.contribution;
    if (!known) return;
    const index = one.own === null ? 0 : this.cell[one.own];
    const here = side(table, index).theory, middle = side(table, known.middle).theory;
    if (index !== known.middle && !(here && middle)) return;
    const shift = index === known.middle ? 0 : here[0] - middle[0], width = known.size / known.bars.length;
    known.bars.forEach((bar, number) => {
      const a = Math.max(span[0], known.first + shift + number * width), b = Math.min(span[1] + 1, known.first + shift + (number + 1) * width);
      if (bar && b > a) draw(moving, "rect", { x: at(a), width: Math.max(0.6, (b - a) * scale), y: 20 - bar / 5.5, height: bar / 5.5, class: "share" });
    });
  }

  move() {
    const one = this.data.nodes[this.node];
    this.ranges.forEach(({ range, text, name, size }, axis) => {
      range.value = this.cell[axis];
      text.textContent = `${name} ${this.cell[axis]} of ${size}`;
    });
    if (one.map.length > 1) this.placeCell();
    if (!one.boxes.length) { this.get(".says").textContent = ""; return; }
    const sides = boxOf(this.data, this.node, this.input, this.cell), given = this.data.inputs[one.boxes[this.input].input];
    this.moving.forEach((place) => place(sides));
    this.get(".says").textContent = this.sentence(one, given, sides);
  }

  // Move by hand: the other version of a comparison goes along.
  moved() {
    this.move();
    this.model.moved?.(this);
  }

  sentence(one, given, sides) {
    const who = one.map.length ? `Index ${this.cell.join(", ")}` : "The output";
    if (sides.some(({ span }) => !span)) return `${who} depends on no ${given.point}: all of its field is padding.`;
    const parts = sides.map(({ axis, span }) => `${plural(given.nouns[axis])} ${spell(...span)}`);
    const pads = sides.flatMap(({ axis, span, theory }) => {
      const lost = theory ? span[0] - theory[0] + theory[1] - span[1] : 0;
      return lost ? [`${lost} ${lost === 1 ? given.nouns[axis] : plural(given.nouns[axis])}`] : [];
    });
    const holes = sides.flatMap(({ axis, holes }) => {
      const count = holes.reduce((sum, [a, b]) => sum + b - a + 1, 0);
      return count ? [`${count} ${count === 1 ? given.nouns[axis] : plural(given.nouns[axis])}`] : [];
    });
    return `${who} depends on ${parts.join(" and ")}` + (holes.length ? `, but for ${holes.join(" and ")} in holes` : "") + (pads.length ? `; ${pads.join(" and ")} of its field are padding.` : ".");
  }
}
