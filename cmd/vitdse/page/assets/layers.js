// The layers: bits as a strip, noise predicted and measured, and the codes of each op.

import { el, grid, show, svg } from "./dom.js";
import { digits, fixed, group, NONE } from "./format.js";

// strip shows the bits of every layer's weights and activations, from the first layer to the last.
export function strip(inside) {
  const row = (name, of) => [name, ...inside.layers.map((l) => {
    const b = of(l);
    return el("span", { class: "bits bits" + b, title: `${l.name}: ${b || "no"} bits of ${name}` }, b ? String(b) : "");
  })];
  const names = inside.layers.map((l) => [el("span", { class: "upright" }, l.name.replace(/^blocks\./, "").replace("patch_embed", "patch")), ""]);
  return grid("Bits of each layer", [["", ""], ...names], [row("weights", (l) => l.weights), row("activations", (l) => l.activations)], { class: "strip" });
}

// noise lists what each layer's bits add to the noise of the logits, and how far every layer's own
// result is off.
export function noise(inside) {
  const n = inside.noise;
  if (!n) return el("p", { class: "hint" }, "What the layers' bits add is measured with the trained network: write the page from the run file.");
  const adds = n.layers.some((l) => l.predicted > 0 || l.measured !== null);
  const most = Math.max(...n.layers.map((l) => Math.max(l.predicted || 0, l.measured || 0)), 1e-300);
  const bar = (v, kind) => el("span", { class: "bar-track" }, v > 0 && el("span", { class: "bar-fill " + kind, css: { width: (100 * v) / most + "%" } }));
  const ppm = (v) => (v === null ? NONE : fixed(1e6 * v, 2));
  const rows = inside.layers.map((l) => {
    const of = n.layers.find((x) => x.layer === l.name) || { predicted: null, measured: null }, q = l.quantized;
    return [l.name, `${l.weights || NONE}/${l.activations}`,
      ...(adds ? [bar(of.predicted, ""), ppm(of.predicted), bar(of.measured, "measured"), ppm(of.measured)] : []),
      q && q.low !== null ? `${digits(q.low, 3)} … ${digits(q.high, 3)}` : NONE, q ? fixed(100 * q.clipped, 2) : NONE, q && q.input_sqnr_db !== null ? fixed(q.input_sqnr_db, 1) : NONE, q && q.output_sqnr_db !== null ? fixed(q.output_sqnr_db, 1) : NONE];
  });
  const total = (v) => (v === null ? NONE : `${fixed(1e6 * v, 2)} ppm (${fixed(-10 * Math.log10(v), 2)} dB)`);
  const head = [["Layer", ""], ["Bits w/a", ""],
    ...(adds ? [["Adds, predicted", ""], ["ppm", "n"], ["Adds, measured", ""], ["ppm", "n"]] : []),
    ["Range of the codes", "n"], ["Clipped (%)", "n"], ["Codes (dB)", "n"], ["Result (dB)", "n"]];
  return [grid("Noise of each layer", head, rows, { class: "bars" }),
    el("p", { class: "hint" }, `Power of the logits' error over that of the logits, on ${group(n.images)} images. Predicted in all: ${total(n.predicted)}, of which ${total(n.base)} with every layer at the reference's bits; measured: ${total(n.measured)}. `,
      adds ? "Predicted is what was measured with the layer's bits alone; measured is what goes away when the layer " +
        "of this design gets the reference's bits. A dash: it has them. "
        : "Every layer has the reference's bits, so that none adds to that. ",
      "Codes and result: each layer by itself, given its real input.")];
}

// codes draws the histogram of the integers of the op that one chooses.
export function codes(inside) {
  if (!inside.codes || !inside.codes.length) return null;
  const figure = el("div");
  const first = inside.codes.find((c) => /attn\.q$|fc1$/.test(c.op)) || inside.codes[0];
  const select = el("select", { name: "codes", "aria-label": "Op whose codes are shown", onchange: () => draw(select.value) }, inside.codes.map((c) => el("option", { value: c.op, selected: c === first }, c.op)));
  const draw = (op) => {
    const c = inside.codes.find((x) => x.op === op), sqnr = inside.noise && inside.noise.ops.find((x) => x.op === op);
    show(figure, histogram(c), el("p", { class: "hint" }, `Integers of ${c.op} over ${group(c.images)} images, from ${group2(c.low)} to ${group2(c.high)}${c.step > 1 ? `, ${c.step} to a bar` : ""}.`,
      sqnr && sqnr.sqnr_db !== null ? ` SQNR of its result in the whole integer network: ${fixed(sqnr.sqnr_db, 1)} dB.` : ""));
  };
  draw(first.op);
  return el("div", null, el("div", { class: "bar" }, el("label", null, el("span", null, "Codes of"), select)), figure);
}

const group2 = (v) => (v < 0 ? "−" + group(-v) : group(v));

function histogram(c) {
  const W = 520, H = 190, L = 8, B = 24, most = Math.max(...c.counts, 1), w = (W - 2 * L) / Math.max(1, c.counts.length);
  // The square root keeps the tails in sight.
  const tall = (n) => (H - B - 10) * Math.sqrt(n / most);
  const x = (v) => L + ((v - c.from) / c.step) * w;
  return svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": `Histogram of the codes of ${c.op}, ${group2(c.low)} to ${group2(c.high)}` },
    c.counts.map((n, i) => n > 0 && svg("rect", { x: L + i * w, y: H - B - tall(n), width: Math.max(0.5, w - 0.8), height: tall(n), class: "histogram" }, svg("title", null, `${group2(c.from + i * c.step)}: ${group(n)}`))),
    svg("line", { x1: L, x2: W - L, y1: H - B, y2: H - B, class: "axis-line" }),
    [c.low, ...(c.low < 0 && c.high > 0 ? [0] : []), c.high].map((v, i, all) => svg("text", { x: v === c.high ? W - L : v === c.low ? L : x(v), y: H - 8, class: "tick", "text-anchor": i === 0 ? "start" : i === all.length - 1 ? "end" : "middle" }, group2(v))),
    svg("text", { x: W - L, y: 12, class: "tick", "text-anchor": "end" }, `up to ${group(most)} a bar; height is its root`));
}
