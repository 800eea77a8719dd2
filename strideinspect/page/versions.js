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
