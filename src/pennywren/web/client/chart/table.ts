/** The figures behind the chart, newest first. */

import { make } from "./dom.ts";
import type { Format } from "./format.ts";
import type { Series } from "./history.ts";
import { isSeen, within } from "./history.ts";
import type { Window } from "./ranges.ts";
import { offerName } from "./summary.ts";
import type { Words } from "./words.ts";

/** Where the proof of what was believed of an offer at a moment is. */
export type Proof = (offer: string, at: number) => string;

export function proofLink(proof: Proof, offer: string, at: number, words: Words, format: Format): HTMLAnchorElement {
  return make("a", { href: proof(offer, at), "aria-label": `${words.proof} ${format.moment(at)}` }, words.proof);
}

/** Rows that one table shows at most; the CSV has all. */
export const MAX_ROWS = 500;

export function dataTable(series: readonly Series[], window: Window, words: Words, format: Format, proof?: Proof): HTMLTableElement {
  const head = make("tr");
  for (const title of [words.when, words.until, words.offer, words.price, words.state, ...(proof ? [words.proof] : [])]) {
    head.append(make("th", { scope: "col" }, title));
  }
  const rows = series
    .flatMap((one) => within(one, window.start, window.end).map((stretch) => ({ offer: one.offer, ...stretch })))
    .sort((a, b) => b.start - a.start)
    .slice(0, MAX_ROWS);
  const body = make("tbody");
  for (const row of rows) {
    const price = isSeen(row.state) || row.state === "unconfirmed" ? row.price : null;
    body.append(
      make(
        "tr",
        {},
        make("td", {}, format.moment(row.start)),
        make("td", {}, format.moment(row.end)),
        make("td", {}, offerName(row.offer, words)),
        make("td", { class: "pw-figure" }, price === null ? "–" : format.price(price)),
        make("td", {}, words[`state.${row.state}`]),
        ...(proof ? [make("td", {}, row.state === "notObserved" ? "" : proofLink(proof, row.offer, row.start, words, format))] : []),
      ),
    );
  }
  return make("table", {}, make("thead", {}, head), body);
}
