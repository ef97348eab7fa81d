// The same points as lines over parallel axes; a stretch of an axis is a limit.

import { el } from "./dom.js";
import { whose } from "./data.js";
import { extent, scale, wide } from "./scale.js";
import { short } from "./format.js";
import { partColour, theme } from "./marks.js";
import { Raster } from "./raster.js";

const TOP = 40, BOTTOM = 22, HEIGHT = 260, SIDE = 44;
const ORDER = ["latency", "use", "lut", "dsp", "bram18", "energy", "mloss", "loss", "top1"];
const MOST_MOVING = 1000; // lines that are drawn while limits move; all are when they rest
const MOST_PATHS = 400; // lines that are drawn as paths; more as counts of lines for each pixel

export function parallel(front, state) {
  const canvas = el("canvas", {
    class: "plot", id: "parallel", role: "img",
    "aria-label": "Each shown point as a line over one axis for each quantity. The limits beside it set the same stretches as dragging on an axis.",
  });
  const keys = ORDER.map((k) => front.varying.find((x) => x.key === k)).filter(Boolean).slice(0, 9);
  const plot = { canvas, front, state, keys, drag: null, rest: 0 };
  const draw = (topics) => drawLines(plot, topics);
  new ResizeObserver(() => canvas.clientWidth !== plot.width && requestAnimationFrame(() => draw())).observe(canvas);
  state.on("filter picks hover theme", draw);
  listenParallel(plot);
  return { node: el("figure", { class: "panel" }, canvas, el("p", { class: "hint" }, el("span", { class: "do" }, "Drag along an axis to limit it; click it to let go. "), "The better end of every axis is at the bottom.")), draw };
}

// drawLines draws what has changed: all, where topics are not given.
function drawLines(plot, topics) {
  const { canvas, front, state } = plot, width = canvas.clientWidth;
  if (!width) return;
  const all = !topics || topics.has("theme") || width !== plot.width, t = theme();
  if (all) layOut(plot, t, width);
  const opacity = Math.min(0.7, Math.max(0.06, 30 / Math.sqrt(1 + state.list.length) / 4));
  const many = state.list.length > MOST_PATHS;
  if (all || topics.has("filter") || topics.has("rest")) {
    const every = !all && topics.has("filter") ? Math.ceil(state.list.length / MOST_MOVING) : 1;
    clearTimeout(plot.rest);
    if (every > 1) plot.rest = setTimeout(() => drawLines(plot, new Set(["rest"])), 200);
    plot.raster.clear();
    if (many) densities(plot, t, (every * opacity) / 3, every); // where lines lie on each other they add up
  }
  const ctx = plot.raster.show();
  ctx.lineWidth = 1;
  ctx.globalAlpha = opacity;
  if (!many) {
    const paths = front.report.parts.map(() => new Path2D());
    for (const i of state.list) follow(plot, paths[front.report.points.part[i]], i);
    paths.forEach((p, part) => {
      ctx.strokeStyle = partColour(t, part);
      ctx.stroke(p);
    });
  }
  ctx.globalAlpha = 1;
  for (const i of [...state.picks, state.hover].filter((i) => i >= 0)) {
    const p = new Path2D();
    follow(plot, p, i);
    ctx.strokeStyle = t.ink;
    ctx.lineWidth = i === state.hover ? 1.2 : 2;
    ctx.stroke(p);
  }
  plot.axes.forEach((a) => drawAxis(plot, ctx, t, a));
}

// layOut writes what stands beside the axes and finds the places of all points on them.
function layOut(plot, t, width) {
  const { canvas, front } = plot;
  plot.width = width;
  const fit = Math.max(3, Math.floor((width - 2 * SIDE) / 78) + 1);
  plot.axes = plot.keys.slice(0, fit).map((x, k, list) => {
    const values = front.values(x.key), range = extent(values), down = x.better < 0;
    const at = scale(range, down ? HEIGHT - BOTTOM : TOP, down ? TOP : HEIGHT - BOTTOM, wide(range));
    return { x, at, px: SIDE + (k * (width - 2 * SIDE)) / Math.max(1, list.length - 1), py: at.all(values, 1) };
  });
  plot.raster = new Raster(canvas, width, HEIGHT, t.paper, (ctx) => plot.axes.forEach((a) => label(ctx, t, a)));
}

// densities draws the lines of one in so many of the shown points, part by part.
function densities(plot, t, opacity, every) {
  const { front, state, axes, raster } = plot, d = raster.dense, part = front.report.points.part;
  front.report.parts.forEach((_, p) => {
    let any = false;
    const line = raster.density();
    for (let k = 0; k < state.list.length; k += every) {
      const i = state.list[k];
      if (part[i] !== p) continue;
      any = true;
      let x = NaN, y = NaN;
      for (const a of axes) {
        const v = a.py[i];
        if (Number.isNaN(v)) continue;
        if (!Number.isNaN(y)) line(x, y, d * a.px, d * v);
        x = d * a.px;
        y = d * v;
      }
    }
    if (any) raster.ink(partColour(t, p), opacity);
  });
}

function follow(plot, path, i) {
  let pen = false;
  for (const a of plot.axes) {
    const y = a.py[i];
    if (Number.isNaN(y)) continue;
    if (pen) path.lineTo(a.px, y);
    else path.moveTo(a.px, y);
    pen = true;
  }
}

// label writes the name, unit and ends of an axis.
function label(ctx, t, a) {
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.font = "600 12px " + t.font;
  ctx.fillStyle = t.ink;
  ctx.fillText(a.x.name, a.px, 13);
  ctx.font = "11px " + t.font;
  ctx.fillStyle = t.soft;
  ctx.fillText([whose(a.x), a.x.unit.replace(" of a budget", "")].filter(Boolean).join(" "), a.px, 26);
  const ends = a.at.range;
  const worst = a.x.better < 0 ? ends[1] : ends[0], best = a.x.better < 0 ? ends[0] : ends[1];
  ctx.fillText(short(Number(worst.toPrecision(3))), a.px, TOP - 3 + 0.5);
  ctx.fillText(short(Number(best.toPrecision(3))), a.px, HEIGHT - 7);
}

function drawAxis(plot, ctx, t, a) {
  ctx.strokeStyle = t.soft;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(a.px, TOP);
  ctx.lineTo(a.px, HEIGHT - BOTTOM);
  ctx.stroke();
  const ends = a.at.range;
  const limits = plot.state.filter.limits.get(a.x.key);
  if (!limits) return;
  const [y0, y1] = limits.map((v, k) => (Number.isFinite(v) && (v > 0 || !a.at.log) ? a.at(v) : a.at(ends[k])));
  const from = Math.max(TOP, Math.min(y0, y1)), to = Math.min(HEIGHT - BOTTOM, Math.max(y0, y1));
  ctx.fillStyle = t.accent;
  ctx.globalAlpha = 0.35;
  ctx.fillRect(a.px - 5, from, 10, Math.max(2, to - from));
  ctx.globalAlpha = 1;
}

function listenParallel(plot) {
  const { canvas, state } = plot;
  const place = (e) => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, Math.min(HEIGHT - BOTTOM, Math.max(TOP, e.clientY - box.top))];
  };
  canvas.addEventListener("pointerdown", (e) => {
    const [x, y] = place(e);
    const near = plot.axes.find((a) => Math.abs(a.px - x) < 16);
    if (!near) return;
    plot.drag = { key: near.x.key, y0: y };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!plot.drag) return;
    const [, y] = place(e), a = plot.axes.find((b) => b.x.key === plot.drag.key);
    if (Math.abs(y - plot.drag.y0) < 3) return;
    const [low, high] = [plot.drag.y0, y].map(a.at.invert).sort((p, q) => p - q);
    plot.drag.moved = true;
    state.limit(plot.drag.key, Number(low.toPrecision(4)), Number(high.toPrecision(4)));
  });
  canvas.addEventListener("pointerup", () => {
    if (plot.drag && !plot.drag.moved) state.limit(plot.drag.key, -Infinity, Infinity);
    plot.drag = null;
  });
}
