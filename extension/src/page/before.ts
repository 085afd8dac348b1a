/** The layouts of 2010 to 2019: `.priceLarge` in `#priceBlock`, then `#priceblock_…`; some shops and saved pages have them still. */

import type { Marketplace } from "../marketplaces.ts";
import { isSymbol, minorDigits, readAmount, readGroups, tidy } from "./money.ts";
import type { Place } from "./places.ts";
import { isSigned, readElement, rowOf } from "./places.ts";

const DEALS = "#priceblock_dealprice, #priceblock_saleprice, #priceblock_pospromoprice";
const USUAL = "#priceblock_ourprice, #actualPriceValue, #buyingPriceValue";
const LARGE = "#priceBlock .priceLarge, #actualPriceRow .priceLarge, #actualPriceContent .priceLarge, #buyingPriceBlock .priceLarge";
const BOX = "#price_inside_buybox, #newBuyBoxPrice, #soldByThirdParty .price3P, #buybox .price3P";
const LABELS = "#priceblock_ourprice_lbl, #priceblock_saleprice_lbl, #priceblock_dealprice_lbl";
const FROM = /^(?:from|ab|à partir de|a partir de|desde|da|a partire da|vanaf|från|od|başlayan)(?![\p{L}\p{N}])|(?:から|より|起)\W{0,3}$/iu;
const LIST_PRICE = "#priceBlock .listprice, #listPriceValue, #actualPriceValue .listprice, #price .a-text-strike";
const SAVED = "#priceBlock .youSavePriceRow .price, #youSaveValue, #regularprice_savings .a-color-price, #dealprice_savings .a-color-price";
const RAISED = ".price-info-superscript, .priceToPayPadding, sup";
/** "(5%)" after what is saved, "(€ 2,10 / 100 g)" after a price. */
const TAIL = / ?\([^()]{1,60}\)$/;

/** What these layouts say. A deal's price replaces the usual one, which then stands beside it as an old price. */
export function placesBefore(page: Document, market: Marketplace, asin: string): Place[] {
  const read = (family: string, selector: string): Place[] =>
    [...page.querySelectorAll(selector)].map((element) => readOld(element, family, market)).filter((place) => place !== null);
  const deals = read("headline", DEALS);
  const headline = deals.length ? deals : read("headline", `${USUAL}, ${LARGE}`);
  return [...headline, ...read("box", BOX), ...besides(page, market, asin)];
}

/** Whether the price is the lowest of several ("From: $119.99"), because something has to be chosen first. */
export function saysFrom(page: Document): boolean {
  return [...page.querySelectorAll(LABELS)].some((label) => FROM.test(tidy(label.textContent ?? "").replace(/[ :：]+$/, "")));
}

function readOld(element: Element, family: string, market: Marketplace): Place | null {
  const text = tidy(element.textContent ?? "").replace(TAIL, "");
  if (!text || rowOf(element) !== "main") return null;
  const inner = element.matches(".a-price") ? element : element.querySelector(".a-price");
  // Cents that are raised have no point before them, so as one text they are a hundred times too much.
  const amount = element.querySelector(RAISED) ? readRaised(element, market) : readAmount(text, market);
  const amounts = inner ? readElement(inner, market) : amount === null ? [] : [amount];
  // India drew its sign: `<span class="currencyINR">`.
  const drawn = element.querySelector(`[class^="currency${market.currency}"]`) !== null;
  return amounts && { family, weight: "shown", amounts, signed: drawn || isSigned(element) };
}

/** `$ 17 ⁹⁵`: the years around 2016 wrote cents as a raised second element without a point. */
function readRaised(element: Element, market: Marketplace): number | null {
  const pieces: string[] = [];
  const texts = element.ownerDocument.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) pieces.push(tidy(texts.currentNode.textContent ?? ""));
  const [sign = "", whole = "", cents = "", ...more] = pieces.filter(Boolean);
  const digits = minorDigits(market.currency);
  const main = readGroups(whole, market.currency);
  if (more.length || !isSymbol(sign, market) || main === null || !digits || !new RegExp(`^[0-9]{${digits}}$`).test(cents)) return null;
  return main * 10 ** digits + Number(cents);
}

/** What stands elsewhere: the bar on top, the list of offers, and the sum "list price less what you save". */
function besides(page: Document, market: Marketplace, asin: string): Place[] {
  const amountsOf = (elements: Iterable<Element>): number[] =>
    [...elements].map((each) => readAmount(tidy(each.textContent ?? "").replace(TAIL, ""), market)).filter((amount) => amount !== null);
  const link = `a[href*="/offer-listing/${asin}"][href*="condition=new"]`;
  const listed = [...page.querySelectorAll(link)].flatMap((each) => [...(each.parentElement?.querySelectorAll(".a-color-price, .price") ?? [])]);
  const list = amountsOf(page.querySelectorAll(LIST_PRICE));
  const saved = amountsOf(page.querySelectorAll(SAVED));
  const place = (family: string, amounts: number[]): Place => ({ family, weight: "beside", amounts, signed: false });
  return [
    place("bar", amountsOf(page.querySelectorAll("#miniATF_price, #mobileMiniATF_price"))),
    // Of one seller the list has one price; of several, what is written is the lowest.
    place("listing", amountsOf(listed)),
    place("saving", list.flatMap((old) => saved.map((less) => old - less))),
  ];
}
