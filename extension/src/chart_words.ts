/** What the chart says, in the language of the panel. */

import type { Words } from "../../src/pennywren/web/client/chart/words.ts";
import { ENGLISH } from "../../src/pennywren/web/client/chart/words.ts";
import { say } from "./ask.ts";

/** The chart fills in its places itself, so each is filled in with its own name here. */
export function chartWords(): Words {
  const words = Object.entries(ENGLISH).map(([key, english]) => {
    const places = [...english.matchAll(/\{\w+\}/g)].map(([place]) => place);
    return [key, say(`chart_${key.replaceAll(".", "_")}`, ...places) || english];
  });
  return Object.fromEntries(words) as Words;
}
