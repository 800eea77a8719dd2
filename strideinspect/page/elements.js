// Making elements, and a few words. Names are only ever set as text.
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
