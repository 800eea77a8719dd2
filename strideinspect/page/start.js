// The page works without these scripts; with them boxes move, graphs zoom, and tables sort.
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
