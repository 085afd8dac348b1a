/** The panel on a product page: once, beside the page and never in its way, also when the shop changes the variation. */

import chartStyle from "../../src/pennywren/web/client/chart/chart.css";
import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { productOf } from "./marketplaces.ts";
import { fill } from "./panel.ts";
import panelStyle from "./panel.css";
import { readSettings } from "./settings.ts";

const NAME = "pennywren-panel";
const PAUSE = 400;

let shown: string | null = null;

function styled(shadow: ShadowRoot): void {
  const text = `${chartStyle}\n${panelStyle}`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    // Firefox keeps constructed sheets from content scripts.
    shadow.append(make("style", {}, text));
  }
}

async function present(product: string): Promise<void> {
  shown = product;
  document.querySelectorAll(NAME).forEach((old) => old.remove());
  const { folded } = await readSettings();
  if (shown !== product) return;
  const host = document.createElement(NAME);
  const shadow = host.attachShadow({ mode: "closed" });
  styled(shadow);
  const body = make("div", { class: "body", id: "body" });
  const fold = make("button", { type: "button", class: "fold", "aria-expanded": String(!folded), "aria-controls": "body" }, "Pennywren");
  const panel = make("section", { class: "panel", "aria-label": chrome.i18n.getMessage("panel"), dir: "auto" }, fold, body);
  shadow.append(panel);
  let filled = false;
  const show = (open: boolean): void => {
    body.hidden = !open;
    fold.setAttribute("aria-expanded", String(open));
    if (open && !filled) {
      filled = true;
      void fill(body, product, () => shown === product);
    }
  };
  fold.addEventListener("click", () => {
    const open = body.hidden !== false;
    show(open);
    void chrome.storage.local.set({ folded: !open });
  });
  document.documentElement.append(host);
  show(!folded);
}

function look(): void {
  const product = productOf(location.href);
  if (product === null) {
    shown = null;
    document.querySelectorAll(NAME).forEach((old) => old.remove());
  } else if (product !== shown || !document.querySelector(NAME)) void present(product);
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    look();
  }, PAUSE);
}).observe(document.documentElement, { childList: true, subtree: true });
addEventListener("popstate", look);
look();
