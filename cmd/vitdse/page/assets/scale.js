// Scales: from values to pixels and back, with ticks at round numbers.

// extent is the least and the greatest finite value, or null.
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v < low && v > -Infinity) low = v;
    if (v > high && v < Infinity) high = v;
  }
  return low <= high ? [low, high] : null;
}

// scale maps [low, high] to [from, to]; it is logarithmic if asked for and above zero. Values
// that are all alike get some room.
export function scale(range, from, to, log) {
  let [low, high] = range || [0, 1];
  log = Boolean(log && low > 0);
  if (low === high) [low, high] = low > 0 ? [low / 1.25, high * 1.25] : low < 0 ? [low * 1.25, high / 1.25] : [-1, 1];
  const t = log ? Math.log10 : (v) => v;
  const a = t(low), b = t(high);
  const at = (v) => from + ((t(v) - a) / (b - a)) * (to - from);
  at.invert = (p) => {
    const v = a + ((p - from) / (to - from)) * (b - a);
    return log ? 10 ** v : v;
  };
  // all are the places of many values, as multiples of a pixel.
  at.all = (values, dense) => {
    const out = new Float32Array(values.length), k = (to - from) / (b - a);
    if (log) for (let i = 0; i < out.length; i++) out[i] = dense * (from + (Math.log10(values[i]) - a) * k);
    else for (let i = 0; i < out.length; i++) out[i] = dense * (from + (values[i] - a) * k);
    return out;
  };
  at.log = log;
  at.range = [low, high];
  at.ticks = (most) => (log ? logTicks(low, high, most) : ticks(low, high, most));
  return at;
}

// pad widens a range by a share on both sides, in its own kind of scale.
export function pad(range, share, log) {
  const [low, high] = range;
  if (low === high) return range;
  if (log && low > 0) {
    const by = (high / low) ** share;
    return [low / by, high * by];
  }
  const by = (high - low) * share;
  return [low >= 0 && low - by < 0 ? 0 : low - by, high + by];
}

// ticks are round numbers between two values, about so many.
export function ticks(low, high, most) {
  const raw = (high - low) / Math.max(1, most);
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const base = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * base).find((s) => s >= raw * 0.999);
  const list = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) list.push(Number((k * step).toPrecision(12)));
  return list;
}

function logTicks(low, high, most) {
  const decades = Math.log10(high / low);
  const kinds = decades > most ? [[1]] : [[1, 2, 5], [1, 3], [1]];
  if (decades < 0.7) return ticks(low, high, most);
  let list = [];
  for (const steps of kinds) {
    list = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      for (const s of steps) {
        const v = Number((s * 10 ** e).toPrecision(6));
        if (v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9)) list.push(v);
      }
    }
    if (list.length <= most + 1) return list;
  }
  const every = Math.ceil(list.length / most);
  return list.filter((_, i) => i % every === 0);
}

// wide says that values span more than a decade, so that a logarithmic axis is better.
export function wide(range) {
  return Boolean(range) && range[0] > 0 && range[1] > 10 * range[0];
}
