// The table of layers: sorted by its heads, filtered by words.
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
