/** Where the panel stands in a product page: under the price or the title, else free of it, in front of the window. */

import type { Position } from "./settings.ts";

/** In the middle column: the buy box beside it has prices of its own, and comes first in the source. */
const ANCHORS: Readonly<Record<"price" | "title", string>> = {
  price: "#apex_desktop, #corePriceDisplay_desktop_feature_div, #corePrice_desktop, #corePriceDisplay_mobile_feature_div",
  title: "#title_feature_div, #titleSection",
};
/** A page that throws us out again and again is left in peace: the panel moves to the corner. */
const PATIENCE = 30;

export class Place {
  readonly #host: HTMLElement;
  #moves = 0;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** Put the panel where it belongs, if it is not there. `waiting`: the page is still coming, so no corner yet. */
  settle(position: Position, waiting: boolean): void {
    const inPage = position === "price" || position === "title";
    const anchor = inPage && this.#moves <= PATIENCE ? document.querySelector(ANCHORS[position]) : null;
    this.#host.classList.toggle("free", position === "free");
    if (anchor ? anchor.nextElementSibling === this.#host : this.#isInFront()) return;
    if (inPage && !anchor && waiting) return;
    this.#moves += 1;
    this.#host.classList.toggle("front", !anchor);
    if (anchor) anchor.after(this.#host);
    else document.documentElement.append(this.#host);
  }

  /** Somebody chose another place: that is no fight. */
  moved(): void {
    this.#moves = 0;
  }

  #isInFront(): boolean {
    return this.#host.isConnected && this.#host.parentElement === document.documentElement;
  }
}
