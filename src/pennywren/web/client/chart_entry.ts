/** The chart of a product's page. The page carries a picture drawn by the server; this puts the live chart in its place. */

import "./chart/chart.css";

import type { History } from "./chart/history.ts";
import { loadHistories } from "./chart/load.ts";
import { mountChart } from "./chart/mount.ts";
import { ENGLISH, GERMAN } from "./chart/words.ts";

/** Asks the server whether what the browser keeps still holds: a price that just came must not wait for a minute. */
const fresh: typeof fetch = (input, init) => fetch(input, { ...init, cache: "no-cache" });

/** Wait until everything is there, then replace the picture at once; if something fails, the picture stays. */
export async function enhance(box: HTMLElement): Promise<void> {
  const { product, offers = "buybox", target } = box.dataset;
  if (!product) return;
  let isBehind = false;
  const behind = (): void => {
    isBehind = true;
  };
  box.addEventListener("pennywren:newer", behind);
  const load = async (): Promise<History[]> => {
    const histories = await loadHistories("", product, offers.split(" "), fresh);
    const known = histories.filter((one) => one.history.length > 0);
    return known.length > 0 ? known : histories.slice(0, 1);
  };
  const known = await load();
  const german = document.documentElement.lang.startsWith("de");
  const own = target ? Number(target) : null;
  const chart = mountChart(box, known, {
    words: german ? GERMAN : ENGLISH,
    target: own,
    locales: [document.documentElement.lang, ...navigator.languages],
    proof: (offer, at) => `/products/${product}/points/${new Date(at).toISOString()}/proof?offer=${offer}`,
  });
  // Whoever hears of a new price (server-sent events) dispatches this on the box.
  const catchUp = (): void => {
    void load().then((newer) => chart.update(newer), () => undefined);
  };
  box.removeEventListener("pennywren:newer", behind);
  box.addEventListener("pennywren:newer", catchUp);
  if (isBehind) catchUp();
  // Whoever tries a target in the form sees it as a line.
  box.addEventListener("pennywren:target", (event) => {
    chart.setTarget((event as CustomEvent<number | null>).detail ?? own);
  });
}
