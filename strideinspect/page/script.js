"use strict";
// The page works without this script; with it boxes move, graphs zoom, and tables sort. Names are only ever set as text.
(() => {
  const NOTHING = 2 ** 30, SVG = "http://www.w3.org/2000/svg", BOX_WIDTH = 250, MAP_WIDTH = 110, STRIP = 362;
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const spell = (a, b) => a === b ? `${a}` : `${a}–${b}`;
  const plural = (noun) => noun === "index" ? "indices" : `${noun}s`;

  function draw(parent, tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) {
      made.setAttribute(name, typeof value === "number" ? Math.round(value * 100) / 100 : value);
    }
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  function write(parent, tag, text, kind) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (kind) made.className = kind;
    parent.append(made);
    return made;
  }

  // The field of one index along one axis: what it depends on, in theory and at this size, and the holes in it.
  function side(table, index) {
    const k = Math.floor(index / table.period), phase = index % table.period;
    const run = table.runs[phase].findLast((one) => one[0] <= k);
    const first = run[1] + (k - run[0]) * run[3], last = run[2] + (k - run[0]) * run[4];
    const form = table.phases.length ? table.phases[phase] : null;
    const theory = form && form.map((end) => end + k * table.shift);
    if (first >= NOTHING) return { span: null, theory, holes: [] };
    let holes = [];
    if (table.holes) {
      let at = 0;
      const found = table.holes.runs.find(([count]) => (at += count) > index);
      holes = table.holes.patterns[found[1]].map((hole) => hole.map((end) => end + first));
    }
    return { span: [first, last], theory, holes };
  }

  function boxOf(data, node, number, cell) {
    const box = data.nodes[node].boxes[number];
    return box.sides.map((one) => ({ axis: one.axis, ...side(data.tables[one.data], one.own === null ? 0 : cell[one.own]) }));
  }

  function hatching(svg, name, id, spacing) {
    const pattern = draw(svg, "pattern", { id, width: spacing, height: spacing, patternUnits: "userSpaceOnUse", class: `hatch hatch-${name}` });
    if (name === "hole") draw(pattern, "rect", { width: spacing, height: spacing });
    const s = spacing, path = name === "hole" ? `M0 0L${s} ${s}M${-s} 0L0 ${s}M0 ${-s}L${s} 0` : `M0 ${s}L${s} 0M${-1} 1L1 -1M${s - 1} ${s + 1}L${s + 1} ${s - 1}`;
    draw(pattern, "path", { d: path });
    return `url(#${id})`;
  }

  // How far theoretical fields reach past the ends of an axis; drawn up to a third of it.
  function margins(table, size) {
    const ends = [0, table.length - 1].map((index) => side(table, index).theory).filter(Boolean);
    const past = Math.max(0, ...ends.map(([first]) => -first), ...ends.map(([, last]) => last - size + 1));
    return Math.min(past, Math.ceil(size / 3));
  }

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

  class Graphs {
    constructor(root, model) {
      this.model = model; this.panes = all(root, ".pane"); this.found = root.querySelector(".found");
      const on = (selector, act) => { const one = root.querySelector(selector); if (one) one.onclick = act; return one; };
      this.toggle = on(".fold", () => this.fold(this.toggle.getAttribute("aria-pressed") !== "true"));
      on(".in", () => this.zoom(1.25)); on(".out", () => this.zoom(0.8)); on(".fit", () => this.fit());
      this.field = root.querySelector(".find");
      this.field.oninput = () => this.search();
      this.field.onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); this.following(); } };
      this.panes.forEach((pane) => this.drag(pane));
      this.scales = new Map();
    }

    get pane() { return this.panes.find((pane) => !pane.hidden); }

    fold(folded) {
      const [first, second] = this.panes;
      first.hidden = !folded; second.hidden = folded;
      this.toggle.setAttribute("aria-pressed", folded);
      if (!this.scales.has(this.pane)) this.fit();
      this.search();
      this.reveal(false);
    }

    size(pane, scale) {
      const svg = pane.firstElementChild, [, , wide, high] = svg.getAttribute("viewBox").split(" ").map(Number);
      svg.setAttribute("width", wide * scale); svg.setAttribute("height", high * scale);
      this.scales.set(pane, scale);
    }

    zoom(by) {
      const pane = this.pane, old = this.scales.get(pane) ?? 1, scale = Math.min(3, Math.max(0.08, old * by));
      const x = (pane.scrollLeft + pane.clientWidth / 2) / old, y = (pane.scrollTop + pane.clientHeight / 2) / old;
      this.size(pane, scale);
      pane.scrollTo(x * scale - pane.clientWidth / 2, y * scale - pane.clientHeight / 2);
    }

    // As wide as the pane, but never so small that nothing can be read.
    fit() {
      const pane = this.pane, [, , wide] = pane.firstElementChild.getAttribute("viewBox").split(" ").map(Number);
      this.size(pane, Math.min(1, Math.max(0.45, (pane.clientWidth - 4) / wide)));
      pane.scrollLeft = (pane.scrollWidth - pane.clientWidth) / 2;
    }

    drag(pane) {
      let from = null, moved = false;
      pane.onpointerdown = (event) => { if (event.pointerType === "mouse") { from = [event.clientX + pane.scrollLeft, event.clientY + pane.scrollTop]; moved = false; } };
      pane.onpointermove = (event) => {
        if (!from || !event.buttons) { from = null; return; }
        const [x, y] = [from[0] - event.clientX, from[1] - event.clientY];
        moved ||= Math.abs(x - pane.scrollLeft) + Math.abs(y - pane.scrollTop) > 3;
        if (moved) { pane.classList.add("drag"); pane.scrollTo(x, y); }
      };
      pane.onpointerup = pane.onpointerleave = () => { from = null; pane.classList.remove("drag"); };
      pane.addEventListener("click", (event) => { if (moved) { event.preventDefault(); event.stopPropagation(); moved = false; } }, true);
      pane.addEventListener("dragstart", (event) => event.preventDefault());
      pane.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); this.zoom(event.deltaY < 0 ? 1.1 : 0.9); } }, { passive: false });
      pane.addEventListener("keydown", (event) => this.key(event));
    }

    key(event) {
      if (event.key === "+" || event.key === "-") { this.zoom(event.key === "+" ? 1.25 : 0.8); return; }
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const order = all(this.pane, ".node").map((one) => +one.dataset.n).sort((a, b) => a - b);
      const now = order.findIndex((number) => number >= this.model.node);
      this.model.select(order[Math.max(0, Math.min(order.length - 1, (now < 0 ? order.length - 1 : now) + step))]);
      this.reveal(true);
    }

    reveal(focus) {
      const pane = this.pane, chosen = pane?.querySelector(".selected");
      if (!chosen) return;
      const box = chosen.getBoundingClientRect(), frame = pane.getBoundingClientRect();
      if (box.top < frame.top || box.bottom > frame.bottom) pane.scrollTop += box.top - frame.top - frame.height / 2;
      if (box.left < frame.left || box.right > frame.right) pane.scrollLeft += box.left - frame.left - frame.width / 2;
      if (focus) chosen.focus({ preventScroll: true });
    }

    search() {
      const words = this.field.value.trim().toLowerCase();
      let hits = this.mark(this.pane, words);
      if (words && !hits.length && this.toggle && this.pane === this.panes[0] && this.mark(this.panes[1], words).length) {
        this.fold(false);
        return;
      }
      this.found.textContent = words ? `${hits.length} found` : "";
    }

    mark(pane, words) {
      pane.firstElementChild.classList.toggle("searched", Boolean(words));
      const hits = all(pane, ".node").filter((one) => words && one.querySelector("title").textContent.toLowerCase().includes(words));
      all(pane, ".hit").forEach((one) => one.classList.remove("hit"));
      hits.forEach((one) => one.classList.add("hit"));
      return hits;
    }

    following() {
      const hits = all(this.pane, ".hit").map((one) => +one.dataset.n).sort((a, b) => a - b);
      if (!hits.length) return;
      this.model.select(hits.find((number) => number > this.model.node) ?? hits[0]);
      this.reveal(false);
    }
  }

  function sortable(root) {
    const table = root.querySelector(".layers");
    if (!table) return;
    const body = table.tBodies[0], rows = [...body.rows], heads = all(table, "thead th");
    heads.forEach((head, column) => {
      head.querySelector("button").onclick = () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const value = (row) => row.cells[column].dataset.v, text = (row) => row.cells[column].textContent;
        const compare = (a, b) => {
          const [x, y] = [value(a), value(b)];
          if (head.classList.contains("number")) return x === undefined || y === undefined ? (x === undefined) - (y === undefined) : (up ? x - y : y - x);
          return (up ? 1 : -1) * text(a).localeCompare(text(b), "en", { numeric: true });
        };
        body.append(...[...rows].sort(compare));
      };
    });
    const filter = root.querySelector(".filter"), count = root.querySelector(".count"), whole = count.textContent;
    filter.oninput = () => {
      const words = filter.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
      rows.forEach((row) => { const text = row.textContent.toLowerCase(); row.hidden = !words.every((word) => text.includes(word)); });
      count.textContent = words.length ? `${rows.filter((row) => !row.hidden).length} of ${whole}` : whole;
    };
  }

  class Model {
    constructor(root) {
      this.root = root; this.key = root.id; this.node = -1;
      const block = root.querySelector(".data");
      this.data = block && JSON.parse(block.textContent);
    }

    // Made when the model is first shown.
    open() {
      if (this.opened || !this.data) return;
      this.opened = true;
      const panes = this.root.querySelector(".graphs");
      if (this.root.querySelector(".pane")) this.graphs = new Graphs(panes, this);
      if (this.data.nodes.length) this.inspector = new Inspector(this.root.querySelector(".inspector"), this);
      sortable(this.root);
      this.graphs?.fit();
      this.root.addEventListener("click", (event) => {
        const link = event.target.closest("a[data-n],a.dot");
        if (!link || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.select(+link.getAttribute("href").split("-n")[1]);
        if (!link.closest(".pane")) this.graphs?.reveal(false);
        if (matchMedia("(max-width:1020px)").matches) this.root.querySelector(".inspector").scrollIntoView({ block: "start" });
      });
      if (this.data.nodes.length) this.select(this.data.first, false);
    }

    select(node, said = true) {
      if (!this.data.nodes[node]) return;
      this.node = node;
      this.inspector.show(node);
      const end = `-n${node}`;
      all(this.root, ".selected").forEach((one) => one.classList.remove("selected"));
      all(this.root, `.pane a[href$="${end}"],a.dot[href$="${end}"],tr[data-n="${node}"]`).forEach((one) => one.classList.add("selected"));
      // A frame in a notebook has no address of its own.
      if (said && location.protocol !== "about:") history.replaceState(null, "", `#${this.key}${end}`);
    }
  }

  // Two versions side by side: a layer is chosen in both, and the index in one map moves that of the other along.
  class Comparison {
    constructor(root) {
      this.root = root;
      const { pairs, first } = JSON.parse(root.querySelector(".pairs").textContent);
      this.pairs = pairs;
      this.sides = all(root, ".side").map((side, number) => this.side(side, number));
      sortable(root);
      root.addEventListener("click", (event) => {
        const link = event.target.closest("a");
        if (!link || event.ctrlKey || event.metaKey || !this.follow(link.getAttribute("href"))) return;
        event.preventDefault();
        root.querySelector(".boxes").scrollIntoView({ block: "start" });
      });
      if (!pairs.length) return;
      root.querySelector(".back").onclick = () => this.step(-1);
      root.querySelector(".on").onclick = () => this.step(1);
      this.select(first, false);
      this.follow(location.hash);
      window.addEventListener("hashchange", () => this.follow(location.hash));
    }

    side(root, number) {
      const data = JSON.parse(root.querySelector(".data").textContent), model = { key: root.id, data, select() {} };
      const side = { root, data, key: root.id, inspector: data.nodes.length ? new Inspector(root.querySelector(".inspector"), model) : null };
      model.moved = (inspector) => this.along(inspector, this.sides[1 - number]);
      return side;
    }

    // The index at the same place of the other map.
    along(from, side) {
      const to = side.inspector;
      if (!to || side.root.classList.contains("gone") || to.cell.length !== from.cell.length) return;
      to.cell = to.cell.map((_, axis) => Math.floor((from.cell[axis] + 0.5) / from.ranges[axis].size * to.ranges[axis].size));
      to.move();
    }

    // Rows as they are sorted and filtered.
    step(by) {
      const shown = all(this.root, ".layers tbody tr:not([hidden])").map((row) => +row.dataset.n);
      const at = shown.indexOf(this.pair), next = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))];
      if (next !== undefined) this.select(next);
    }

    follow(address) {
      const [, key, node] = address?.match(/^#m([12])-n(\d+)$/) ?? [];
      const found = this.pairs.findIndex((pair) => node !== undefined && pair[key - 1] === +node);
      if (found >= 0) this.select(found);
      return found >= 0;
    }

    select(number, said = true) {
      this.pair = number;
      const pair = this.pairs[number];
      const share = Math.max(...this.sides.map(({ inspector }, which) => pair[which] === null ? 0 : inspector.reach(pair[which])));
      this.sides.forEach(({ root, inspector }, which) => {
        const missing = pair[which] === null;
        root.classList.toggle("gone", missing);
        root.querySelector(".missing").hidden = !missing;
        root.querySelector(".inspector").hidden = missing;
        if (!missing) { Object.assign(inspector, { node: -1, share }); inspector.show(pair[which]); }
      });
      all(this.root, ".selected").forEach((one) => one.classList.remove("selected"));
      this.root.querySelector(`.layers tr[data-n="${number}"]`).classList.add("selected");
      this.sides.forEach(({ key }, which) => all(this.root, `a.dot[href="#${key}-n${pair[which]}"]`).forEach((dot) => dot.classList.add("selected")));
      const which = pair[0] === null ? 1 : 0;
      if (said) history.replaceState(null, "", `#m${which + 1}-n${pair[which]}`);
    }
  }

  const comparison = all(document, ".comparison").map((root) => new Comparison(root));
  const models = all(document, ".model").map((root) => new Model(root));
  function follow() {
    const [, key, node] = location.hash.match(/^#(m\d+)(?:-n(\d+))?/) ?? [];
    const shown = models.find((model) => model.key === key) ?? models.find((model) => !model.root.hidden) ?? models[0];
    for (const model of models) model.root.hidden = model !== shown;
    all(document, ".index tr").forEach((row) => row.classList.toggle("selected", row.querySelector("a")?.hash === `#${shown.key}`));
    shown.open();
    if (node !== undefined && shown.data) { shown.select(+node, false); shown.graphs?.reveal(false); }
  }
  if (models.length) {
    window.addEventListener("hashchange", follow);
    follow();
  }
  window.strideinspect = { box: (key, node, number, cell) => boxOf([...models, ...comparison.flatMap((one) => one.sides)].find((model) => model.key === key).data, node, number, cell) };
})();
