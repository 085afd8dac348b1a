/** Reading the price of the page in idle moments, and passing it on once it is settled. Nothing in the page waits for it. */

import { ask } from "./ask.ts";
import type { Reading } from "./page/read.ts";
import { readPage } from "./page/read.ts";

/** A page that is still changing shows things that do not belong together: only what is read twice counts. */
const BETWEEN = 1200;
const TRIES = 8;

export function watchPrice(product: string, isCurrent: () => boolean): void {
  // What somebody does in a private window stays there.
  if (chrome.extension.inIncognitoContext) return;
  let before = "";
  let left = TRIES;
  const look = (): void => {
    if (!isCurrent()) return;
    const reading = readPage(document, location.href);
    const now = JSON.stringify(reading);
    if (now === before && isSeen(reading, product)) {
      void ask({ kind: "report", seen: reading.seen });
      return;
    }
    before = now;
    left -= 1;
    if (left > 0) setTimeout(() => whenIdle(look), BETWEEN);
  };
  whenIdle(look);
}

function isSeen(reading: Reading, product: string): reading is Reading & { kind: "seen" } {
  return reading.kind === "seen" && reading.seen.productID === product;
}

function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(() => work(), { timeout: 5000 });
  else setTimeout(work, 200);
}
