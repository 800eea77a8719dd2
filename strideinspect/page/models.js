// A model of the page: what is selected in one of its parts is in all.
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
