/** The chart in a few sentences, for who does not see it, and for who wants it short. */

import type { Format } from "./format.ts";
import type { Series } from "./history.ts";
import { statistics } from "./statistics.ts";
import type { Words } from "./words.ts";
import { fill } from "./words.ts";

/** What an offer is called. */
export function offerName(offer: string, words: Words): string {
  const known = words as unknown as Record<string, string>;
  return known[`offer.${offer}`] ?? offer;
}

/** Sentences about [start, end) of one series; no verdict where there is too little history. */
export function summarize(series: Series, start: number, end: number, words: Words, format: Format): string {
  const found = statistics(series, start, end);
  if (!found) return words["summary.empty"];
  const offer = offerName(series.offer, words);
  const said = [
    found.unseenSince !== null
      ? fill(words["summary.unseen"], { offer, date: format.day(found.unseenSince) })
      : found.now === null
      ? fill(words["summary.none"], { offer })
      : fill(words["summary.now"], { offer, price: format.price(found.now) }),
    found.low === found.high
      ? fill(words["summary.onlyPrice"], { price: format.price(found.low) })
      : fill(words["summary.extremes"], {
        low: format.price(found.low),
        lowDate: format.day(found.lowAt),
        high: format.price(found.high),
        highDate: format.day(found.highAt),
      }),
  ];
  if (!found.typical) {
    const days = Math.floor(found.days);
    said.push(days < 1 ? words["summary.begun"] : fill(words["summary.short"], { days: format.days(days) }));
    return said.join(" ");
  }
  if (found.low < found.high) said.push(usual(found.typical, words, format));
  const verdicts = { low: words["summary.low"], typical: words["summary.average"], high: words["summary.high"] };
  if (found.verdict) said.push(verdicts[found.verdict]);
  return said.join(" ");
}

/** A price that held most of the time is no band. */
function usual({ low, high }: { low: number; high: number }, words: Words, format: Format): string {
  return low === high
    ? fill(words["summary.typicalPrice"], { price: format.price(low) })
    : fill(words["summary.typical"], { low: format.price(low), high: format.price(high) });
}
