/** The places of a product page that say what it costs now. Each is read by itself; `read.ts` compares them. */

import type { Marketplace } from "../marketplaces.ts";
import { isSymbol, minorDigits, readAmount, readGroups, readPlain, tidy } from "./money.ts";

export type Row = "main" | "prime" | "other";

export interface Place {
  /** What it was made from: two places of one family are not independent of each other. */
  readonly family: string;
  /**
   * `shown` to the visitor as the price; `told` by the page to its own forms and scripts; `beside` it for another purpose,
   * which can confirm a price and whose dissent says nothing.
   */
  readonly weight: "shown" | "told" | "beside";
  /** The readings that the text allows, in minor units; none where it is garbled. */
  readonly amounts: readonly number[];
  /** Whether it names the marketplace's own currency. */
  readonly signed: boolean;
}

const BUY_BOX = /^(?:buybox|buyBoxAccordion|desktop_buybox|qualifiedBuybox|rightCol|apex_offerDisplay|mobile_buybox)/;
const HEADLINE = '[id^="corePriceDisplay_"] .a-price, [id^="corePrice_desktop"] .a-price, [id^="corePrice_mobile"] .a-price';
const BLOCKS = '[id^="corePrice"], [id^="apex_desktop"]';
const PAYABLE = ["priceToPay", "apexPriceToPay", "apex-pricetopay-value", "reinventPricePriceToPayMargin", "reinventPriceAccordionT2"];
const NOT_PRICES = [
  "pricePerUnit", "apex-priceperunit-value", "basisPrice", "apex-basisprice-value", "a-text-strike", "qs-widget-price",
  "apex-priceperunit-accessibility-label", "a-price-range",
];
const ROWS: readonly (readonly [Row, RegExp])[] = [
  // A one-time purchase inside a subscription block is the plain price again, so it is asked first.
  ["main", /^one-?time/i],
  ["other", /^(?:mbc|olp|aod|all-offers|dynamic-aod|unqualified|sims|similarit|percolate|warranty|bundle|bxgy|aplus|vse|a-popover|twister-plus-tool|tmm|MediaMatrix|sp_detail|HLCX|CardInstance|moreBuying|mmc|session|comparison|variation_|inline-twister|tp-inline|attach|rhf|nav|desktop-dp-sims|newer-version|replacement|quantityTier)/],
  ["other", /^(?:sns|subscri|apex_desktop_sns|rcx|buyBack|trade-?in|exchange|apex_desktop_buyBack)/i],
  ["other", /^(?:rent(?:al|BuySection|(?:Offer)?AccordionRow|_|$)|apex_desktop_rent)/i],
  ["other", /^(?:used(?:BuySection|(?:Offer)?AccordionRow|Price|BuyBox|_|-|$)|apex_desktop_used|buyUsed|warehouse)/i],
  ["prime", /^(?:prime(?:Exclusive|Deal|Savings|Upsell|AccordionRow)|dealsAccordionRow|apex_desktop_(?:prime|deals))/],
];

/** Which way of buying an element belongs to: the nearest parent that says so decides. */
export function rowOf(element: Element): Row {
  for (let up: Element | null = element; up; up = up.parentElement) {
    const known = up.id && ROWS.find(([, pattern]) => pattern.test(up?.id ?? ""));
    if (known) return known[0];
  }
  return "main";
}

/** What the visitor reads as the price to pay, and what the page tells its own forms and scripts. */
export function placesOf(page: Document, market: Marketplace): Place[] {
  return [...shown(page, market), ...told(page, market)];
}

/** Whether a block of prices names a span of them, because a size or colour is not chosen yet. */
export function showsRange(page: Document): boolean {
  return [...page.querySelectorAll(".a-price-range")].some((element) => element.closest(BLOCKS));
}

function shown(page: Document, market: Marketplace): Place[] {
  // The first price of each box: instalments and the like come after it. Pages repeat this id.
  const boxes = [...page.querySelectorAll('[id="corePrice_feature_div"]')]
    .map((holder) => [...holder.querySelectorAll(".a-price")].find(isPayable))
    .filter((element) => element !== undefined);
  const candidates = [...page.querySelectorAll(HEADLINE)].filter(isPayable);
  const named = candidates.filter((element) => PAYABLE.some((name) => element.classList.contains(name)));
  const elements = new Set([...boxes, ...(named.length ? named : candidates)]);
  const places: Place[] = [];
  for (const element of elements) {
    if (rowOf(element) !== "main") continue;
    const amounts = readElement(element, market);
    const family = isInside(element, BUY_BOX) ? "box" : "headline";
    if (amounts) places.push({ family, weight: "shown", amounts, signed: isSigned(element) });
  }
  // Digital books have it in a plain text.
  for (const element of page.querySelectorAll("#kindle-price")) {
    const amount = readAmount(element.textContent ?? "", market);
    const amounts = amount === null ? [] : [amount];
    if (rowOf(element) === "main") places.push({ family: "headline", weight: "shown", amounts, signed: isSigned(element) });
  }
  return places;
}

/** The texts of one `.a-price` must say the same, or it is garbled (no amounts); null where it is empty. */
export function readElement(element: Element, market: Marketplace): number[] | null {
  const readings: (number | null)[] = [];
  const spoken = tidy(element.querySelector(".a-offscreen")?.textContent ?? "");
  if (spoken) readings.push(readAmount(spoken, market));
  const whole = element.querySelector(".a-price-whole");
  if (whole) readings.push(readParts(element, whole, market));
  else {
    const eye = tidy(element.querySelector("[aria-hidden=true]")?.textContent ?? "");
    if (eye) readings.push(readAmount(eye, market));
  }
  if (!readings.length) return null;
  const [first = null] = readings;
  return first !== null && readings.every((reading) => reading === first) ? [first] : [];
}

function readParts(element: Element, whole: Element, market: Marketplace): number | null {
  const symbol = tidy(element.querySelector(".a-price-symbol")?.textContent ?? "");
  if (symbol && !isSymbol(symbol, market)) return null;
  const digits = minorDigits(market.currency);
  const text = tidy(whole.textContent ?? "");
  const main = readGroups(text.replace(/[.,]$/, ""), market.currency);
  const cents = tidy(element.querySelector(".a-price-fraction")?.textContent ?? "");
  const split = /[.,]$/.test(text);
  if (main === null || split !== Boolean(cents) || (cents && (digits === 0 || !new RegExp(`^[0-9]{${digits}}$`).test(cents)))) return null;
  return main * 10 ** digits + Number(cents || "0");
}

/** The currencies that the page's forms would be paid in. */
export function formCurrencies(page: Document): string[] {
  return [...page.querySelectorAll('input[name$="[customerVisiblePrice][currencyCode]"]')]
    .map((element) => element.getAttribute("value") ?? "").filter(Boolean);
}

/** Whether a price is written with more than its number. */
export function isSigned(element: Element): boolean {
  return /[^0-9.,' ]/.test(tidy(element.textContent ?? ""));
}

function isPayable(element: Element): boolean {
  let up: Element | null = element;
  for (let depth = 0; up && depth < 5; depth += 1, up = up.parentElement) {
    const own = up.classList;
    if (up.getAttribute("data-a-strike") === "true" || NOT_PRICES.some((name) => own.contains(name))) return false;
  }
  return !element.classList.contains("a-text-price") || PAYABLE.some((name) => element.classList.contains(name));
}

function isInside(element: Element, pattern: RegExp): boolean {
  for (let up: Element | null = element; up; up = up.parentElement) if (pattern.test(up.id)) return true;
  return false;
}

function told(page: Document, market: Marketplace): Place[] {
  const places: Place[] = [];
  const add = (family: string, element: Element, amounts: (number | null)[]): void => {
    const read = amounts.filter((amount) => amount !== null && amount > 0) as number[];
    if (read.length && rowOf(element) === "main") places.push({ family, weight: "told", amounts: read, signed: false });
  };
  const plain = (family: string, selector: string, name = "value"): void => {
    for (const element of page.querySelectorAll(selector)) {
      add(family, element, [readPlain(element.getAttribute(name) ?? "", market.currency)]);
    }
  };
  plain("form", 'input[name$="[customerVisiblePrice][amount]"], input[name="displayedPrice"]');
  for (const element of page.querySelectorAll('input[name$="[customerVisiblePrice][displayString]"]')) {
    add("form", element, [readAmount(element.getAttribute("value") ?? "", market)]);
  }
  plain("attach", "#attach-base-product-price");
  plain("metrics", "#cerberus-data-metrics", "data-asin-price");
  for (const element of page.querySelectorAll("#twister-plus-price-data-price")) {
    const value = element.getAttribute("value") ?? "";
    // Where the page writes a decimal comma, this one has lost it ("8,00" became "800").
    const readings = new Set([readPlain(value, market.currency), /^[0-9]{3,12}$/.test(value) ? Number(value) : null]);
    const read = [...readings].filter((amount) => amount !== null && amount > 0) as number[];
    // Every row repeats the main price here, so the row it stands in says nothing.
    if (read.length) places.push({ family: "twister", weight: "told", amounts: read, signed: false });
  }
  return places;
}
