/** Targets to choose with one click, and the state of the watch that there is. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { makeFormat } from "../../src/pennywren/web/client/chart/format.ts";
import { ask, say, sentence } from "./ask.ts";
import type { Answer, Watch } from "./messages.ts";

const MOST = 4;

/** What stands below the chart; `moved` hears of the target in force, null for none. */
export function targets(shown: Answer & { kind: "history" }, locale: string, moved: (target: number | null) => void): HTMLElement[] {
  const { product, suggestions, paired } = shown;
  const format = makeFormat(product.currency, [locale]);
  const told = make("p", { role: "status", class: "told" });
  const row = make("div", { class: "targets", role: "group", "aria-label": say("watch") });
  let watch: Watch | null = shown.watches.find((each) => each.threshold !== null) ?? shown.watches[0] ?? null;

  const draw = (): void => {
    told.textContent = watch ? state(watch, product.currentPrice, format.price) : say("watch");
    row.replaceChildren();
    const seen = new Set<number>();
    for (const { threshold } of suggestions) {
      if (seen.has(threshold) || seen.size >= MOST) continue;
      seen.add(threshold);
      const chosen = watch?.threshold === threshold;
      const button = make("button", { type: "button", "aria-pressed": String(chosen) }, make("bdi", {}, format.price(threshold)));
      button.addEventListener("click", () => void choose(threshold));
      row.append(button);
    }
    if (watch) {
      const stop = make("button", { type: "button", class: "plain" }, say("stop"));
      stop.addEventListener("click", () => void settle(ask({ kind: "unwatch", product: product.productID })));
      row.append(stop);
    }
  };
  const choose = async (threshold: number): Promise<void> => {
    if (!paired) {
      // What is typed on a shop's page the shop could hear: the address is asked for on a page of ours.
      await ask({ kind: "open", page: "connect", wish: { product: product.productID, threshold } });
      return;
    }
    await settle(ask({ kind: "watch", product: product.productID, threshold }));
  };
  const settle = async (asked: Promise<Answer>): Promise<void> => {
    for (const button of row.querySelectorAll("button")) button.disabled = true;
    const answer = await asked;
    if (answer.kind === "watch") {
      watch = answer.watch;
      moved(watch?.threshold ?? null);
      draw();
      return;
    }
    draw();
    told.textContent = sentence(answer);
  };
  draw();
  return suggestions.length || watch ? [told, row] : [];
}

/** What a watch waits for, and whether it has come. */
export function state(watch: Watch, now: number | null, price: (minor: number) => string): string {
  if (watch.state !== "active") return say("watch_resting");
  if (watch.threshold === null) return say("watch_other");
  return say(now !== null && now <= watch.threshold ? "watch_met" : "watch_on", price(watch.threshold));
}
