// The shown points as a table: sortable, in pages, predicted and measured apart.

import { el, show } from "./dom.js";
import { quantity } from "./data.js";
import { sorted } from "./select.js";
import { group } from "./format.js";
import { LETTERS } from "./marks.js";
import { hover } from "./scatter.js";

const ROWS = 20, EASE = 400; // ms between two tables while limits move
const PREDICTED = ["latency", "fps", "use", "lut", "ff", "dsp", "bram18", "uram", "power", "energy", "loss"];
const MEASURED = ["mloss", "msqnr", "top1", "top1_se"];

// columns are groups of [heading, columns]; a column has a key, a name, and text and value of a point.
function columns(front) {
  const of = (keys) => keys.map(quantity).filter((x) => front.quantities.includes(x)).map((x) => ({
    key: x.key, name: x.name, unit: x.unit.replace(" of a budget", "").replace(" an image", "/image").replace("blocks of 18 Kb", "18 Kb"), kind: "n",
    value: (i) => front.values(x.key)[i], text: (i) => front.text(x.key, i), rising: x.better < 0,
  }));
  const use = { key: "use_of", name: "of", unit: "", kind: "", value: (i) => front.report.points.use_of[i], text: (i) => front.report.points.use_of[i], rising: true };
  const predicted = of(PREDICTED);
  const at = predicted.findIndex((c) => c.key === "use");
  if (at >= 0) predicted.splice(at + 1, 0, use);
  return [
    ["Point", [
      { key: "number", name: "No.", unit: "", kind: "n", value: (i) => front.number(i), text: (i) => String(front.number(i)), rising: true },
      { key: "part", name: "Part", unit: "", kind: "", value: (i) => front.part(i).name, text: (i) => front.part(i).name, rising: true },
      ...(front.measured ? [{ key: "fronts", name: "On fronts", unit: "", kind: "", value: (i) => fronts(front, i), text: (i) => fronts(front, i), rising: true }] : []),
    ]],
    ["Predicted", predicted],
    ["Measured", of(MEASURED)],
    ["Chosen", chosen(front)],
  ].filter(([, list]) => list.length);
}

// fronts says which fronts a point is on.
function fronts(front, i) {
  const points = front.report.points;
  return points.near[i] ? "measured" : points.on_front[i] ? "both" : "predicted";
}

// chosen are the axes in which points differ, up to a dozen of them.
function chosen(front) {
  return front.axes().filter(([, list]) => list.some((a) => front.report.axes[a].values.length > 1)).slice(0, 12).map(([name, list]) => {
    const text = (i) => front.choiceText(list, i);
    return { key: "choice." + name, name, unit: "", kind: "", value: text, text, rising: true };
  });
}

export function table(front, state, tip) {
  const groups = columns(front), all = groups.flatMap(([, list]) => list);
  const head = el("thead"), body = el("tbody"), foot = el("div", { class: "pager" });
  const node = el("div", { class: "panel" }, el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of the shown points" },
    el("table", { class: "points" }, el("caption", { class: "quiet" }, "The shown points. Buttons in the headings sort; boxes pick points to compare."), head, body)), foot);
  const draw = () => {
    const column = all.find((c) => c.key === state.sort.key) || all[0];
    const list = sorted(state.list, column.value, state.sort.rising);
    state.order = list;
    show(head, el("tr", { class: "groups" }, el("td"), groups.map(([name, of], k) => el("th", { scope: "colgroup", colspan: of.length, class: k ? "first" : null }, name))),
      el("tr", null, el("th", { scope: "col" }, "Pick"), groups.map(([, of]) => of.map((c, k) => heading(state, c, k === 0)))));
    const from = state.page * ROWS;
    show(body, list.slice(from, from + ROWS).map((i) => row(front, state, tip, groups, i)));
    show(foot, pager(state, list.length, draw));
  };
  state.on("sort picks theme", draw);
  state.eased("filter", EASE, draw);
  draw();
  return { node, draw };
}

function heading(state, c, first) {
  const on = state.sort.key === c.key;
  const press = () => {
    state.sort = { key: c.key, rising: on ? !state.sort.rising : c.rising };
    state.page = 0;
    state.changed("sort");
  };
  return el("th", { scope: "col", class: [c.kind, first && "first"].filter(Boolean).join(" ") || null, "aria-sort": on ? (state.sort.rising ? "ascending" : "descending") : "none" },
    el("button", { type: "button", onclick: press }, c.name, el("span", { class: "arrow", "aria-hidden": "true" }, on ? (state.sort.rising ? "▲" : "▼") : "")), c.unit && el("small", null, c.unit));
}

function row(front, state, tip, groups, i) {
  const at = state.picks.indexOf(i);
  const box = el("input", { type: "checkbox", "aria-label": `Pick point ${front.number(i)}`, onchange: () => state.pick(i) });
  box.checked = at >= 0;
  const run = front.report.picked && front.report.picked.name === front.name(i);
  return el("tr", {
    class: [at >= 0 && "picked", run && "run"].filter(Boolean).join(" ") || null, "data-point": front.number(i),
    onpointerenter: () => hover(state, tip, i), onpointerleave: () => hover(state, tip, -1),
  }, el("td", null, el("label", { class: "pickbox" }, box, at >= 0 && el("b", null, LETTERS[at]))),
    groups.map(([, of]) => of.map((c, k) => {
      const kind = [c.kind, k === 0 && "first"].filter(Boolean).join(" ") || null;
      return c.key === "number" ? el("th", { scope: "row", class: kind }, c.text(i)) : el("td", { class: kind, "data-key": c.key }, c.text(i));
    })));
}

function pager(state, n, draw) {
  const pages = Math.max(1, Math.ceil(n / ROWS)), from = state.page * ROWS;
  const go = (by) => () => {
    state.page = Math.min(pages - 1, Math.max(0, state.page + by));
    draw();
  };
  return [el("span", null, n ? `Rows ${group(from + 1)} to ${group(Math.min(n, from + ROWS))} of ${group(n)}` : "No point meets the limits"),
    el("span", null, el("button", { type: "button", disabled: state.page === 0, onclick: go(-1) }, "Previous"),
      el("button", { type: "button", disabled: state.page >= pages - 1, onclick: go(1) }, "Next"))];
}
