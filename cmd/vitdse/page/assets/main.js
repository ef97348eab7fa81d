// The page, put together.

import { el, section, show } from "./dom.js";
import { Front } from "./data.js";
import { State } from "./state.js";
import { filters } from "./filters.js";
import { scatter } from "./scatter.js";
import { parallel } from "./parallel.js";
import { table } from "./table.js";
import { compare, tooltip } from "./compare.js";
import { renewTheme } from "./marks.js";
import { group, plural } from "./format.js";
import { why } from "./why.js";
import { timeline } from "./timeline.js";
import { causes, opTable, roofline } from "./ops.js";
import { codes, noise, strip } from "./layers.js";
import { evidence } from "./evidence.js";
import { follow } from "./live.js";

function header(front) {
  const r = front.report;
  const of = r.points.of;
  const thinned = of > front.n ? ` The front has ${group(of)} points; ${group(front.n)} of them are in this page: every part's best by each objective, the others taken evenly.` : "";
  const legal = r.parts.reduce((s, p) => s + p.legal, 0);
  const from = legal ? `, from ${plural(legal, "legal point")} of the space ${r.space}` : `, of the space ${r.space}`;
  return [el("p", { class: "mark" }, "vitdse"), el("h1", null, `${r.model.name} on ${r.parts.length > 3 ? plural(r.parts.length, "part") : r.parts.map((p) => p.name).join(", ")}`),
    el("p", { class: "lead" }, `${plural(of, "accelerator")} on the Pareto front of ${r.objectives.join(", ")}${from}.${thinned}`),
    r.partial && !document.documentElement.dataset.live && el("p", { class: "note" }, "The search has not come to its end: this is what it had found.")];
}

// frontSection is the front: draw draws the scatter plot, rest are the steps that add what is beside and below it.
function frontSection(front, state) {
  const node = section("front", "The front", null);
  if (!front.n) {
    node.append(el("p", { class: "note" }, front.report.partial ? "No point is on the front yet." : "The front has no points: nothing of the space fits a part and meets the limits. The evidence below says what was short."));
    return { node, draw() {}, rest: [] };
  }
  const tip = tooltip(front), first = scatter(front, state, tip), side = el("div"), plots = el("div", { class: "plots" }, first.node);
  node.append(el("div", { class: "split" }, side, plots));
  const beside = () => {
    const lines = parallel(front, state);
    side.replaceWith(filters(front, state));
    plots.append(lines.node);
    lines.draw();
  };
  return { node, draw: first.draw, rest: [beside, () => node.append(compare(front, state).node, table(front, state, tip).node)] };
}

// insideSection shows the design that the page knows from the inside.
function insideSection(front, state) {
  const node = section("inside", "Inside", null);
  for (const inside of front.report.inside) {
    const verdict = front.report.verified.find((v) => v.target === "rtl" && v.design === inside.design);
    const i = front.placeOf(inside.point);
    node.append(el("p", { class: "lead" }, `${i === undefined ? "" : `Point ${front.number(i)}, `}${inside.point} on ${inside.part}: ${group(inside.array_macs)} MACs a cycle at ${inside.clock_mhz} MHz.`),
      el("h3", null, "The engine over one image"), timeline(inside, state).node, el("h3", null, "Where the cycles go"), ...[causes(inside, verdict)].flat(),
      el("div", { class: "columns wide" }, el("div", null, el("h3", null, "Ops"), opTable(inside, verdict)), el("div", { class: "grow" }, el("h3", null, "Roofline"), roofline(inside, verdict))),
      el("h3", null, "Bits"), strip(inside), el("h3", null, "Noise"), el("div", { class: "columns wide" }, el("div", null, noise(inside)), el("div", { class: "grow" }, codes(inside))));
  }
  if (!front.report.inside.length) node.append(el("p", { class: "hint" }, "No point was picked, so there is none to look into."));
  return node;
}

// draw puts the page of a report together; what the reader had chosen on another page of it stays. The head and the
// scatter plot are there at once; rest are the steps that add all else, in their order.
function draw(report, before) {
  const front = new Front(report), state = new State(front);
  if (before) state.adopt(before);
  show(document.getElementById("head"), header(front));
  const picked = report.picked && front.placeOf(report.picked.name);
  if (!before && picked !== undefined && picked !== null) state.picks.push(picked);
  const main = document.getElementById("main"), plots = frontSection(front, state);
  show(main, plots.node);
  plots.draw();
  window.vitdse = { report, front, state };
  const sections = front.n > 0 ? [why, insideSection, evidence] : [evidence];
  return { state, rest: [...plots.rest, ...sections.map((of) => () => main.append(of(front, state)))] };
}

// painted calls back when what is there has been painted.
function painted(callback) {
  const channel = new MessageChannel();
  channel.port1.onmessage = callback;
  requestAnimationFrame(() => channel.port2.postMessage(0));
}

// recolour draws everything in the colours of now, at once.
function recolour(state) {
  renewTheme();
  state.tell(new Set(["theme"]));
}

function start() {
  const root = document.documentElement, now = () => String(Math.round(performance.now()));
  let { state, rest } = draw(JSON.parse(document.getElementById("data").textContent));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => recolour(state));
  const paper = (on) => () => {
    root.toggleAttribute("data-paper", on);
    recolour(state);
  };
  // One step a frame, so that the reader can scroll and point meanwhile; all that are left before the page is printed.
  const step = () => {
    root.dataset.first ||= now();
    rest.shift()?.();
    if (rest.length) painted(step);
    else root.dataset.ready ||= now();
  };
  const finish = () => {
    while (rest.length) rest.shift()();
  };
  window.addEventListener("beforeprint", finish);
  window.addEventListener("beforeprint", paper(true));
  window.addEventListener("afterprint", paper(false));
  painted(step);
  const news = root.dataset.live;
  if (news) follow(news, document.getElementById("live"), (report) => {
    ({ state, rest } = draw(report, state));
    finish();
  });
}

start();
