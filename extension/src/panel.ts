/** What panel and popup show of a product: numbers first, then the chart; or a sentence and a way on. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { makeFormat } from "../../src/pennywren/web/client/chart/format.ts";
import type { Chart } from "../../src/pennywren/web/client/chart/mount.ts";
import { mountChart } from "../../src/pennywren/web/client/chart/mount.ts";
import { ENGLISH, GERMAN } from "../../src/pennywren/web/client/chart/words.ts";
import type { Answer, Product, Question, Trouble } from "./messages.ts";

const say = (name: string, ...values: string[]): string => chrome.i18n.getMessage(name, values);

/** Fill `body` with what is known of a product. Each call replaces what was there. */
export async function fill(body: HTMLElement, product: string, isCurrent: () => boolean): Promise<void> {
  body.replaceChildren(make("p", { class: "quiet", role: "status" }, say("loading")));
  const answer = await ask({ kind: "show", product });
  if (!isCurrent()) return;
  if (answer.kind !== "history") {
    body.replaceChildren(...sentences(body, product, answer, isCurrent));
    return;
  }
  const locale = chrome.i18n.getUILanguage();
  if (answer.histories.every((history) => history.history.length === 0)) {
    body.replaceChildren(make("p", {}, say("begun")), link(answer.page));
    return;
  }
  const box = make("div", { class: "box" });
  body.replaceChildren(numbers(answer.product, locale), box, link(answer.page));
  const shown = answer.histories.filter((history, i) => i === 0 || history.history.length > 0);
  const chart: Chart = mountChart(box, shown, { words: locale.startsWith("de") ? GERMAN : ENGLISH, locales: [locale] });
  void chart;
}

function numbers(product: Product, locale: string): HTMLElement {
  const format = makeFormat(product.currency, [locale]);
  const main = product.offers["buybox"];
  const rows: [string, number | null | undefined][] = [
    [say("now"), product.currentPrice],
    [say("low"), main?.low],
    [say("high"), main?.high],
  ];
  const list = make("dl", { class: "numbers" });
  for (const [name, price] of rows) {
    const text = price === null || price === undefined ? say("none") : format.price(price);
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, text)));
  }
  if (main?.low !== null && main?.low === product.currentPrice && main.low !== main.high) {
    list.append(make("div", { class: "best" }, make("dt", {}, say("isLowest"))));
  }
  return list;
}

function sentences(body: HTMLElement, product: string, answer: Answer, isCurrent: () => boolean): HTMLElement[] {
  if (answer.kind === "tracked") return [make("p", { role: "status" }, say("begun"))];
  const trouble: Trouble = answer.kind === "trouble" ? answer.trouble : "broken";
  const wait = answer.kind === "trouble" && answer.retryAfter ? String(answer.retryAfter) : "60";
  const retry = make("button", { type: "button" }, say(trouble === "unknown" ? "follow" : "retry"));
  retry.addEventListener("click", () => {
    if (trouble !== "unknown") {
      void fill(body, product, isCurrent);
      return;
    }
    retry.disabled = true;
    void ask({ kind: "track", product }).then((told) => {
      if (isCurrent()) body.replaceChildren(...sentences(body, product, told, isCurrent));
    });
  });
  return [make("p", { role: "status" }, say(`trouble_${trouble}`, wait)), retry];
}

function link(address: string): HTMLElement {
  return make("p", { class: "more" }, make("a", { href: `${address}#watch`, target: "_blank", rel: "noopener" }, say("watch")));
}

async function ask(question: Question): Promise<Answer> {
  try {
    const answer = (await chrome.runtime.sendMessage(question)) as Answer | undefined;
    return answer ?? { kind: "trouble", trouble: "broken", retryAfter: null };
  } catch {
    // The extension was updated or switched off while this page stayed open.
    return { kind: "trouble", trouble: "broken", retryAfter: null };
  }
}
