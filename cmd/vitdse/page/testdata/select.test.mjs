import { test } from "node:test";
import assert from "node:assert/strict";
import { digits, fixed, group, short, signed } from "../assets/format.js";
import { extent, pad, scale, ticks, wide } from "../assets/scale.js";
import { Front, label, quantities } from "../assets/data.js";
import { closest, indexes, shown, sorted, whyNot } from "../assets/select.js";
import { State } from "../assets/state.js";
import { byKind, causesOf } from "../assets/ops.js";
import { byUnit, spanAt } from "../assets/timeline.js";
import { rgb, strokes } from "../assets/raster.js";

globalThis.requestAnimationFrame = () => {};

// report is a front of n points on two parts: latency rises, use falls.
function report(n) {
  const of = (f) => Array.from({ length: n }, (_, i) => f(i));
  return {
    objectives: ["latency", "use", "loss"], limits: [{ metric: "loss", value: 6, unit: "dB", least: false }], picked: null, partial: false,
    parts: [{ name: "a", usable: { lut: 1000, dsp: 20 } }, { name: "b", usable: { lut: 5000, dsp: 90 } }],
    axes: [{ name: "tm", values: ["4", "8"] }, { name: "tn", values: ["16"] }, { name: "tk", values: ["1"] }],
    numerics: [{ predicted: { sqnr_db: 40, loss_db: 0 }, measured: null }, { predicted: { sqnr_db: 38, loss_db: 2 }, measured: { sqnr_db: 37, loss_db: 1.5, top1: 0.9, agree: 1 } }],
    points: {
      of: n, number: of((i) => i + 1), name: of((i) => "p" + i), part: of((i) => i % 2), numerics: of((i) => (i < n / 2 ? 0 : 1)), use_of: of(() => "lut"), feasible: of(() => 1), on_front: of((i) => i % 3 && 1), near: of((i) => (i === 7 ? 1 : 0)),
      choice: [of((i) => (i < 3 ? 0 : 1)), of(() => 0), of(() => 0)],
      values: [["seconds", (i) => 1e-3 * (i + 1)], ["fps", (i) => 1e3 / (i + 1)], ["use", (i) => 1 - i / n], ["lut", (i) => 900 - i], ["dsp", () => 10], ["cycles", (i) => (i === 2 ? null : 100 * i)]].map(([name, f]) => ({ name, values: of(f) })),
    },
    inside: [], verified: [], budgets: [], accuracy: [],
  };
}

test("numbers are written as people read them", () => {
  assert.equal(group(1234567), "1,234,567");
  assert.equal(digits(0.0123456, 3), "0.0123");
  assert.equal(digits(1481.2, 4), "1,481");
  assert.equal(digits(NaN, 3), "–");
  assert.equal(fixed(-0.001, 2), "0.00");
  assert.equal(signed(1.25, 1), "+1.3");
  assert.equal(signed(-2, 0), "−2");
  assert.equal(short(58038), "58.038k");
});

test("scales go both ways and have round ticks", () => {
  for (const log of [false, true]) {
    const s = scale([2, 800], 50, 450, log);
    for (const v of [2, 17, 800]) assert.ok(Math.abs(s.invert(s(v)) - v) < 1e-9 * v);
    assert.ok(s.ticks(6).every((v) => v >= 2 && v <= 800));
  }
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.equal(extent([NaN, Infinity]), null);
  assert.deepEqual(extent([3, NaN, 1]), [1, 3]);
  assert.ok(wide([1, 11]) && !wide([0, 11]) && !wide(null));
  assert.deepEqual(pad([0, 10], 0.1, false), [0, 11]);
  const flat = scale([5, 5], 0, 100, false);
  assert.ok(Number.isFinite(flat(5)));
});

test("limits, parts, choices and the cut filter together", () => {
  const front = new Front(report(12));
  const filter = { limits: new Map(), parts: new Set(), choices: new Map(), cut: "all" };
  assert.equal(indexes(shown(front, filter)).length, 11);
  filter.limits.set("latency", [2.5, 9]);
  assert.deepEqual(indexes(shown(front, filter)), [2, 3, 4, 5, 6, 8]);
  filter.parts.add(1);
  assert.deepEqual(indexes(shown(front, filter)), [3, 5]);
  filter.choices.set(0, new Set([0]));
  assert.deepEqual(indexes(shown(front, filter)), []);
  filter.choices.clear();
  filter.cut = "measured";
  assert.deepEqual(indexes(shown(front, filter)), [5, 7]);
});

test("a point without a number meets no limit on it and is sorted last", () => {
  const front = new Front(report(6)), all = [0, 1, 2, 3, 4, 5], cycles = front.values("cycles");
  assert.ok(Number.isNaN(cycles[2]));
  const filter = { limits: new Map([["cycles", [-Infinity, 1e9]]]), parts: new Set(), choices: new Map(), cut: "all" };
  assert.ok(!indexes(shown(front, filter)).includes(2));
  for (const rising of [true, false]) assert.equal(sorted(all, (i) => cycles[i], rising).at(-1), 2);
  assert.equal(front.text("cycles", 2), "–");
});

test("neighbours are of the same part, the nearest first", () => {
  const front = new Front(report(40)), near = closest(front, 20, 4);
  assert.ok(near.every((i) => i % 2 === 0 && i !== 20));
  assert.ok([18, 22].includes(near[0]) || Number.isNaN(front.values("mloss")[18]));
});

test("a wished point breaks a budget, is beaten, or has a nearest", () => {
  const r = report(12);
  r.numerics[0].measured = r.numerics[1].measured;
  const front = new Front(r);
  assert.deepEqual(whyNot(front, 0, new Map([["dsp", 21]])).broken, [{ key: "dsp", value: 21, limit: 20, why: "budget" }]);
  assert.deepEqual(whyNot(front, 0, new Map([["mloss", 7]])).broken.map((b) => b.why), ["limit"]);
  assert.deepEqual(whyNot(front, 0, new Map([["latency", 3.5]])).beaten, [0, 2]);
  const none = whyNot(front, 0, new Map([["latency", 0.5], ["use", 50]]));
  assert.equal(none.beaten.length, 0);
  assert.ok(none.nearest !== undefined && none.lacks.length > 0 && none.proven);
  assert.ok(!whyNot(front, 0, new Map([["lut", 1]])).proven);
});

test("at most three are picked, a fourth takes the last one's place", () => {
  const state = new State(new Front(report(9)));
  [0, 1, 2, 3].forEach((i) => state.pick(i));
  assert.deepEqual(state.picks, [0, 1, 3]);
  state.pick(1);
  assert.deepEqual(state.picks, [0, 3]);
  state.limit("latency", 2, 4);
  assert.ok(state.list.every((i) => i >= 1 && i <= 3));
  state.clear();
  assert.equal(state.filter.limits.size, 0);
});

test("array is one choice, and every quantity has a text", () => {
  const front = new Front(report(4));
  assert.deepEqual(front.choices(0), [["array", "4×16×1"]]);
  for (const q of quantities) assert.equal(typeof front.text(q.key, 0), "string");
});

test("causes add up to the cycles that the simulation counted", () => {
  const inside = { array_macs: 10, causes: ["beats", "drain", "weights"], ops: [{ name: "blocks.0.mlp.fc1", kind: "k", macs: 95, cycles: 12 }, { name: "blocks.1.mlp.fc1", kind: "k", macs: 95, cycles: 12 }] };
  const verdict = { ops: [{ cycles_measured: 12, spent: [10, 1, 1] }, { cycles_measured: 12, spent: [10, 2, 0] }] };
  const [row] = byKind(inside, verdict), list = causesOf(inside, row);
  assert.equal(row.times, 2);
  assert.deepEqual(list, [["useful", 19], ["padding", 1], ["drain", 3], ["weights", 1]]);
  assert.equal(list.reduce((s, [, c]) => s + c, 0), row.measured);
});

test("a span is found by its cycle and unit", () => {
  const line = { units: ["x", "y"], unit: [0, 1, 0], op: [0, 0, 1], from: [0, 5, 10], cycles: [10, 20, 5] };
  const view = { inside: { timeline: line }, rows: byUnit(line) };
  assert.equal(spanAt(view, 9.5, 0), 0);
  assert.equal(spanAt(view, 10, 0), 2);
  assert.equal(spanAt(view, 15, 0), -1);
  assert.equal(spanAt(view, 6, 1), 1);
});

test("no two quantities have the same label", () => {
  const labels = quantities.map(label);
  assert.equal(new Set(labels).size, labels.length, labels.join("; "));
  assert.ok(labels.includes("Loss, measured (dB)") && labels.includes("Loss, predicted (dB)"));
});

test("a line counts each of its pixels once, steep or flat", () => {
  const lit = (...line) => {
    const counts = new Uint16Array(25);
    strokes(counts, 5)(...line);
    return [...counts].flatMap((n, i) => (n ? [n === 1 ? [i % 5, Math.floor(i / 5)].join() : "twice"] : []));
  };
  assert.deepEqual(lit(0, 0, 4, 2), ["0,0", "1,0", "2,1", "3,1"]);
  assert.deepEqual(lit(0, 4, 1, 0), ["0,1", "0,2", "0,3", "0,4"]);
  assert.deepEqual(lit(3, 3, 0, 3), ["1,3", "2,3", "3,3"]);
  assert.deepEqual(lit(2, 2, 2, 2), ["2,2"]);
  assert.deepEqual(rgb("#0b5cad"), [11, 92, 173]);
});

test("what is eased is called at once, then seldom, and at last", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1000, called = 0;
  t.mock.method(performance, "now", () => now);
  const state = new State(new Front(report(4)));
  state.eased("filter", 150, () => called++);
  const after = (ms) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  const filter = () => state.tell(new Set(["filter"]));
  filter();
  assert.equal(called, 1);
  for (let k = 0; k < 9; k++) {
    after(16);
    filter();
  }
  assert.equal(called, 1);
  after(150);
  assert.equal(called, 2);
  state.tell(new Set(["picks"]));
  after(500);
  assert.equal(called, 2);
});
