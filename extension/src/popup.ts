/** The popup: the product of the current tab, the person's watches and how they stand, and the way to the settings. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { makeFormat } from "../../src/pennywren/web/client/chart/format.ts";
import { ask, say, sentence } from "./ask.ts";
import { MARKETPLACES, productOf } from "./marketplaces.ts";
import type { Pairing, WatchedProduct } from "./messages.ts";
import { button, ownPage, part } from "./own_page.ts";
import { fill } from "./panel.ts";
import { state } from "./targets.ts";

const main = ownPage(say("name"), "popup");
const body = make("div", { class: "body" });
const foot = make("div", { class: "foot" });
const watches = make("div");
const settings = button(say("settings"), () => void chrome.runtime.openOptionsPage(), "plain");
const head = make("header", { class: "head" }, make("h1", {}, "Pennywren"), settings);
main.append(head, body, foot, part("watches", say("watches"), watches));

const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
const product = productOf(tab?.url ?? "");
if (product) void fill(body, product, () => true, (parts) => foot.replaceChildren(...parts));
else body.replaceChildren(make("p", {}, say("noProduct")));
void showWatches();

async function showWatches(): Promise<void> {
  const answer = await ask({ kind: "pairing" });
  if (answer.kind !== "pairing") {
    watches.replaceChildren(make("p", { role: "status" }, sentence(answer)), button(say("retry"), () => void showWatches()));
    return;
  }
  if (answer.pairing.status !== "paired") {
    watches.replaceChildren(...invitation(answer.pairing));
    return;
  }
  const told = await ask({ kind: "watches" });
  if (told.kind !== "watches") {
    watches.replaceChildren(make("p", { role: "status" }, sentence(told)), button(say("retry"), () => void showWatches()));
  } else if (!told.watches.length) watches.replaceChildren(make("p", {}, say("watches_none")));
  else watches.replaceChildren(make("ul", { class: "watch-list" }, ...told.watches.map(line)));
}

function invitation(pairing: Pairing): HTMLElement[] {
  const text = pairing.status === "waiting" ? say("pair_waiting", pairing.code) : say("watches_unpaired");
  return [make("p", {}, text), button(say("pair_button"), () => void ask({ kind: "open", page: "connect", wish: null }))];
}

function line({ watch, name, currentPrice, low }: WatchedProduct): HTMLElement {
  const { price } = makeFormat(watch.currency, [chrome.i18n.getUILanguage()]);
  const [code, asin] = [watch.productID.slice(0, 2), watch.productID.slice(3)];
  const now = currentPrice === null ? say("none") : price(currentPrice);
  const atLow = currentPrice !== null && currentPrice === low;
  const title = make("a", { href: shopAddress(code, asin), target: "_blank", rel: "noopener", dir: "auto" }, name ?? watch.productID);
  return make("li", {}, title, make("small", {}, `${now} · ${state(watch, currentPrice, price)}${atLow ? ` · ${say("isLowest")}` : ""}`));
}

function shopAddress(code: string, asin: string): string {
  return `https://${MARKETPLACES[code]?.host ?? "www.amazon.com"}/dp/${asin}`;
}
