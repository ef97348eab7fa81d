// Pixels of a canvas: thousands of small marks and lines are drawn faster so than as paths.

import { surface } from "./dom.js";
import { trace } from "./marks.js";

const PHASES = 2; // places of a mark within a pixel, along each axis

// rgb is a colour of the page, #rrggbb, as numbers of 0 to 255.
export function rgb(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

// Raster is a canvas of so many CSS pixels with a picture that stands still, such as a plot's frame, on which marks and
// lines are drawn anew. Places are in device pixels, of which a CSS pixel has dense.
export class Raster {
  constructor(canvas, width, height, paper, still) {
    this.ctx = surface(canvas, width, height, { willReadFrequently: true, alpha: false });
    this.ctx.fillStyle = paper;
    this.ctx.fillRect(0, 0, width, height);
    still(this.ctx);
    [this.w, this.h] = [canvas.width, canvas.height];
    this.dense = this.w / width;
    this.still = this.ctx.getImageData(0, 0, this.w, this.h);
    this.image = new ImageData(this.w, this.h);
    this.stamps = new Map();
  }

  // clear begins anew from the picture that stands still.
  clear() {
    this.image.data.set(this.still.data);
  }

  // show puts what was drawn on the canvas, where paths may follow.
  show() {
    this.ctx.putImageData(this.image, 0, 0);
    return this.ctx;
  }

  // marks makes the function that draws marks of a part: of a radius in CSS pixels, a colour and its share of opacity,
  // filled, or hollow with a line of so many CSS pixels.
  marks(part, radius, colour, opacity, line = 0) {
    const key = [part, radius, colour, opacity, line].join();
    if (!this.stamps.has(key)) this.stamps.set(key, []);
    const phases = this.stamps.get(key), [r, g, b] = rgb(colour);
    const size = 2 * Math.ceil(1.25 * radius * this.dense + line * this.dense) + 3, half = (size - 1) / 2;
    const { w, h } = this, out = this.image.data;
    return (x, y) => {
      const left = Math.floor(x), top = Math.floor(y), fx = Math.floor(PHASES * (x - left)), fy = Math.floor(PHASES * (y - top));
      const mask = (phases[fy * PHASES + fx] ||= stamp(part, radius * this.dense, size, half + (fx + 0.5) / PHASES, half + (fy + 0.5) / PHASES, opacity, line * this.dense));
      const x0 = left - half, y0 = top - half;
      if (x0 < 0 || y0 < 0 || x0 + size > w || y0 + size > h) return;
      for (let j = 0, k = 0; j < size; j++) {
        for (let i = 0, d = 4 * ((y0 + j) * w + x0); i < size; i++, k++, d += 4) {
          const a = mask[k];
          if (a === 0) continue;
          out[d] += ((r - out[d]) * a) >> 8;
          out[d + 1] += ((g - out[d + 1]) * a) >> 8;
          out[d + 2] += ((b - out[d + 2]) * a) >> 8;
        }
      }
    };
  }

  // density makes a counter of lines for each pixel, and ink draws it in a colour: every line that passes covers that
  // share of what is below.
  density() {
    const { w, h } = this;
    if (!this.counts) this.counts = new Uint16Array(w * h);
    else this.counts.fill(0);
    return strokes(this.counts, w);
  }

  ink(colour, opacity) {
    const out = this.image.data, counts = this.counts, [r, g, b] = rgb(colour);
    const cover = Uint16Array.from({ length: 256 }, (_, n) => Math.round(256 * (1 - (1 - opacity) ** n)));
    for (let i = 0, d = 0; i < counts.length; i++, d += 4) {
      if (counts[i] === 0) continue;
      const a = cover[Math.min(255, counts[i])];
      out[d] += ((r - out[d]) * a) >> 8;
      out[d + 1] += ((g - out[d + 1]) * a) >> 8;
      out[d + 2] += ((b - out[d + 2]) * a) >> 8;
    }
  }
}

// strokes makes the function that counts the pixels of a line, without its last one, in rows of w. Places are below 32,768; they
// are added up in 65,536ths of a pixel, in integers.
export function strokes(counts, w) {
  const one = 65536;
  return (x0, y0, x1, y1) => {
    const dx = x1 - x0, dy = y1 - y0, n = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy))));
    const sx = ((dx / n) * one) | 0, sy = ((dy / n) * one) | 0;
    let x = (x0 * one) | 0, y = (y0 * one) | 0;
    for (let k = 0; k < n; k++, x += sx, y += sy) counts[(y >> 16) * w + (x >> 16)]++;
  };
}

let scratch = null;

// stamp is how much of each pixel of a small square a mark covers, of 256.
function stamp(part, r, size, x, y, opacity, line) {
  if (!scratch) scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (scratch.canvas.width < size) scratch.canvas.width = scratch.canvas.height = size;
  scratch.clearRect(0, 0, size, size);
  const path = new Path2D();
  trace(path, part, x, y, r);
  scratch.lineWidth = line;
  if (line) scratch.stroke(path);
  else scratch.fill(path);
  const data = scratch.getImageData(0, 0, size, size).data;
  return Uint16Array.from({ length: size * size }, (_, k) => Math.round((data[4 * k + 3] * opacity * 256) / 255));
}
