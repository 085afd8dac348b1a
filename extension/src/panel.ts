/** What panel and popup show of a product: numbers first, then the chart; or a sentence and a way on. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { makeFormat } from "../../src/pennywren/web/client/chart/format.ts";
import { prepare } from "../../src/pennywren/web/client/chart/history.ts";
import { mountChart } from "../../src/pennywren/web/client/chart/mount.ts";
import { statistics } from "../../src/pennywren/web/client/chart/statistics.ts";
import { ask, say, sentence } from "./ask.ts";
import { chartWords } from "./chart_words.ts";
import type { Answer } from "./messages.ts";
import { targets } from "./targets.ts";

type Shown = Answer & { kind: "history" };
const YEAR = 365 * 86_400_000;

/** Fill `body` with what is known of a product, and what can be done about it with `act`. Replaces what was there. */
export async function fill(
  body: HTMLElement, product: string, isCurrent: () => boolean, act: (parts: HTMLElement[]) => void,
): Promise<void> {
  body.replaceChildren(make("p", { class: "quiet", role: "status" }, say("loading")));
  act([]);
  const answer = await ask({ kind: "show", product });
  if (!isCurrent()) return;
  const again = (): void => void fill(body, product, isCurrent, act);
  if (answer.kind !== "history") {
    body.replaceChildren(...sentences(body, product, answer, again));
    return;
  }
  const locale = chrome.i18n.getUILanguage();
  const known = answer.histories.some((history) => history.history.length > 0);
  if (!known) body.replaceChildren(make("p", { role: "status" }, say("begun")), link(answer.page));
  else {
    const box = make("div", { class: "box" });
    body.replaceChildren(numbers(answer, locale), box, link(answer.page));
    const shown = answer.histories.filter((history, i) => i === 0 || history.history.length > 0);
    const target = answer.watches.find((watch) => watch.threshold !== null)?.threshold ?? null;
    const chart = mountChart(box, shown, { words: chartWords(), locales: [locale], target });
    act(targets(answer, locale, (moved) => chart.setTarget(moved)));
    return;
  }
  act(targets(answer, locale, () => undefined));
}

function numbers({ product, histories }: Shown, locale: string): HTMLElement {
  const format = makeFormat(product.currency, [locale]);
  const main = product.offers["buybox"];
  const now = Date.now();
  const past = histories[0] ? statistics(prepare(histories[0], now), now - YEAR, now) : null;
  const usual = past?.typical ? (past.typical.low + past.typical.high) / 2 : null;
  const rows: [string, number | null | undefined][] = [
    [say("now"), product.currentPrice], [say("low"), main?.low], [say("typical"), usual], [say("high"), main?.high],
  ];
  const list = make("dl", { class: "numbers" });
  for (const [name, price] of rows) {
    if (name === say("typical") && price === null) continue;
    const text = price === null || price === undefined ? say("none") : format.price(Math.round(price));
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, make("bdi", {}, text))));
  }
  const lowest = main !== undefined && main.low !== null && main.low === product.currentPrice && main.low !== main.high;
  const verdict = lowest ? "isLowest" : past?.verdict ? `verdict_${past.verdict}` : null;
  if (verdict) list.append(make("div", { class: `verdict ${lowest ? "low" : (past?.verdict ?? "")}` }, make("dt", {}, say(verdict))));
  return list;
}

function sentences(body: HTMLElement, product: string, answer: Answer, again: () => void): HTMLElement[] {
  if (answer.kind === "tracked") return [make("p", { role: "status" }, say("begun"))];
  const unknown = answer.kind === "trouble" && answer.trouble === "unknown";
  const button = make("button", { type: "button" }, say(unknown ? "follow" : "retry"));
  button.addEventListener("click", () => {
    if (!unknown) {
      again();
      return;
    }
    button.disabled = true;
    void ask({ kind: "track", product }).then((told) => body.replaceChildren(...sentences(body, product, told, again)));
  });
  return [make("p", { role: "status" }, sentence(answer)), button];
}

function link(address: string): HTMLElement {
  return make("p", { class: "more" }, make("a", { href: address, target: "_blank", rel: "noopener" }, say("more")));
}
