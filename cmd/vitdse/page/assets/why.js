// Why a point is where it is: what binds it, what is near it, and why another is not on the front.

import { el, grid, section, show } from "./dom.js";
import { label, quantity } from "./data.js";
import { better, closest, objectives, whyNot } from "./select.js";
import { digits, fixed, group, NONE, plural, signed } from "./format.js";
import { emitLine } from "./compare.js";

const RESOURCES = [["lut", "LUT"], ["ff", "FF"], ["dsp", "DSP"], ["bram18", "BRAM 18 Kb"], ["uram", "URAM"], ["lutram", "LUTRAM"]];
const NEAR = 6;

// why follows the first picked point.
export function why(front, state) {
  const node = section("why", "Why this one", null);
  const body = el("div", { class: "why" });
  node.append(body);
  const draw = () => {
    const i = state.picks[0];
    if (i === undefined) return show(body, el("p", { class: "hint" }, "Pick a point to see what binds it."));
    show(body, el("p", { class: "lead" }, reason(front, i)),
      el("div", { class: "columns wide" }, el("div", null, el("h3", null, "What it takes"), bars(front, i)), el("div", null, el("h3", null, "Its nearest on the front"), near(front, state, i)),
        el("div", null, el("h3", null, "With 10 % more of each resource"), budgets(front, i))),
      el("div", { class: "columns wide" }, asked(front, i), changed(front, i)));
  };
  state.on("picks theme", draw);
  draw();
  return node;
}

function reason(front, i) {
  const picked = front.report.picked;
  const head = `Point ${front.number(i)}, ${front.name(i)}: ${front.text("use", i)} % of the ${front.report.points.use_of[i]} of ${front.part(i).name}, the resource that it takes most of.`;
  return picked && picked.name === front.name(i) ? `${head} It is ${picked.policy}: ${picked.why.replaceAll(";", ",")}.` : head;
}

// bars shows each resource as a share of its budget, with the band that the model may be off by.
export function bars(front, i) {
  const p = front.part(i), found = synthesis(front, i);
  const rows = RESOURCES.filter(([key]) => p.usable[key] > 0).map(([key, name]) => {
    const need = front.values(key)[i], have = p.usable[key], share = need / have;
    const band = p.bands.find((b) => b.resource === key);
    const off = band && band.share !== null ? band.share : null;
    const bar = el("span", { class: "bar-track" }, el("span", { class: "bar-fill", css: { width: Math.min(100, 100 * share) + "%" } }),
      off > 0 && el("span", { class: "bar-band", css: { left: Math.min(100, 100 * share * (1 - off)) + "%", width: Math.max(0.6, 200 * share * off) + "%" } }));
    return [name, bar, group(need), group(have), fixed(100 * share, 1), off === null ? NONE : off === 0 ? "exact" : `±${fixed(100 * off, 1)} %`,
      ...(found ? [key in found.counts ? group(found.counts[key]) : NONE] : [])];
  });
  const band = p.bands.find((b) => b.resource === "lut");
  return [grid("Resources of the picked point", [["", ""], ["Share of the budget", ""], ["Needed", "n"], ["Budget", "n"], ["%", "n"], ["Model off by", "n"], ...(found ? [[found.tool, "n"]] : [])], rows, { class: "bars" }),
    el("p", { class: "hint" }, "Bands: ", band ? band.source : "not known", "."), clock(front, i)];
}

// synthesis is what a synthesis of the point's own design found, if the page has it.
function synthesis(front, i) {
  const inside = front.report.inside.find((x) => x.point === front.name(i));
  return inside && inside.synthesis;
}

// clock says what latency rests on: the clock, its bracket where one is known, and what sets it.
function clock(front, i) {
  const found = synthesis(front, i), c = (found && found.clock) || modelled(front, i) || front.part(i).clock;
  const mhz = front.values("clock")[i], cycles = front.values("cycles")[i];
  const bracket = c.low_mhz && c.high_mhz;
  const at = (m) => `${digits((m * 1e6) / cycles, 4)} images/s at ${digits(m, 4)} MHz`;
  return el("p", { class: "hint" }, el("b", null, "Clock "), bracket ? c.low_mhz === c.high_mhz
    ? `${at(c.low_mhz)}. `
    : `between ${digits(c.low_mhz, 4)} and ${digits(c.high_mhz, 4)} MHz: ${at(c.low_mhz)}, ${at(c.high_mhz)}. ` : `${digits(mhz, 4)} MHz, without a bracket. `,
    sentence(c.evidence), c.path ? ` The path that sets it: ${c.path}.` : "");
}

// sentence begins with a capital and ends with one full stop.
const sentence = (text) => text.trim().replace(/^./, (c) => c.toUpperCase()).replace(/\.*$/, ".");

// modelled is the bracket that the clock's model gives a point, if its clock is the model's.
function modelled(front, i) {
  const [low, high] = ["clock_low_mhz", "clock_high_mhz"].map((name) => front.column(name)[i]);
  return low > 0 && { low_mhz: low, high_mhz: high, evidence: `By a model, counted at ${digits(front.values("clock")[i], 4)} MHz: ${front.part(i).clock_model}` };
}

function near(front, state, i) {
  const keys = objectives(front);
  const rows = closest(front, i, NEAR).map((j) => [
    el("button", { type: "button", class: "link", onclick: () => state.pick(j), "aria-label": `Pick point ${front.number(j)} to compare` }, String(front.number(j))),
    ...keys.map((x) => {
      const v = front.values(x.key), by = v[i] > 0 && x.unit !== "dB" ? signed(100 * (v[j] / v[i] - 1), 1) + " %" : signed(v[j] - v[i], 2);
      return el("span", { class: x.better * (v[j] - v[i]) > 0 ? "good" : v[j] === v[i] ? "same" : "bad" }, by);
    }),
    better(front, j, i, keys).map((x) => x.name.toLowerCase()).join(", ") || "in none",
  ]);
  if (!rows.length) return el("p", { class: "hint" }, "It is the only one of its part.");
  return grid("The nearest points of the front", [["No.", ""], ...keys.map((x) => [x.name + (x.unit === "dB" ? " (dB)" : ""), "n"]), ["Better in", ""]], rows);
}

function budgets(front, i) {
  const of = front.report.budgets.find((b) => b.part === front.part(i).name);
  if (!of) return el("p", { class: "hint" }, "Not in this page, because every answer is an exact search of its own. Write the page with ", el("code", null, "vitdse report RUN.yaml --budget"), " to have them.");
  const by = fixed(100 * of.share, 0);
  const rows = of.effects.map((e) => [e.resource, fixed(100 * e.used, 1), signed(100 * e.more, 1) + " %", e.less === -1 ? "no point left" : signed(100 * e.less, 1) + " %"]);
  return [grid("What budgets are worth", [["", ""], ["Used %", "n"], [`images/s with ${by} % more`, "n"], [`with ${by} % less`, "n"]], rows),
    el("p", { class: "hint" }, `Of the fastest point of ${of.part} that meets the limits, ${of.point} with ${digits(of.fps, 4)} images/s. Each is an exact search of the whole space.`)];
}

// asked answers for figures that the reader types in.
function asked(front, i) {
  const answer = el("div", { role: "status" });
  const part = el("select", { "aria-label": "Part" }, front.report.parts.map((p, k) => el("option", { value: k, selected: k === front.report.points.part[i] }, p.name)));
  const keys = ["latency", front.measured ? "mloss" : "loss", "use", "lut", "dsp", "bram18", "energy"].map(quantity).filter((x) => front.quantities.includes(x));
  const fields = keys.map((x) => [x, el("input", { type: "text", inputmode: "decimal", "aria-label": "Wished: " + label(x), name: "wish-" + x.key })]);
  const form = el("form", { class: "wish", id: "wish", onsubmit: (e) => {
    e.preventDefault();
    const wish = new Map(), wrong = [];
    for (const [x, field] of fields) {
      const text = field.value.replace(/,/g, "").trim();
      if (text === "") continue;
      if (Number.isFinite(Number(text))) wish.set(x.key, Number(text));
      else wrong.push(`${x.name} is “${field.value}”; expected a number`);
    }
    show(answer, wrong.length ? el("p", { class: "bad" }, wrong.join("; ")) : wish.size ? said(front, Number(part.value), wish) : el("p", null, "Type in at least one figure."));
  } }, el("label", null, el("span", null, "Part"), part), fields.map(([x, field]) => el("label", null, el("span", null, label(x)), field)), el("button", { type: "submit" }, "Ask"));
  return el("div", { class: "do" }, el("h3", null, "Why not a point like this?"), el("p", { class: "hint do" }, "Type in the figures that you wish for, any of them."), form, answer);
}

export function said(front, part, wish) {
  const a = whyNot(front, part, wish), p = front.report.parts[part];
  const list = a.broken.map((b) => {
    const x = quantity(b.key);
    return el("li", { class: "bad" }, b.why === "budget" ? `${x.name} ${x.text(b.value)}: the budget of ${p.name} is ${x.text(b.limit)}.` : `${label(x)} ${x.text(b.value)} breaks the run's limit of ${x.text(b.limit)}.`);
  });
  if (a.beaten.length) {
    const best = a.beaten.slice(0, 3).map((i) => el("li", null, `Point ${front.number(i)} is at least as good in all of it: `,
      [...wish].map(([k, v]) => `${quantity(k).name.toLowerCase()} ${front.text(k, i)} where ${quantity(k).text(v)} was wished for`).join(", "), ". ", el("code", null, emitLine(front, i))));
    return el("ul", null, list, best, a.beaten.length > 3 && el("li", null, `${plural(a.beaten.length - 3, "more point")} of the front.`));
  }
  if (a.nearest === undefined) return el("ul", null, list, el("li", null, `The front has no point on ${p.name}.`));
  const lacks = a.lacks.map((l) => `${quantity(l.key).name.toLowerCase()} is ${quantity(l.key).text(l.value)} and not ${quantity(l.key).text(wish.get(l.key))}`).join(", ");
  const proof = front.report.partial ? "The search has not come to its end, so that one may still be found."
    : a.proven ? "The front is exact in these quantities as predicted, so that no point of the space does better within its budget and limits."
    : `The front is of ${front.report.objectives.join(", ")}: a point that is better in what was asked, and worse in these, may exist.`;
  return el("ul", null, list, el("li", null, `No point of the front on ${p.name} reaches it. Nearest is point ${front.number(a.nearest)}: ${lacks}. ${proof}`));
}

const FATES = { illegal: "illegal", budget: "too large", limit: "breaks a limit", beaten: "beaten", front: "on the front", open: "open" };

// changed lists the picked design with one choice changed, and why that is not the better one.
function changed(front, i) {
  const inside = front.report.inside.find((x) => x.point === front.name(i));
  if (!inside || !inside.variants.length) return null;
  const rows = inside.variants.map((v) => [v.changes.map((c) => `${c.axis} = ${c.value}`).join(", "), el("span", { class: v.fate === "front" ? "good" : v.fate === "open" ? "same" : "bad" }, FATES[v.fate]),
    v.seconds === null ? NONE : digits(1e3 * v.seconds, 4), v.use === null ? NONE : fixed(100 * v.use, 1), v.loss_db === null ? NONE : fixed(v.loss_db, 2), el("span", { class: "wrap" }, v.why)]);
  return el("div", { class: "grow" }, el("h3", null, "The same design with one choice changed"),
    el("div", { class: "tall" }, grid("Single changes of the picked design", [["Change", ""], ["", ""], ["Latency (ms)", "n"], ["Use (%)", "n"], ["Loss, predicted (dB)", "n"], ["Why", ""]], rows)),
    el("p", { class: "hint" }, "Every other value of every choice of the space, priced. For several changes at once: ", el("code", null, "vitdse report RUN.yaml --why tm=8,multiplier=lut"), "."));
}
