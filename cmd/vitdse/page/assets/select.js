// Which points are shown, in which order, and what points are to one another.

import { quantities } from "./data.js";

// shown marks the points that meet the filter: limits is a map from quantity to [least, most],
// parts a set of indexes (empty: all), choices a map from axis to the set of values, cut says
// whether the points of the front as measured are wanted, or those of the predicted front.
export function shown(front, filter) {
  const keep = new Uint8Array(front.n).fill(1);
  const points = front.report.points;
  if (filter.cut === "measured" && front.measured) {
    for (let i = 0; i < front.n; i++) if (!points.on_front[i]) keep[i] = 0;
  } else {
    for (let i = 0; i < front.n; i++) if (points.near[i]) keep[i] = 0;
  }
  if (filter.parts.size) {
    for (let i = 0; i < front.n; i++) if (!filter.parts.has(points.part[i])) keep[i] = 0;
  }
  for (const [axis, values] of filter.choices) {
    if (!values.size) continue;
    const of = points.choice[axis];
    for (let i = 0; i < front.n; i++) if (!values.has(of[i])) keep[i] = 0;
  }
  for (const [key, [least, most]] of filter.limits) {
    // 9 ms is 0.009 s times 1000, which a float64 has as a little more than 9.
    const of = front.values(key), low = least - 1e-9 * Math.abs(least), high = most + 1e-9 * Math.abs(most);
    for (let i = 0; i < front.n; i++) if (!(of[i] >= (least > -Infinity ? low : least) && of[i] <= (most < Infinity ? high : most))) keep[i] = 0;
  }
  return keep;
}

// indexes lists the marked ones.
export function indexes(keep) {
  const list = [];
  for (let i = 0; i < keep.length; i++) if (keep[i]) list.push(i);
  return list;
}

let collator;

// sorted orders points by numbers or texts; points without a number come last either way.
export function sorted(list, of, rising) {
  const sign = rising ? 1 : -1;
  collator ||= new Intl.Collator("en", { numeric: true });
  return list.map((i) => [i, of(i)]).sort(([a, x], [b, y]) => {
    if (typeof x === "string") return sign * collator.compare(x, y) || a - b;
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a - b;
    return sign * (x - y) || a - b;
  }).map(([i]) => i);
}

// objectives are the quantities that a front is of, those of accuracy as measured if there are such.
export function objectives(front) {
  const keys = ((front.measured && front.report.measured_objectives) || front.report.objectives).map((o) => (o === "fps" ? "latency" : o === "loss" && front.measured ? "mloss" : o));
  return [...new Set(keys)].map((k) => quantities.find((x) => x.key === k)).filter(Boolean);
}

// closest lists the points of the same part that are nearest to one: distances are of the
// objectives, each over its spread on the part, logarithmic where it spans decades.
export function closest(front, i, most) {
  const mine = front.report.points.part[i];
  const same = indexes(Uint8Array.from(front.report.points.part, (p) => (p === mine ? 1 : 0)));
  const axes = objectives(front).map((x) => {
    const of = front.values(x.key);
    const usual = same.map((j) => of[j]).filter((v) => !Number.isNaN(v));
    const log = usual.every((v) => v > 0) && Math.max(...usual) > 10 * Math.min(...usual);
    const t = log ? Math.log : (v) => v;
    const spread = t(Math.max(...usual)) - t(Math.min(...usual)) || 1;
    return (j) => (t(of[j]) - t(of[i])) / spread;
  });
  const far = (j) => Math.hypot(...axes.map((a) => a(j)));
  return sorted(same.filter((j) => j !== i && !Number.isNaN(far(j))), far, true).slice(0, most);
}

// better lists the quantities of which one point has more of what is wanted than the other.
export function better(front, i, than, keys) {
  return keys.filter((x) => {
    const v = front.values(x.key);
    return x.better * (v[i] - v[than]) > 0;
  });
}

// whyNot answers for a wished point: wish is a map from quantity to the number that is wished
// for, part an index. It gives the budgets and limits that the wish breaks, the points that are at
// least as good in all of it, and without any the one that comes nearest with what it lacks.
export function whyNot(front, part, wish) {
  const p = front.report.parts[part];
  const broken = [];
  for (const [key, v] of wish) {
    const have = p.usable[key];
    if (have !== undefined && v > have) broken.push({ key, value: v, limit: have, why: "budget" });
  }
  for (const l of front.report.limits) {
    const key = l.metric === "loss" && front.measured ? "mloss" : l.metric === "sqnr" && front.measured ? "msqnr" : l.metric;
    const v = wish.get(key);
    if (v !== undefined && (l.least ? v < l.value : v > l.value)) broken.push({ key, value: v, limit: l.value, why: "limit" });
  }
  const keys = [...wish.keys()].map((k) => quantities.find((x) => x.key === k));
  const lacks = (i) =>
    keys.map((x) => {
      const v = front.values(x.key)[i], w = wish.get(x.key);
      return { key: x.key, short: Math.max(0, (x.better * (w - v)) / (Math.abs(w) || 1)), value: v };
    });
  const all = [];
  for (let i = 0; i < front.n; i++) if (front.report.points.part[i] === part) all.push(i);
  const beaten = all.filter((i) => lacks(i).every((l) => l.short === 0));
  const total = (i) => lacks(i).reduce((s, l) => s + l.short, 0);
  const [nearest] = beaten.length ? [] : sorted(all.filter((i) => !Number.isNaN(total(i))), total, true);
  const goals = new Set(objectives(front).flatMap((x) => (x.key === "latency" ? ["latency", "fps", "cycles"] : [x.key, x.key.replace(/^m/, "")])));
  return { broken, beaten, nearest, lacks: nearest === undefined ? [] : lacks(nearest).filter((l) => l.short > 0), proven: keys.every((x) => goals.has(x.key)) };
}
