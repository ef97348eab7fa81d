// The front as a scatter plot on a canvas: axes to choose, a rectangle to set limits with,
// points to hover, walk and pick.

import { el, surface, say } from "./dom.js";
import { label, quantity } from "./data.js";
import { extent, pad, scale, wide } from "./scale.js";
import { short } from "./format.js";
import { sorted } from "./select.js";
import { badge, LETTERS, partColour, theme, trace } from "./marks.js";
import { Raster } from "./raster.js";
import { summary } from "./compare.js";

const MARGIN = { left: 64, right: 16, top: 14, bottom: 44 };
const REACH = 14; // px from a point at which it is meant

export function scatter(front, state, tip) {
  const canvas = el("canvas", {
    class: "plot", id: "scatter", tabindex: 0, role: "application", "aria-roledescription": "scatter plot",
    "aria-label": "The points of the front. Arrow keys, Home and End walk along the horizontal axis, Enter picks a point, Escape clears the limits of both axes.",
  });
  const plot = { canvas, front, state, drag: null, width: 0, height: 0 };
  const node = el("figure", { class: "panel" }, el("figcaption", { class: "bar" }, chooser(front, state, "y", "Vertical"), chooser(front, state, "x", "Horizontal"), legend(front)), canvas,
    el("p", { class: "hint" }, el("span", { class: "do" }, "Drag a rectangle to set limits on both axes. "), "Filled marks are of the front as measured, hollow ones of the predicted front alone."));
  const draw = (topics) => drawScatter(plot, topics);
  new ResizeObserver(() => canvas.clientWidth !== plot.width && requestAnimationFrame(() => draw())).observe(canvas);
  state.on("filter axes picks hover theme", draw);
  listenScatter(plot, tip);
  return { node, draw };
}

function chooser(front, state, axis, name) {
  const select = el("select", {
    "aria-label": name + " axis", name: axis,
    onchange: () => {
      state[axis] = select.value;
      state.changed("axes");
    },
  }, front.varying.map((x) => el("option", { value: x.key, selected: x.key === state[axis] }, label(x))));
  return el("label", null, el("span", null, name), select);
}

function legend(front) {
  return el("span", { class: "legend" }, front.report.parts.map((p, i) => el("span", null, el("span", { class: "key key" + (i % 6) }), p.name)));
}

function scales(plot) {
  const { front, state } = plot;
  const make = (key, from, to) => {
    const range = extent(front.values(key));
    const log = wide(range);
    return scale(range && pad(range, 0.05, log), from, to, log);
  };
  plot.sx = make(state.x, MARGIN.left, plot.width - MARGIN.right);
  plot.sy = make(state.y, plot.height - MARGIN.bottom, MARGIN.top);
}

// drawScatter draws what has changed: all, where topics are not given.
function drawScatter(plot, topics) {
  const { canvas, state } = plot, width = canvas.clientWidth;
  if (!width) return;
  const all = !topics || topics.has("axes") || topics.has("theme") || width !== plot.width, t = theme();
  if (all) layOut(plot, t, width);
  if (all || topics.has("filter")) marks(plot, t);
  const ctx = plot.raster.show();
  special(plot, ctx, t, plot.front.values(state.x), plot.front.values(state.y), plot.radius);
  if (plot.drag && plot.drag.moved) {
    const d = plot.drag;
    ctx.fillStyle = t.accent;
    ctx.globalAlpha = 0.12;
    ctx.fillRect(d.x0, d.y0, d.x - d.x0, d.y - d.y0);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = t.accent;
    ctx.strokeRect(d.x0, d.y0, d.x - d.x0, d.y - d.y0);
  }
}

// layOut draws the frame and finds the places of all points.
function layOut(plot, t, width) {
  const { canvas, front, state } = plot;
  plot.width = width;
  plot.height = Math.max(260, Math.min(440, Math.round(width * 0.56)));
  plot.radius = front.n > 2000 ? 2.2 : front.n > 600 ? 3 : 4;
  scales(plot);
  plot.raster = new Raster(canvas, width, plot.height, t.paper, (ctx) => frame(plot, ctx, t));
  const dense = plot.raster.dense, place = (key, at) => at.all(front.values(key), dense);
  plot.px = place(state.x, plot.sx);
  plot.py = place(state.y, plot.sy);
}

// marks draws the points: those that are not shown first, small and grey.
function marks(plot, t) {
  const { front, state, raster, px, py, radius } = plot, points = front.report.points;
  const opacity = front.n > 1000 ? 0.7 : 0.85;
  const each = (of) => front.report.parts.map((_, part) => of(part));
  const left = each((part) => raster.marks(part, radius * 0.7, t.line, 1));
  const full = each((part) => raster.marks(part, radius, partColour(t, part), opacity));
  const hollow = each((part) => raster.marks(part, radius, partColour(t, part), 1, 1.2));
  raster.clear();
  for (const shown of [0, 1]) {
    for (let i = 0; i < front.n; i++) {
      if (state.keep[i] !== shown || Number.isNaN(px[i] + py[i])) continue;
      const draw = !shown ? left : front.measured && !points.on_front[i] ? hollow : full;
      draw[points.part[i]](px[i], py[i]);
    }
  }
}

// special marks the hovered, the picked and the run's own point.
function special(plot, ctx, t, vx, vy, r) {
  const { front, state } = plot;
  const run = front.report.picked && front.placeOf(front.report.picked.name);
  const at = (i) => [plot.sx(vx[i]), plot.sy(vy[i])];
  if (run !== undefined && run !== null && !state.picks.includes(run)) {
    const [x, y] = at(run);
    ctx.strokeStyle = t.ink;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(x - r - 4, y - r - 4, 2 * r + 8, 2 * r + 8);
  }
  state.picks.forEach((i, k) => badge(ctx, t, LETTERS[k], ...at(i)));
  if (state.hover >= 0) {
    const path = new Path2D();
    trace(path, front.report.points.part[state.hover], ...at(state.hover), r + 3);
    ctx.fillStyle = partColour(t, front.report.points.part[state.hover]);
    ctx.fill(path);
    ctx.strokeStyle = t.ink;
    ctx.lineWidth = 1.5;
    ctx.stroke(path);
  }
}

function frame(plot, ctx, t) {
  const { sx, sy, width, height, state } = plot;
  ctx.font = "12px " + t.font;
  ctx.lineWidth = 1;
  ctx.strokeStyle = t.rule;
  ctx.fillStyle = t.soft;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const v of sx.ticks(Math.max(3, Math.floor(width / 90)))) {
    const x = Math.round(sx(v)) + 0.5;
    line(ctx, x, MARGIN.top, x, height - MARGIN.bottom);
    ctx.fillText(short(v), x, height - MARGIN.bottom + 6);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const v of sy.ticks(6)) {
    const y = Math.round(sy(v)) + 0.5;
    line(ctx, MARGIN.left, y, width - MARGIN.right, y);
    ctx.fillText(short(v), MARGIN.left - 8, y);
  }
  ctx.fillStyle = t.ink;
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(label(quantity(state.x)), (MARGIN.left + width - MARGIN.right) / 2, height - 8);
  ctx.save();
  ctx.translate(14, (MARGIN.top + height - MARGIN.bottom) / 2);
  ctx.rotate(-Math.PI / 2);
  ctx.fillText(label(quantity(state.y)), 0, 0);
  ctx.restore();
}

function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

// nearest is the shown point at a place of the plot, -1 if none is near.
function nearest(plot, x, y) {
  const { front, state } = plot;
  const vx = front.values(state.x), vy = front.values(state.y);
  let best = -1, least = REACH * REACH;
  for (const i of state.list) {
    const d = (plot.sx(vx[i]) - x) ** 2 + (plot.sy(vy[i]) - y) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return best;
}

function listenScatter(plot, tip) {
  const { canvas, state, front } = plot;
  const place = (e) => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button) return;
    const [x, y] = place(e);
    plot.drag = { x0: x, y0: y, x, y, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    const [x, y] = place(e);
    if (!plot.drag) return hover(state, tip, nearest(plot, x, y), e.clientX, e.clientY);
    Object.assign(plot.drag, { x, y, moved: plot.drag.moved || Math.hypot(x - plot.drag.x0, y - plot.drag.y0) > 5 });
    if (plot.drag.moved) brush(plot);
  });
  canvas.addEventListener("pointerup", (e) => {
    const d = plot.drag;
    plot.drag = null;
    state.changed("axes");
    if (!d || d.moved) return;
    const i = nearest(plot, ...place(e));
    if (i >= 0) state.pick(i);
  });
  canvas.addEventListener("pointerleave", () => hover(state, tip, -1));
  canvas.addEventListener("blur", () => hover(state, tip, -1));
  canvas.addEventListener("keydown", (e) => scatterKeys(plot, tip, e));
}

// brush sets limits on both axes to the dragged rectangle.
function brush(plot) {
  const { sx, sy, drag, state } = plot;
  const round = (v) => Number(v.toPrecision(4));
  const xs = [drag.x0, drag.x].map(sx.invert).sort((a, b) => a - b), ys = [drag.y0, drag.y].map(sy.invert).sort((a, b) => a - b);
  state.limit(state.x, round(xs[0]), round(xs[1]));
  if (state.y !== state.x) state.limit(state.y, round(ys[0]), round(ys[1]));
}

export function hover(state, tip, i, x, y) {
  if (i !== state.hover) {
    state.hover = i;
    state.changed("hover");
  }
  tip(i, x, y);
}

function scatterKeys(plot, tip, e) {
  const { state, front, canvas } = plot;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[e.key];
  if (e.key === "Escape") {
    for (const key of [state.x, state.y]) state.limit(key, -Infinity, Infinity);
  } else if (e.key === "Enter" || e.key === " ") {
    if (state.hover >= 0) state.pick(state.hover);
  } else if ((step || e.key === "Home" || e.key === "End") && state.list.length) {
    const vx = front.values(state.x), order = sorted(state.list, (i) => vx[i], true);
    const at = order.indexOf(state.hover), last = order.length - 1;
    const i = order[e.key === "Home" ? 0 : e.key === "End" ? last : at < 0 ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, at + step))];
    const box = canvas.getBoundingClientRect();
    hover(state, tip, i, box.left + plot.sx(vx[i]), box.top + plot.sy(front.values(state.y)[i]));
    say(summary(front, i));
  } else return;
  e.preventDefault();
}
