// What an index depends on, as numbers, and how boxes are hatched.
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
