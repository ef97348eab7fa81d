// What every unit of the engine does in every cycle of an image: a row a unit, zoomed with the wheel,
// the keys or the buttons, down to single cycles.

import { el, say, show, surface } from "./dom.js";
import { ticks } from "./scale.js";
import { fixed, group, short } from "./format.js";
import { theme } from "./marks.js";

const LEFT = 92, ROW = 26, GAP = 5, TOP = 24, LEAST = 24; // LEAST cycles are as far as one zooms

const KINDS = ["patches", "patch-embed", "layernorm", "linear", "scores", "softmax", "attn-value", "linear-add", "linear-gelu", "head", "store"];

// kindColour gives ops of a kind a colour of their own.
export function kindColour(kind, dark) {
  const k = Math.max(0, KINDS.indexOf(kind));
  const hue = [210, 190, 55, 225, 290, 330, 265, 25, 150, 10, 90][k];
  return `hsl(${hue} ${kind === "store" ? 10 : 52}% ${dark ? 62 : 46}%)`;
}

export function timeline(inside, state) {
  const line = inside.timeline;
  const canvas = el("canvas", {
    class: "plot", id: "timeline", tabindex: 0, role: "application", "aria-roledescription": "timeline",
    "aria-label": `What the engine's units do in the ${group(line.total)} cycles of an image. Plus and minus zoom, arrow keys move, Home shows all.`,
  });
  const info = el("p", { class: "hint", id: "timeline-info" });
  const view = { canvas, inside, from: 0, to: line.total, info, rows: byUnit(line), drag: null };
  const button = (text, name, act) => el("button", { type: "button", "aria-label": name, onclick: () => act(view) }, text);
  const bar = el("div", { class: "bar" }, button("+", "Zoom in", (v) => zoom(v, 0.5)), button("−", "Zoom out", (v) => zoom(v, 2)), button("All", "Show the whole image", (v) => look(v, 0, line.total)), legendOf(inside));
  const draw = () => drawTimeline(view);
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(canvas);
  state.on("theme", draw);
  listenTimeline(view);
  look(view, 0, line.total);
  return { node: el("figure", { class: "panel" }, bar, canvas, info), view, draw };
}

// byUnit lists the spans of each unit in the order of their beginnings.
export function byUnit(line) {
  const rows = line.units.map(() => []);
  line.unit.forEach((u, i) => rows[u].push(i));
  rows.forEach((r) => r.sort((a, b) => line.from[a] - line.from[b]));
  return rows;
}

function legendOf(inside) {
  const kinds = [...new Set(inside.ops.map((o) => o.kind))];
  return el("span", { class: "legend" }, kinds.map((k) => el("span", null, el("span", { class: "key square", css: { background: kindColour(k, false) } }), k)));
}

// look shows a stretch of cycles.
export function look(view, from, to) {
  const total = view.inside.timeline.total;
  const width = Math.min(total, Math.max(LEAST, to - from));
  view.from = Math.min(Math.max(0, from), total - width);
  view.to = view.from + width;
  const us = (c) => fixed(c / view.inside.clock_mhz, c / view.inside.clock_mhz < 10 ? 2 : 1);
  show(view.info, `Cycles ${group(Math.floor(view.from))} to ${group(Math.ceil(view.to))} of ${group(total)}, ${us(view.to - view.from)} µs at ${short(view.inside.clock_mhz)} MHz. Predicted; every op's end is held against the simulation by vitdse verify. `,
    el("code", null, "vitdse trace --perfetto FILE"), " writes it for Perfetto.");
  drawTimeline(view);
}

function zoom(view, by, around) {
  const at = around === undefined ? (view.from + view.to) / 2 : around;
  look(view, at - (at - view.from) * by, at + (view.to - at) * by);
}

function drawTimeline(view) {
  const { canvas, inside } = view, line = inside.timeline;
  const width = canvas.clientWidth, height = TOP + line.units.length * (ROW + GAP) + 4;
  if (!width) return;
  const t = theme(), ctx = surface(canvas, width, height), dark = t.dark;
  const px = (c) => LEFT + ((c - view.from) / (view.to - view.from)) * (width - LEFT - 4);
  view.cycle = (x) => view.from + ((x - LEFT) / (width - LEFT - 4)) * (view.to - view.from);
  ctx.font = "12px " + t.font;
  ctx.textBaseline = "middle";
  ctx.strokeStyle = t.rule;
  ctx.textAlign = "center";
  for (const v of ticks(view.from, view.to, Math.max(3, Math.floor(width / 110)))) {
    ctx.fillStyle = t.soft;
    ctx.fillText(group(v), Math.min(width - 20, Math.max(LEFT + 12, px(v))), 10);
    ctx.beginPath();
    ctx.moveTo(px(v), TOP - 4);
    ctx.lineTo(px(v), height);
    ctx.stroke();
  }
  line.units.forEach((unit, u) => {
    const y = TOP + u * (ROW + GAP);
    ctx.textAlign = "left";
    ctx.fillStyle = t.ink;
    ctx.fillText(unit, 0, y + ROW / 2);
    ctx.fillStyle = t.wash;
    ctx.fillRect(LEFT, y, width - LEFT - 4, ROW);
    drawRow(view, ctx, t, u, y, px, dark);
  });
}

// drawRow draws the spans of a unit that are in sight; those below half a pixel run together.
function drawRow(view, ctx, t, u, y, px, dark) {
  const { inside } = view, line = inside.timeline;
  let drawn = -1;
  for (const i of view.rows[u]) {
    const from = line.from[i], to = from + line.cycles[i];
    if (to < view.from || from > view.to) continue;
    const x0 = Math.max(LEFT, px(from)), x1 = Math.min(px(view.to), px(to));
    if (x1 < drawn + 0.4) continue;
    drawn = x1;
    const op = inside.ops[line.op[i]];
    ctx.fillStyle = kindColour(op.kind, dark);
    ctx.fillRect(x0, y, Math.max(0.6, x1 - x0 - (x1 - x0 > 3 ? 1 : 0)), ROW);
    if (x1 - x0 > 46) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(x0, y, x1 - x0 - 4, ROW);
      ctx.clip();
      ctx.fillStyle = dark ? "#10151a" : "#ffffff";
      ctx.textAlign = "left";
      ctx.fillText(op.name.replace(/^blocks\./, ""), x0 + 4, y + ROW / 2 + 0.5);
      ctx.restore();
    }
  }
}

// spanAt is the span under a place of the canvas, -1 if there is none.
export function spanAt(view, cycle, row) {
  const line = view.inside.timeline;
  let found = -1;
  for (const i of view.rows[row] || []) if (line.from[i] <= cycle && cycle < line.from[i] + line.cycles[i]) found = i;
  return found;
}

function listenTimeline(view) {
  const { canvas, inside } = view, line = inside.timeline;
  const place = (e) => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  canvas.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.altKey && document.activeElement !== canvas) return;
    e.preventDefault();
    zoom(view, e.deltaY > 0 ? 1.25 : 0.8, view.cycle(place(e)[0]));
  }, { passive: false });
  canvas.addEventListener("dblclick", (e) => zoom(view, 0.25, view.cycle(place(e)[0])));
  canvas.addEventListener("pointerdown", (e) => {
    view.drag = { x: place(e)[0], from: view.from, to: view.to };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointerup", () => (view.drag = null));
  canvas.addEventListener("pointermove", (e) => {
    const [x, y] = place(e);
    if (view.drag) {
      const by = ((view.drag.x - x) * (view.drag.to - view.drag.from)) / (canvas.clientWidth - LEFT - 4);
      return look(view, view.drag.from + by, view.drag.to + by);
    }
    const i = spanAt(view, view.cycle(x), Math.floor((y - TOP) / (ROW + GAP)));
    canvas.title = i < 0 ? "" : spanWords(inside, i);
  });
  canvas.addEventListener("keydown", (e) => {
    const wide = view.to - view.from;
    if (e.key === "+" || e.key === "=") zoom(view, 0.5);
    else if (e.key === "-") zoom(view, 2);
    else if (e.key === "ArrowRight") look(view, view.from + wide / 8, view.to + wide / 8);
    else if (e.key === "ArrowLeft") look(view, view.from - wide / 8, view.to - wide / 8);
    else if (e.key === "Home") look(view, 0, line.total);
    else return;
    e.preventDefault();
    say(view.info.textContent);
  });
}

function spanWords(inside, i) {
  const line = inside.timeline, from = line.from[i];
  return `${line.units[line.unit[i]]}: ${inside.ops[line.op[i]].name}, cycles ${group(from)} to ${group(from + line.cycles[i])}, ${group(line.cycles[i])} of them`;
}
