// Elements. Text only ever becomes text: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attrs, kids) {
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "css") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const kid of kids.flat(Infinity)) {
    if (kid === undefined || kid === null || kid === false) continue;
    node.append(kid instanceof Node ? kid : String(kid));
  }
  return node;
}

// el makes an HTML element; attributes that begin with "on" are listeners, css is a style.
export function el(tag, attrs, ...kids) {
  return fill(document.createElement(tag), attrs, kids);
}

// svg makes an SVG element.
export function svg(tag, attrs, ...kids) {
  return fill(document.createElementNS(SVG, tag), attrs, kids);
}

// show replaces what is in a node.
export function show(node, ...kids) {
  node.replaceChildren();
  return fill(node, null, kids);
}

// section is a part of the page with its heading and a sentence that says what it is.
export function section(id, title, lead) {
  return el("section", { id, "aria-labelledby": id + "-title" }, el("h2", { id: id + "-title" }, title), lead && el("p", { class: "lead" }, lead));
}

// grid is a plain table: columns are [heading, "n" for numbers], rows are lists of cells.
export function grid(caption, columns, rows, attrs) {
  const head = el("tr", null, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)));
  const body = rows.map((cells) =>
    el("tr", null, cells.map((cell, i) => el(i ? "td" : "th", { class: columns[i][1], scope: i ? null : "row" }, cell))));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", attrs, el("caption", { class: "quiet" }, caption), el("thead", null, head), el("tbody", null, body)));
}

// surface readies a canvas of so many CSS pixels for drawing and clears it.
export function surface(canvas, width, height, options) {
  const dense = Math.min(3, window.devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    canvas.style.height = height + "px";
  }
  const ctx = canvas.getContext("2d", options);
  ctx.setTransform(dense, 0, 0, dense, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

// say tells a screen reader.
export function say(text) {
  document.getElementById("say").textContent = text;
}

// copy puts text into the clipboard, also where a page of a file may not ask for it.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { css: { position: "fixed", top: "0", opacity: "0" }, "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
