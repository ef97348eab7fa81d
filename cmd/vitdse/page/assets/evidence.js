// What all of it rests on.

import { el, grid, section } from "./dom.js";
import { digits, fixed, group, NONE, plural } from "./format.js";

const big = (text) => (text.length <= 15 ? text.replace(/\B(?=(\d{3})+$)/g, ",") : Number(text).toExponential(3).replace("e+", "e"));

export function evidence(front) {
  const r = front.report;
  const node = section("evidence", "Evidence", null);
  node.append(...[el("h3", null, "How exact each figure is"),
    grid("How exact each figure is", [["Figure", ""], ["", ""], ["How exact", ""], ["How one knows", ""]],
      r.accuracy.map((c) => [c.what, el("span", { class: "tag " + c.kind }, c.kind), el("span", { class: "wrap" }, c.exact), el("span", { class: "wrap" }, c.source)])),
    el("h3", null, "What was compared"), verdicts(r), el("h3", null, "Why the front is exact"), r.parts.map((p) => certificate(p, r)), el("h3", null, "Made by"), made(r)].flat(Infinity));
  return node;
}

function verdicts(r) {
  if (!r.verified.length) return el("p", { class: "hint" }, "No emitted design has been verified in this run's folder. ", el("code", null, "vitdse emit"), " and ", el("code", null, "vitdse verify"), " do that, ", el("code", null, "vitdse run"), " does both.");
  return r.verified.map((v) => [el("p", null, el("span", { class: "tag " + (v.ok ? "exact" : "failed") }, v.ok ? "PASS" : "FAIL"), " ", v.words.replace(/^(PASS|FAIL) +/, "")),
    el("details", null, el("summary", null, `Op by op: ${v.target}, ${v.memory}`), grid("Op by op", [["Op", ""], ["Elements", "n"], ["Compared", "n"], ["Mismatches", "n"], ["Cycles predicted", "n"], ["Measured", "n"]],
      v.ops.map((o) => [o.name, group(o.elements), group(o.compared), group(o.mismatches), v.target === "hls" ? NONE : group(o.cycles_predicted), v.target === "hls" ? NONE : group(o.cycles_measured)])))]);
}

function certificate(p, r) {
  const c = p.certificate;
  if (c) {
    const rows = c.fate.map((f) => [big(f.points), digits((100 * Number(f.points)) / Number(c.points), 2), f.why]);
    return [el("p", null, el("b", null, p.name), `: ${big(c.points)} points, ${big(c.numerics)} numerics on ${group(c.engines)} engines, ${group(c.legal)} of them legal; gap ${c.gap}: no point of the space beats one of the ${group(p.front)} on the front.`),
      grid(`Certificate of ${p.name}`, [["Points", "n"], ["%", "n"], ["What became of them", ""]], rows)];
  }
  const short = Object.entries(p.short || {}).sort((a, b) => b[1] - a[1]).map(([k, n]) => [group(n), fixed((100 * n) / p.legal, 1), `do not fit; shortest of ${k}`]);
  const rows = [...short, [group(p.fit - p.feasible), fixed((100 * (p.fit - p.feasible)) / p.legal, 1), "fit, and are less accurate than the limits allow"],
    [group(p.feasible - p.front), fixed((100 * (p.feasible - p.front)) / p.legal, 1), "fit, are accurate enough, and are beaten by a point of the front"], [group(p.front), digits((100 * p.front) / p.legal, 2), `are the front of ${r.objectives.join(", ")}`]];
  return [el("p", null, el("b", null, p.name), `: ${p.legal === 1 ? "its only legal point was" : `all ${group(p.legal)} legal points were`} covered and counted.`), grid(`Account of ${p.name}`, [["Points", "n"], ["%", "n"], ["What became of them", ""]], rows)];
}

function made(r) {
  const list = [["Command", r.command && el("code", null, r.command)], ["Version and build", el("code", null, r.tool)], ["Hash of all inputs", el("code", null, r.inputs)], ["Seed", String(r.seed)],
    ["Network", `${r.model.name}: ${r.model.family}, image ${r.model.image}, ${r.model.tokens} tokens of ${r.model.dim}, ${plural(r.model.depth, "block")}, ${plural(r.model.heads, "head")}, ${r.model.classes} classes`],
    ["Space", r.space], ["Limits", r.limits.map((l) => `${l.metric} ${l.least ? "at least" : "at most"} ${l.value} ${l.unit}`).join(", ") || "none"], ["Design", r.inside.map((x) => x.design).filter(Boolean).join(", ") || null]];
  return [el("dl", { class: "made" }, list.filter(([, v]) => v).map(([k, v]) => [el("dt", null, k), el("dd", null, v)])),
    el("p", { class: "hint" }, `The data of this page is in it once, as JSON, in the element with the id “data”; schema ${r.schema}, docs/REPORT.md.`)];
}
