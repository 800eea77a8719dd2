// The graph: zoom, search, keys.
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
