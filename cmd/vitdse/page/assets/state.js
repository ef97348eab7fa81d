// What the reader has chosen; everything on the page follows it.

import { shown, indexes } from "./select.js";
import { quantity } from "./data.js";

export const MOST_PICKS = 3;

export class State {
  constructor(front) {
    this.front = front;
    this.filter = { limits: new Map(), parts: new Set(), choices: new Map(), cut: front.measured ? "measured" : "all" };
    this.x = "latency";
    this.y = front.varying.some((v) => v.key === "use") ? "use" : (front.varying[1] || front.varying[0] || quantity("use")).key;
    this.sort = { key: "latency", rising: true };
    this.page = 0;
    this.hover = -1;
    this.picks = [];
    this.listeners = [];
    this.pending = null;
    this.refresh();
  }

  // adopt takes over what the reader had chosen on a page of another report of the same run: filters and
  // axes by name, picks by the points' names where the front still has them.
  adopt(other) {
    const was = other.front, is = this.front;
    const parts = is.report.parts.map((p) => p.name), axes = is.report.axes;
    this.filter.limits = other.filter.limits;
    if (was.measured === is.measured) this.filter.cut = other.filter.cut;
    for (const i of other.filter.parts) this.filter.parts.add(parts.indexOf(was.report.parts[i].name));
    for (const [i, values] of other.filter.choices) {
      const at = axes.findIndex((a) => a.name === was.report.axes[i].name);
      const places = [...values].map((k) => axes[at].values.indexOf(was.report.axes[i].values[k])).filter((k) => k >= 0);
      if (places.length) this.filter.choices.set(at, new Set(places));
    }
    const known = new Set(is.quantities.map((x) => x.key));
    if (known.has(other.x)) this.x = other.x;
    if (known.has(other.y)) this.y = other.y;
    this.sort = other.sort;
    this.picks = other.picks.map((i) => is.placeOf(was.report.points.name[i])).filter((i) => i !== undefined);
    this.refresh();
  }

  // on calls back with what has changed, at most once a frame, after a change of any of the topics.
  on(topics, callback) {
    this.listeners.push([topics.split(" "), callback]);
  }

  // tell calls back for topics, at once.
  tell(topics) {
    for (const [of, callback] of this.listeners) if (of.some((t) => topics.has(t))) callback(topics);
  }

  // eased calls back as on does, but not more often than in so many ms while changes follow one another.
  eased(topics, every, callback) {
    let last = -Infinity, timer = 0;
    const run = () => {
      last = performance.now();
      callback();
    };
    this.on(topics, () => {
      clearTimeout(timer);
      const wait = last + every - performance.now();
      if (wait > 0) timer = setTimeout(run, wait);
      else run();
    });
  }

  changed(topic) {
    if (topic === "filter") this.refresh();
    if (!this.pending) {
      this.pending = new Set();
      requestAnimationFrame(() => {
        const topics = this.pending;
        this.pending = null;
        this.tell(topics);
      });
    }
    this.pending.add(topic);
  }

  refresh() {
    this.keep = shown(this.front, this.filter);
    this.list = indexes(this.keep);
    this.page = 0;
  }

  limit(key, least, most) {
    if (least === -Infinity && most === Infinity) this.filter.limits.delete(key);
    else this.filter.limits.set(key, [least, most]);
    this.changed("filter");
  }

  limitOf(key) {
    return this.filter.limits.get(key) || [-Infinity, Infinity];
  }

  clear() {
    this.filter.limits.clear();
    this.filter.parts.clear();
    this.filter.choices.clear();
    this.changed("filter");
  }

  toggle(set, value) {
    if (!set.delete(value)) set.add(value);
    this.changed("filter");
  }

  // pick adds a point or takes it away; a fourth takes the place of the last.
  pick(i) {
    const at = this.picks.indexOf(i);
    if (at >= 0) this.picks.splice(at, 1);
    else if (this.picks.length < MOST_PICKS) this.picks.push(i);
    else this.picks[MOST_PICKS - 1] = i;
    this.changed("picks");
  }

  // words says in one sentence what is filtered.
  words() {
    const said = [];
    for (const [key, [least, most]] of this.filter.limits) {
      const x = quantity(key);
      if (least > -Infinity) said.push(`${x.name} at least ${x.text(least)}`);
      if (most < Infinity) said.push(`${x.name} at most ${x.text(most)}`);
    }
    return said.join(", ");
  }
}
