// Colours and shapes. A part has both, so that neither alone carries it.

export const LETTERS = ["A", "B", "C"];

const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "down"];

let known = null;

// theme is the page's colours as they are now: light, dark, or on paper.
export function theme() {
  return (known ||= readTheme());
}

// renewTheme has the colours read again.
export function renewTheme() {
  known = null;
}

function readTheme() {
  const css = getComputedStyle(document.documentElement);
  const of = (name) => css.getPropertyValue("--" + name).trim();
  const t = { font: css.getPropertyValue("--font").trim() };
  for (const name of ["paper", "wash", "ink", "soft", "line", "rule", "accent", "good", "bad"]) t[name] = of(name);
  t.dark = matchMedia("(prefers-color-scheme: dark)").matches && !("paper" in document.documentElement.dataset);
  t.parts = [0, 1, 2, 3, 4, 5].map((i) => of("part" + i));
  return t;
}

export function partColour(t, part) {
  return t.parts[part % t.parts.length];
}

// trace adds a mark to a path.
export function trace(path, part, x, y, r) {
  switch (SHAPES[part % SHAPES.length]) {
    case "circle":
      path.moveTo(x + r, y);
      path.arc(x, y, r, 0, 7);
      break;
    case "square":
      path.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
      break;
    case "triangle":
      polygon(path, [[x, y - 1.2 * r], [x + 1.1 * r, y + 0.8 * r], [x - 1.1 * r, y + 0.8 * r]]);
      break;
    case "diamond":
      polygon(path, [[x, y - 1.25 * r], [x + 1.25 * r, y], [x, y + 1.25 * r], [x - 1.25 * r, y]]);
      break;
    case "down":
      polygon(path, [[x, y + 1.2 * r], [x + 1.1 * r, y - 0.8 * r], [x - 1.1 * r, y - 0.8 * r]]);
      break;
    default: {
      const a = 0.4 * r, b = 1.15 * r;
      polygon(path, [[x - a, y - b], [x + a, y - b], [x + a, y - a], [x + b, y - a], [x + b, y + a], [x + a, y + a], [x + a, y + b], [x - a, y + b], [x - a, y + a],
        [x - b, y + a], [x - b, y - a], [x - a, y - a]]);
    }
  }
}

function polygon(path, corners) {
  corners.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}

// badge draws the letter of a picked point beside it.
export function badge(ctx, t, letter, x, y) {
  ctx.beginPath();
  ctx.arc(x, y, 8, 0, 7);
  ctx.strokeStyle = t.ink;
  ctx.lineWidth = 2;
  ctx.stroke();
  ctx.fillStyle = t.ink;
  ctx.beginPath();
  ctx.arc(x + 13, y - 13, 8, 0, 7);
  ctx.fill();
  ctx.fillStyle = t.paper;
  ctx.font = "600 11px " + t.font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(letter, x + 13, y - 12.5);
}
