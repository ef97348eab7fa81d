// A page that is served while its search runs: how far that is, and the front as it grows.

import { el, say, show } from "./dom.js";

const EVERY = 1000; // ms between two questions

// follow asks the server at the path for news, shows them in the node, and calls renew with a new report
// when there is one. It ends when the command has.
export function follow(path, node, renew) {
  let version = null, silent = 0;
  const ask = async () => {
    let news;
    try {
      const answer = await fetch(path, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      news = await answer.json();
      silent = 0;
    } catch {
      // A command that ended without a last word was stopped, or its machine is away.
      if (++silent < 3) return setTimeout(ask, EVERY);
      node.dataset.state = "gone";
      return show(node, el("p", { class: "note" }, "The command does not answer any more. What is below is the last it said."));
    }
    show(node, progress(news));
    node.dataset.state = news.ended ? "ended" : "running";
    if (version !== null && news.version !== version) {
      const answer = await fetch("data.json", { cache: "no-store" });
      if (answer.ok) renew(await answer.json());
    }
    version = news.version;
    if (!news.ended) return setTimeout(ask, EVERY);
    say(words(news));
  };
  ask();
}

// words says in one sentence how far the command is.
export function words(news) {
  if (news.ended) return news.error ? `The command ended: ${news.error}` : "The command has come to its end: this is the whole of it.";
  if (!news.stage) return "The command is reading its inputs.";
  return `${news.stage}: ${news.text}`;
}

function progress(news) {
  const bar = !news.ended && news.total > 0 && el("progress", { max: news.total, value: news.done, "aria-label": news.stage });
  return el("div", { class: "note" }, el("p", null, words(news)), bar,
    news.finished.length > 0 && el("ul", null, news.finished.map((line) => el("li", null, line))));
}
