// The report as the page uses it. What a script from elsewhere would read is in docs/REPORT.md.

import { digits, fixed, group, NONE } from "./format.js";

const mega = (v) => digits(v / 1e6, 3);
const percent = (v) => fixed(v, 1);
const decibel = (v) => fixed(v, 2);
const count = (v) => (Number.isFinite(v) ? group(v) : NONE);

// quantities are what axes, limits, tables and comparisons may name. better is -1 where less is
// better; kind says whose word the number is.
export const quantities = [
  q("latency", "Latency", "ms", -1, "predicted", (d) => d.scaled("seconds", 1e3), (v) => digits(v, 4)),
  q("fps", "Throughput", "images/s", 1, "predicted", (d) => d.column("fps"), (v) => digits(v, 4)),
  q("cycles", "Cycles an image", "", -1, "predicted", (d) => d.column("cycles"), count),
  q("clock", "Clock", "MHz", 1, "assumed or modelled", (d) => d.column("clock_mhz"), (v) => digits(v, 4)),
  q("use", "Largest use", "% of a budget", -1, "predicted", (d) => d.scaled("use", 100), percent),
  q("lut", "LUT", "LUTs", -1, "predicted", (d) => d.column("lut"), count),
  q("ff", "FF", "flip-flops", -1, "predicted", (d) => d.column("ff"), count),
  q("dsp", "DSP", "DSPs", -1, "predicted", (d) => d.column("dsp"), count),
  q("bram18", "BRAM", "blocks of 18 Kb", -1, "predicted", (d) => d.column("bram18"), count),
  q("uram", "URAM", "UltraRAMs", -1, "predicted", (d) => d.column("uram"), count),
  q("lutram", "LUTRAM", "LUTs as memory", -1, "predicted", (d) => d.column("lutram"), count),
  q("array", "Array busy", "%", 1, "predicted", (d) => d.scaled("array_use", 100), percent),
  q("bytes", "Traffic", "MB an image", -1, "predicted", (d) => d.sum("bytes_read", "bytes_written"), mega),
  q("power", "Power", "W", -1, "estimated", (d) => d.column("watts"), (v) => digits(v, 3)),
  q("energy", "Energy", "mJ an image", -1, "estimated", (d) => d.scaled("joules", 1e3), (v) => digits(v, 3)),
  q("loss", "Loss", "dB", -1, "predicted", (d) => d.numerics((n) => n.predicted.loss_db), decibel),
  q("sqnr", "SQNR", "dB", 1, "predicted", (d) => d.numerics((n) => n.predicted.sqnr_db), decibel),
  q("mloss", "Loss", "dB", -1, "measured", (d) => d.numerics((n) => n.measured && n.measured.loss_db), decibel),
  q("msqnr", "SQNR", "dB", 1, "measured", (d) => d.numerics((n) => n.measured && n.measured.sqnr_db), decibel),
  q("top1", "Top-1", "%", 1, "measured", (d) => d.numerics((n) => n.measured && 100 * n.measured.top1), (v) => fixed(v, 2)),
  q("top1_se", "Top-1's error", "% standard", -1, "measured", (d) => d.numerics((n) => n.measured && 100 * n.measured.top1_se), (v) => fixed(v, 2)),
  q("agree", "Agrees with float", "%", 1, "measured", (d) => d.numerics((n) => n.measured && 100 * n.measured.agree), (v) => fixed(v, 2)),
];

function q(key, name, unit, better, kind, of, text) {
  return { key, name, unit, better, kind, of, text };
}

// whose says whose word a quantity is, where it may be either's: of accuracy.
export function whose(x) {
  return x.kind === "measured" || x.key === "loss" || x.key === "sqnr" ? x.kind : "";
}

// label names a quantity with whose word it is and its unit.
export function label(x) {
  return [x.name, whose(x)].filter(Boolean).join(", ") + (x.unit ? ` (${x.unit})` : "");
}

// Front is the points in columns. Thousands of points are gone through in plain loops, which are fast from the start:
// the first picture waits for them.
export class Front {
  constructor(report) {
    this.report = report;
    this.n = report.points.name.length;
    this.columns = new Map(report.points.values.map((c) => [c.name, numbers(c.values)]));
    this.kept = new Map();
    this.measured = report.numerics.some((n) => n.measured);
    // Quantities without a single number, or with the same everywhere, are not worth an axis.
    this.quantities = quantities.filter((x) => this.values(x.key).some((v) => !Number.isNaN(v)));
    const varying = this.quantities.filter((x) => varies(this.values(x.key)));
    this.varying = varying.length ? varying : this.quantities; // of a single point all are alike
  }

  // placeOf is where the point of a name is, undefined if it is not here.
  placeOf(name) {
    this.places ||= new Map(this.report.points.name.map((of, i) => [of, i]));
    return this.places.get(name);
  }

  column(name) {
    return this.columns.get(name) || new Float64Array(this.n).fill(NaN);
  }

  scaled(name, by) {
    const of = this.column(name), out = new Float64Array(this.n);
    for (let i = 0; i < out.length; i++) out[i] = of[i] * by;
    return out;
  }

  sum(a, b) {
    const x = this.column(a), y = this.column(b), out = new Float64Array(this.n);
    for (let i = 0; i < out.length; i++) out[i] = x[i] + y[i];
    return out;
  }

  numerics(of) {
    const each = numbers(this.report.numerics.map((n) => of(n) ?? null)), at = this.report.points.numerics, out = new Float64Array(this.n);
    for (let i = 0; i < out.length; i++) out[i] = each[at[i]];
    return out;
  }

  // values are a quantity of all points, NaN where a point has none.
  values(key) {
    if (!this.kept.has(key)) this.kept.set(key, quantity(key).of(this));
    return this.kept.get(key);
  }

  text(key, i) {
    const v = this.values(key)[i];
    return Number.isNaN(v) ? NONE : quantity(key).text(v);
  }

  part(i) {
    return this.report.parts[this.report.points.part[i]];
  }

  name(i) {
    return this.report.points.name[i];
  }

  number(i) {
    return this.report.points.number[i];
  }

  choice(axis, i) {
    return this.report.axes[axis].values[this.report.points.choice[axis][i]];
  }

  // axes are the choices of a point: [name, numbers of the report's axes], tm, tn and tk as one.
  axes() {
    const list = [], names = this.report.axes.map((a) => a.name);
    for (let a = 0; a < names.length; a++) {
      if (names[a] === "tm" && names[a + 1] === "tn" && names[a + 2] === "tk") {
        list.push(["array", [a, a + 1, a + 2]]);
        a += 2;
      } else list.push([names[a], [a]]);
    }
    return list;
  }

  choiceText(axes, i) {
    return axes.map((a) => this.choice(a, i)).join("×");
  }

  // choices are a point's on all axes: [name, value].
  choices(i) {
    return this.axes().map(([name, axes]) => [name, this.choiceText(axes, i)]);
  }
}

// numbers are those of a list, NaN where it has null.
function numbers(list) {
  if (!list.includes(null)) return new Float64Array(list);
  const out = new Float64Array(list.length);
  for (let i = 0; i < out.length; i++) out[i] = list[i] === null ? NaN : list[i];
  return out;
}

// varies says whether values are not all alike.
function varies(of) {
  const first = of[0], none = Number.isNaN(first);
  for (let i = 1; i < of.length; i++) if (of[i] !== first && !(none && Number.isNaN(of[i]))) return true;
  return false;
}

export function quantity(key) {
  return quantities.find((x) => x.key === key);
}
