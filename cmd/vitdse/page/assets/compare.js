// Picked points side by side, and what is said of a point that is hovered.

import { copy, el, grid, say, show } from "./dom.js";
import { label, quantity } from "./data.js";
import { signed, span } from "./format.js";
import { LETTERS } from "./marks.js";

// summary is a point in a sentence, for a screen reader.
export function summary(front, i) {
  const m = front.measured ? `, ${front.text("mloss", i)} dB loss measured` : "";
  return `Point ${front.number(i)} on ${front.part(i).name}: ${span(front.values("latency")[i])}, ${front.text("fps", i)} images a second, ` +
    `${front.text("use", i)} % of the ${front.report.points.use_of[i]}, ${front.text("loss", i)} dB loss predicted${m}`;
}

// tooltip makes the function that shows everything of a point beside the pointer.
export function tooltip(front) {
  const node = el("div", { class: "tip", "aria-hidden": "true", hidden: true });
  let at = -1;
  document.body.append(node);
  return (i, x, y) => {
    if (i < 0 || x === undefined) {
      node.hidden = true;
      at = -1;
      return;
    }
    if (i !== at) {
      at = i;
      const pair = (name, value) => [el("dt", null, name), el("dd", null, value)];
      show(node, el("b", null, `Point ${front.number(i)} · ${front.part(i).name}`), el("small", null, front.name(i)),
        el("dl", null, front.quantities.map((q) => pair(label(q), front.text(q.key, i)))),
        el("dl", { class: "choices" }, front.choices(i).slice(0, 24).map(([name, value]) => pair(name, value))));
    }
    node.hidden = false;
    const w = node.offsetWidth, h = node.offsetHeight;
    node.style.left = Math.max(4, x + 18 + w > window.innerWidth ? x - w - 18 : x + 18) + "px";
    node.style.top = Math.max(4, Math.min(y - 20, window.innerHeight - h - 8)) + "px";
  };
}

// emitLine is the command that emits a point.
export function emitLine(front, i) {
  const n = front.number(i);
  return `${front.report.emit || "vitdse emit RUN.yaml"} --point ${n}`;
}

function copyLine(text) {
  const button = el("button", { type: "button", onclick: async () => {
    const done = await copy(text);
    button.textContent = done ? "Copied" : "Select and copy";
    say(done ? "Copied to the clipboard" : "Copying failed");
    setTimeout(() => (button.textContent = "Copy"), 1500);
  } }, "Copy");
  return el("div", { class: "command" }, el("code", null, text), button);
}

// compare shows the picked points in columns: the best of a row in bold, and how far the others
// are from the first.
export function compare(front, state) {
  const node = el("div", { class: "panel compare", id: "compare" });
  const draw = () => {
    const picks = state.picks;
    if (!picks.length) return show(node, el("p", { class: "hint do" }, "Click a point, or tick its box in the table, to pick it. Up to three are compared here side by side, each with the command that emits it."));
    const head = () => [["", ""], ...picks.map((i, k) => [el("span", null, el("b", { class: "letter" }, LETTERS[k]), ` ${front.number(i)} · ${front.part(i).name}`), "n"])];
    const of = (measured) => front.quantities.filter((q) => (q.kind === "measured") === measured)
      .map((q) => [el("span", null, q.name, el("small", null, " " + [q.unit, q.kind === "predicted" || q.kind === "measured" ? "" : q.kind].filter(Boolean).join(", "))), ...picks.map((i) => cell(front, q, picks, i))]);
    const choices = picks.map((i) => front.choices(i));
    const chosen = choices[0].map(([name], k) => [name, ...choices.map((c) => (choices.every((d) => d[k][1] === c[k][1]) ? c[k][1] : el("b", null, c[k][1])))]);
    const part = (title, rows) => rows.length > 0 && el("div", null, el("h4", null, title), grid(`${title}, of the picked points`, head(), rows, { class: "compared" }));
    show(node, el("div", { class: "filters-head" }, el("h3", null, picks.length > 1 ? "Compared" : "Picked"), el("button", { type: "button", onclick: () => {
      state.picks.length = 0;
      state.changed("picks");
    } }, "Let go")), picks.map((i, k) => el("div", { class: "pick" }, el("b", { class: "letter" }, LETTERS[k]), el("span", null, front.name(i)), copyLine(emitLine(front, i)))),
      el("div", { class: "columns" }, part("Predicted", of(false)), el("div", null, part("Measured", of(true))), part("Chosen", chosen)));
  };
  state.on("picks", draw);
  draw();
  return { node, draw };
}

function cell(front, q, picks, i) {
  const of = front.values(q.key), v = of[i];
  const best = q.better > 0 ? Math.max(...picks.map((j) => of[j])) : Math.min(...picks.map((j) => of[j]));
  const text = el(picks.length > 1 && v === best && picks.some((j) => of[j] !== best) ? "b" : "span", { "data-key": q.key }, front.text(q.key, i));
  if (i === picks[0] || Number.isNaN(v) || !(of[picks[0]] > 0)) return text;
  const by = quantity(q.key).unit === "dB" ? signed(v - of[picks[0]], 2) : signed(100 * (v / of[picks[0]] - 1), 1) + " %";
  return el("span", null, text, el("small", null, " " + by));
}
