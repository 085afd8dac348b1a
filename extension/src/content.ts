/**
 * The panel on a product page: once, where the person wants it, also when the shop draws its page anew or changes the
 * variation without a reload. Its size is fixed from the first moment, so that nothing moves when the history comes.
 */

import chartStyle from "../../src/pennywren/web/client/chart/chart.css";
import { ask } from "./ask.ts";
import { Frame } from "./frame.ts";
import { hint, remember } from "./hint.ts";
import { productOf } from "./marketplaces.ts";
import { fill } from "./panel.ts";
import panelStyle from "./panel.css";
import { Place } from "./place.ts";
import type { Layout } from "./settings.ts";
import { readLayout } from "./settings.ts";
import { watchPrice } from "./sight.ts";

const NAME = "pennywren-panel";
/** At most one look at the page in so many ms, however much it changes. */
const PAUSE = 300;

const host = document.createElement(NAME);
const place = new Place(host);
// Asking takes longer than the first paint: until it is known, its room is kept where it was last.
let layout: Layout = hint();
let shown: string | null = null;
let frame: Frame | null = null;
let known: Promise<void> | null = null;
/** How it lay before it was dragged, while it is. */
let before: Layout | null = null;
let storing: ReturnType<typeof setTimeout> | undefined;

function build(): Frame {
  return new Frame(host, `${chartStyle}\n${panelStyle}`, layout, {
    fold: (folded) => {
      layout = { ...layout, folded };
      keep({ folded });
    },
    move: (position) => {
      clearTimeout(storing);
      stand({ ...layout, position });
      keep({ position });
    },
    dragged: {
      to: (spot) => {
        before ??= layout;
        stand({ ...layout, position: "free", spot });
      },
      stay: () => {
        before = null;
        clearTimeout(storing);
        // A key that is held down moves it many times a second; the browser stores about twice a second.
        storing = setTimeout(() => keep({ position: "free", spot: layout.spot }), PAUSE);
      },
      back: () => {
        if (before) stand(before);
        before = null;
      },
    },
    settings: () => void ask({ kind: "open", page: "options" }),
  });
}

function keep(change: Partial<Layout>): void {
  void chrome.storage.sync.set(change);
  remember(layout);
}

/** Somebody moves the panel. */
function stand(chosen: Layout): void {
  layout = chosen;
  frame?.apply(layout);
  place.moved();
  settle();
}

async function present(product: string): Promise<void> {
  shown = product;
  const isCurrent = (): boolean => shown === product;
  const here = (frame ??= build());
  settle();
  await (known ??= readLayout().then((stored) => {
    layout = stored;
    remember(stored);
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
