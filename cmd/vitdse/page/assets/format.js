// How numbers are written.

export const NONE = "–";

// group writes an integer with commas between its thousands.
export function group(n) {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

// digits writes a number to so many significant digits, without an exponent where it has few.
export function digits(x, n) {
  if (!Number.isFinite(x)) return NONE;
  if (x === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(x)));
  if (size >= 15 || size < -6) return x.toExponential(n - 1).replace("e+", "e");
  if (size >= n - 1) return group(x);
  return x.toFixed(n - 1 - size);
}

// fixed writes a number with so many decimals, and commas between thousands.
export function fixed(x, decimals) {
  if (!Number.isFinite(x)) return NONE;
  const [whole, rest] = Math.abs(x).toFixed(decimals).split(".");
  const sign = x < 0 && Number(Math.abs(x).toFixed(decimals)) !== 0 ? "−" : "";
  return sign + group(whole) + (rest ? "." + rest : "");
}

// short writes a tick of an axis: 1,200 or 0.05 or 1.2M.
export function short(x) {
  if (!Number.isFinite(x)) return NONE;
  const size = Math.abs(x);
  for (const [unit, of] of [["G", 1e9], ["M", 1e6], ["k", 1e4]]) {
    if (size >= of) return trim(x / (unit === "k" ? 1e3 : of)) + unit;
  }
  return size >= 1000 ? group(x) : trim(x);
}

function trim(x) {
  return String(Number(x.toPrecision(6)));
}

// span is a time of so many ms, in the unit that people would take.
export function span(ms) {
  if (!Number.isFinite(ms)) return NONE;
  return ms < 1 ? digits(1e3 * ms, 4) + " µs" : digits(ms, 4) + " ms";
}

// signed writes a difference.
export function signed(x, decimals) {
  if (!Number.isFinite(x)) return NONE;
  const text = fixed(x, decimals);
  return x > 0 && /[1-9]/.test(text) ? "+" + text : text;
}

// plural is "1 point", "2 points".
export function plural(n, thing) {
  return group(n) + " " + thing + (n === 1 ? "" : "s");
}
