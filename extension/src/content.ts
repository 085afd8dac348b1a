/**
 * The panel on a product page: once, where the person wants it, also when the shop draws its page anew or changes the
 * variation without a reload. Its size is fixed from the first moment, so that nothing moves when the history comes.
 */

import chartStyle from "../../src/pennywren/web/client/chart/chart.css";
import { ask } from "./ask.ts";
import { Frame } from "./frame.ts";
import { productOf } from "./marketplaces.ts";
import { fill } from "./panel.ts";
import panelStyle from "./panel.css";
import { Place } from "./place.ts";
import type { Layout } from "./settings.ts";
import { readLayout, USUAL } from "./settings.ts";
import { watchPrice } from "./sight.ts";

const NAME = "pennywren-panel";
/** At most one look at the page in so many ms, however much it changes. */
const PAUSE = 300;

const host = document.createElement(NAME);
const place = new Place(host);
// Until it is known otherwise, its room is kept where it is for most people: asking takes longer than the first paint.
let layout: Layout = USUAL;
let shown: string | null = null;
let frame: Frame | null = null;
let known: Promise<void> | null = null;

function build(): Frame {
  return new Frame(host, `${chartStyle}\n${panelStyle}`, layout, {
    fold: (folded) => void chrome.storage.sync.set({ folded }),
    move: (position) => {
      layout = { ...layout, position };
      place.moved();
      settle();
      void chrome.storage.sync.set({ position });
    },
    settings: () => void ask({ kind: "open", page: "options" }),
  });
}

async function present(product: string): Promise<void> {
  shown = product;
  const isCurrent = (): boolean => shown === product;
  const here = (frame ??= build());
  settle();
  await (known ??= readLayout().then((stored) => {
    layout = stored;
    here.apply(stored);
  }));
  if (!isCurrent()) return;
  settle();
  here.open((body) => void fill(body, product, isCurrent, (parts) => here.foot.replaceChildren(...parts)));
  const answer = await ask({ kind: "begin" });
  if (answer.kind === "begun" && answer.reporting && isCurrent()) watchPrice(product, isCurrent);
}

/** Be where the person wants it, and only once. */
function settle(): void {
  if (shown === null) return;
  document.querySelectorAll(NAME).forEach((other) => other !== host && other.remove());
  place.settle(layout.position, document.readyState === "loading");
}

function look(): void {
  const product = productOf(location.href);
  if (product === null) {
    shown = null;
    host.remove();
  } else if (product !== shown) void present(product);
  else settle();
}

let waiting = false;
new MutationObserver(() => {
  if (document.readyState === "loading") {
    // While the page comes, its place is taken before it is painted.
    settle();
    return;
  }
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    look();
  }, PAUSE);
}).observe(document, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", look);
addEventListener("popstate", look);
look();
