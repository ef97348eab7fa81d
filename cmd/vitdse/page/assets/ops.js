// The ops of the network on the engine: a table, the roofline, and what the array's cycles went to.

import { el, grid, svg } from "./dom.js";
import { digits, fixed, group, NONE, short } from "./format.js";
import { pad, scale } from "./scale.js";
import { kindColour } from "./timeline.js";

// byKind takes the ops of all blocks together, under the name that they share.
export function byKind(inside, verdict) {
  const rows = new Map();
  inside.ops.forEach((op, i) => {
    const name = op.name.replace(/^blocks\.\d+\./, "blocks.*.");
    const row = rows.get(name) || { name, kind: op.kind, shape: op.shape, times: 0, macs: 0, cycles: 0, flops: 0, bytes: 0, measured: 0, spent: inside.causes.map(() => 0), roof: op.roof };
    row.times++;
    row.macs += op.macs;
    row.cycles += op.cycles;
    if (op.roof) [row.flops, row.bytes] = [row.flops + op.roof.flops, row.bytes + op.roof.bytes];
    const found = verdict && verdict.ops[i];
    if (found) {
      row.measured += found.cycles_measured;
      (found.spent || []).forEach((c, k) => (row.spent[k] += c));
    }
    rows.set(name, row);
  });
  return [...rows.values()];
}

// spentOn is the cycles of the array while an op was its next or its present one: 0 without a
// simulation. The cycles of an op count for the op that ends next, and ops overlap.
const spentOn = (row) => row.spent.reduce((a, b) => a + b, 0);

export function opTable(inside, verdict) {
  const rows = byKind(inside, verdict).map((r) => [r.name, r.kind, r.shape, r.times > 1 ? String(r.times) : "", r.macs ? group(r.macs) : NONE, group(r.cycles), verdict ? group(r.measured) : NONE,
    r.roof ? digits(r.flops / r.bytes, 3) : NONE, r.roof ? r.roof.bound : NONE, r.macs && spentOn(r) ? fixed((100 * r.macs) / inside.array_macs / spentOn(r), 1) : NONE]);
  const sum = (of) => inside.ops.reduce((s, o) => s + of(o), 0);
  rows.push([el("b", null, "total"), "", "", "", group(sum((o) => o.macs)), group(sum((o) => o.cycles)), verdict ? group(verdict.cycles_measured) : NONE,
    digits(inside.total.flops_per_byte, 3), inside.total.bound, fixed((100 * sum((o) => o.macs)) / inside.array_macs / sum((o) => o.cycles), 1)]);
  return grid("The ops of an image", [["Op", ""], ["Kind", ""], ["Shape", ""], ["Times", "n"], ["MACs", "n"], ["Cycles predicted", "n"], ["Measured", "n"], ["FLOP/B", "n"], ["Bound", ""], ["Array busy (%)", "n"]], rows);
}

// roofline draws each matmul at its intensity and the rate that it reaches, under the roof.
export function roofline(inside, verdict) {
  const W = 520, H = 300, L = 52, B = 40;
  const ops = byKind(inside, verdict).map((r) => ({ ...r, cycles: spentOn(r) || r.cycles })).filter((r) => r.roof && r.bytes > 0 && r.cycles > 0).map((r) => ({ ...r, x: r.flops / r.bytes, y: ((r.macs * 2) / r.cycles) * (inside.clock_mhz / 1e3) })).filter((r) => r.y > 0);
  if (!ops.length) return null;
  const knee = inside.peak_gops / inside.memory_gb_s;
  const xs = pad([Math.min(knee, ...ops.map((o) => o.x)), Math.max(knee, ...ops.map((o) => o.x))], 0.12, true), ys = pad([Math.min(...ops.map((o) => o.y)), inside.peak_gops], 0.12, true);
  const sx = scale(xs, L, W - 12, true), sy = scale(ys, H - B, 14, true);
  const text = (x, y, words, attrs) => svg("text", { x, y, class: "tick", ...attrs }, words);
  const roof = [[Math.max(xs[0], ys[0] / inside.memory_gb_s), 0], [knee, 0], [xs[1], 0]].map(([x]) => `${sx(x)},${sy(Math.min(inside.peak_gops, x * inside.memory_gb_s))}`).join(" ");
  return el("figure", { class: "panel" }, svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": `Roofline: ${ops.map((o) => `${o.name} ${digits(o.y, 3)} GOP/s at ${digits(o.x, 3)} FLOP/B`).join(", ")}` },
    sx.ticks(6).map((v) => [svg("line", { x1: sx(v), x2: sx(v), y1: 14, y2: H - B, class: "rule" }), text(sx(v), H - B + 16, short(v), { "text-anchor": "middle" })]),
    sy.ticks(5).map((v) => [svg("line", { x1: L, x2: W - 12, y1: sy(v), y2: sy(v), class: "rule" }), text(L - 6, sy(v) + 4, short(v), { "text-anchor": "end" })]),
    text((L + W) / 2, H - 6, "FLOP a byte that the engine moves", { "text-anchor": "middle", class: "tick strong" }), text(-(H - B) / 2, 12, "GOP/s", { transform: "rotate(-90)", "text-anchor": "middle", class: "tick strong" }),
    svg("polyline", { points: roof, class: "roof" }), text(sx(knee) + 4, sy(inside.peak_gops) - 7, `the array: ${digits(inside.peak_gops, 3)} GOP/s`, { "text-anchor": "start" }),
    ops.map((o) => svg("circle", { cx: sx(o.x), cy: sy(o.y), r: 4.5, fill: kindColour(o.kind, false) }, svg("title", null, `${o.name}: ${digits(o.y, 3)} GOP/s at ${digits(o.x, 3)} FLOP/B`))),
    labels(ops, sx, sy, W).map(([x, y, anchor, words]) => text(x, y, words, { "text-anchor": anchor }))),
    el("figcaption", { class: "hint" }, `Rates are reached: an op's products over its cycles. The memory gives ${digits(inside.memory_gb_s, 3)} GB/s. Scores and values move nothing off the chip.`));
}

const LETTER = 6.5; // px that a letter takes, about

// labels places names beside their marks, none on another.
function labels(ops, sx, sy, width) {
  const placed = [];
  for (const o of ops) {
    const right = sx(o.x) < width * 0.7, name = o.name.replace("blocks.*.", "").replace(/attn\.q$/, "attn.qkv");
    const x = sx(o.x) + (right ? 8 : -8), from = right ? x : x - LETTER * name.length, to = from + LETTER * name.length;
    const taken = (y) => placed.some((p) => Math.abs(p[1] - y) < 12 && p[4] < to && from < p[5]);
    let y = sy(o.y) + 4;
    while (taken(y)) y += 12;
    placed.push([x, y, right ? "start" : "end", name, from, to]);
  }
  return placed;
}

export const CAUSE_NAMES = { beats: "products", drain: "drain", weights: "weights", rows: "rows", softmax: "softmax", pipeline: "pipeline", start: "start", image: "image", store: "store" };

// parts splits an op's cycles into those of the network's products, padding, and what was lost.
export function causesOf(inside, row) {
  const useful = Math.min(row.spent[0], Math.round(row.macs / inside.array_macs));
  return [["useful", useful], ["padding", row.spent[0] - useful], ...inside.causes.slice(1).map((c, k) => [CAUSE_NAMES[c] || c, row.spent[k + 1]])];
}

// causes is a stacked bar for each op, of the cycles that the simulation counted.
export function causes(inside, verdict) {
  if (!verdict || !verdict.ops.some((o) => o.spent)) {
    return el("p", { class: "hint" }, "What the array's cycles went to is counted in the simulation: it is here once the design has been emitted and ", el("code", null, "vitdse verify"), " has run.");
  }
  const rows = byKind(inside, verdict).filter((r) => r.spent.some((c) => c > 0));
  const most = Math.max(...rows.map((r) => r.spent.reduce((a, b) => a + b, 0)));
  const names = causesOf(inside, rows[0]).map(([name]) => name);
  const body = rows.map((r) => {
    const list = causesOf(inside, r), total = list.reduce((s, [, c]) => s + c, 0);
    const words = list.filter(([, c]) => c > 0).map(([name, c]) => `${name} ${group(c)}`).join(", ");
    return [r.name, el("span", { class: "stack", role: "img", "aria-label": words, title: words }, list.map(([name, c], k) => c > 0 && el("span", { class: "cause cause" + k, css: { width: (100 * c) / most + "%" } }))), group(total),
      fixed((100 * list[0][1]) / total, 1)];
  });
  return [el("p", { class: "legend" }, names.map((n, k) => el("span", null, el("span", { class: "key square cause" + k }), n))),
    grid("What the array's cycles went to", [["Op", ""], ["Cycles of the first image, simulated", ""], ["Cycles", "n"], ["Useful (%)", "n"]], body, { class: "bars stacks" })];
}
