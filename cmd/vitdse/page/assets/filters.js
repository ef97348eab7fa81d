// Limits as sliders and fields, parts and axes as boxes.

import { el, show } from "./dom.js";
import { label, quantity, whose } from "./data.js";
import { extent, wide } from "./scale.js";

const FIRST = ["latency", "use", "lut", "dsp", "bram18", "power", "energy", "mloss", "loss", "top1"];
const STEPS = 1000;

// filters draws the controls beside the plots.
export function filters(front, state) {
  const box = el("form", { class: "filters", "aria-label": "Filters", onsubmit: (e) => e.preventDefault() });
  const count = el("p", { class: "count", id: "count" });
  const clear = el("button", { type: "button", onclick: () => state.clear() }, "Clear");
  box.append(el("div", { class: "filters-head" }, count, clear));
  if (front.measured) box.append(cut(state));
  if (front.report.parts.length > 1) box.append(parts(front, state));
  const some = FIRST.map(quantity).filter((x) => front.varying.includes(x));
  const rest = front.varying.filter((x) => !FIRST.includes(x.key));
  const rows = [...some, ...rest].map((x) => limit(front, state, x));
  box.append(el("fieldset", null, el("legend", null, "Limits"), rows.slice(0, some.length).map((r) => r.node),
    rest.length > 0 && el("details", null, el("summary", null, "More limits"), rows.slice(some.length).map((r) => r.node))));
  const choices = axes(front, state);
  if (choices) box.append(choices);
  const update = () => {
    const n = state.list.length;
    show(count, el("b", null, n.toLocaleString("en")), ` of ${front.n.toLocaleString("en")} points shown`);
    rows.forEach((r) => r.update());
  };
  state.on("filter", update);
  update();
  return box;
}

function cut(state) {
  const choice = (value, text) =>
    el("label", { class: "box" }, el("input", {
      type: "radio", name: "cut", value, checked: state.filter.cut === value,
      onchange: () => {
        state.filter.cut = value;
        state.changed("filter");
      },
    }), el("span", null, text));
  return el("fieldset", null, el("legend", null, "Front"), choice("measured", "as measured"), choice("all", "as predicted"));
}

function parts(front, state) {
  return el("fieldset", null, el("legend", null, "Parts"),
    front.report.parts.map((p, i) =>
      el("label", { class: "box" }, el("input", { type: "checkbox", name: "part", value: p.name, checked: state.filter.parts.has(i), onchange: () => state.toggle(state.filter.parts, i) }),
        el("span", { class: "key key" + (i % 6) }), el("span", null, p.name))));
}

// limit is one quantity with a slider and a field for its least and its most.
function limit(front, state, x) {
  const range = extent(front.values(x.key));
  const log = wide(range);
  const t = log ? Math.log : (v) => v;
  const low = t(range[0]), high = t(range[1]);
  const toStep = (v) => Math.round((STEPS * (t(v) - low)) / (high - low || 1));
  const fromStep = (s) => {
    const v = low + ((high - low) * s) / STEPS;
    return log ? Math.exp(v) : v;
  };
  const side = (most) => {
    const word = most ? "most" : "least";
    const set = (v) => {
      const now = state.limitOf(x.key);
      state.limit(x.key, most ? now[0] : v, most ? v : now[1]);
    };
    const slider = el("input", {
      type: "range", min: 0, max: STEPS, "aria-label": `${label(x)}, at ${word}`,
      oninput: () => {
        const s = Number(slider.value);
        set(s === (most ? STEPS : 0) ? (most ? Infinity : -Infinity) : Number(fromStep(s).toPrecision(4)));
      },
    });
    const field = el("input", {
      type: "text", inputmode: "decimal", "aria-label": `${label(x)}, at ${word}`, name: `${x.key}-${word}`, placeholder: x.text(range[most ? 1 : 0]),
      onchange: () => {
        const v = Number(field.value.replace(/,/g, ""));
        field.setAttribute("aria-invalid", String(field.value.trim() !== "" && Number.isNaN(v)));
        if (field.value.trim() === "") set(most ? Infinity : -Infinity);
        else if (!Number.isNaN(v)) set(v);
      },
    });
    let last;
    const update = () => {
      const v = state.limitOf(x.key)[most ? 1 : 0];
      if (v === last) return;
      last = v;
      const set = Number.isFinite(v);
      slider.value = set ? Math.min(STEPS, Math.max(0, toStep(v))) : most ? STEPS : 0;
      if (document.activeElement !== field || set) field.value = set ? Number(v.toPrecision(6)) : "";
    };
    return { slider, field, update };
  };
  const sides = [side(false), side(true)];
  return {
    node: el("div", { class: "limit" }, el("div", { class: "limit-name" }, el("span", null, x.name), el("small", null, [whose(x), x.unit].filter(Boolean).join(", "))),
      el("div", { class: "limit-fields" }, sides[0].field, el("span", { "aria-hidden": "true" }, "to"), sides[1].field),
      el("div", { class: "limit-sliders" }, sides[0].slider, sides[1].slider)),
    update: () => sides.forEach((s) => s.update()),
  };
}

// axes are the choices of the space that differ among the points.
function axes(front, state) {
  const open = front.report.axes.map((a, i) => [a, i]).filter(([a]) => a.values.length > 1);
  if (!open.length) return null;
  return el("details", { class: "axes" }, el("summary", null, "Choices of the space"),
    open.map(([a, i]) => {
      const values = a.values.map((v, k) => [v, k]).sort((x, y) => x[0].localeCompare(y[0], "en", { numeric: true }));
      return el("fieldset", { class: "axis" }, el("legend", null, a.name),
        values.map(([v, k]) => el("label", { class: "chip" }, el("input", {
          type: "checkbox", name: a.name, value: v, checked: state.filter.choices.get(i)?.has(k),
          onchange: () => {
            if (!state.filter.choices.has(i)) state.filter.choices.set(i, new Set());
            state.toggle(state.filter.choices.get(i), k);
          },
        }), el("span", null, v))));
    }));
}
