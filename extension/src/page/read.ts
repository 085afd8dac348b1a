/**
 * What a product page says that its product costs. Pure: it reads a document and changes nothing.
 *
 * Independent places must agree: what the visitor reads, and what the page tells its own forms and scripts. Whatever
 * contradicts, is garbled, hangs on one place alone, or is a price for some only, is a doubt; a doubt is never reported.
 * The server's reader (`pennywren/observe/page`) knows more of what is odd, so a doubt here may be none there; their prices never differ.
 */

import { marketplaceOf, productOf } from "../marketplaces.ts";
import { placesBefore, saysFrom } from "./before.ts";
import type { Context } from "./context.ts";
import { contextOf } from "./context.ts";
import { tidy } from "./money.ts";
import { formCurrencies, placesOf, rowOf, showsRange } from "./places.ts";
import { saysUnavailable } from "./stock.ts";

export interface Sighting {
  productID: string;
  offer: "buybox";
  /** In minor units; null: nobody sells it now. */
  price: number | null;
  currency: string;
  title: string;
  context: Context;
}

export type Reading = { kind: "seen"; seen: Sighting } | { kind: "doubt"; why: string };

const MAX_TITLE = 300;
const FORM = '[id="ASIN"], input[name="ASIN"], input[name="ASIN.0"], input[name="items[0.base][asin]"]';
const BUTTONS = '#add-to-cart-button, #buy-now-button, #one-click-button, #add-to-cart-button-ubb, #freshAddToCartButton, #mobile-buy-now-button, input[name="submit.add-to-cart"], input[name="submit.buy-now"], input[name="submit.preorder"]';
const DEAD_ENDS = /partialStateBuybox|outOfStock|undeliverable/i;
const PIX = /\b(?:no|com|via) pix\b/i;

/** What `page`, which came from `address`, says. */
export function readPage(page: Document, address: string): Reading {
  const product = productOf(address);
  const market = product === null ? null : marketplaceOf(product);
  if (product === null || market === null) return doubt("no_product_page");
  const title = titleOf(page);
  if (!title) return doubt("no_title");
  const asin = product.slice(3);
  const forms = new Set(
    [...page.querySelectorAll(FORM)].filter((each) => rowOf(each) !== "other").map((each) => each.getAttribute("value") ?? ""),
  );
  forms.delete("");
  if (forms.size !== 1 || !forms.has(asin)) return doubt("another_product");
  const context = contextOf(page, asin);
  const seen = (price: number | null): Reading => ({
    kind: "seen",
    seen: { productID: product, offer: "buybox", price, currency: market.currency, title, context },
  });

  if (page.querySelector("#partialStateBuybox") || showsRange(page) || saysFrom(page)) return doubt("needs_selection");
  const places = [...placesOf(page, market), ...placesBefore(page, market, asin)];
  const visible = places.filter((place) => place.weight === "shown");
  const buyable = [...page.querySelectorAll(BUTTONS)].some(works);
  if (!buyable) return !visible.length && saysUnavailable(page) ? seen(null) : doubt("no_buy_button");
  if (PIX.test(tidy(page.querySelector("#corePriceDisplay_desktop_feature_div, #apex_desktop, #price")?.textContent ?? ""))) {
    return doubt("price_for_one_way_to_pay");
  }
  if (!visible.length) return doubt("no_price");
  if (visible.some((place) => !place.amounts.length)) return doubt("garbled");
  const [price = 0] = visible[0]?.amounts ?? [];
  const agreeing = places.filter((place) => place.amounts.includes(price));
  if (places.some((place) => place.weight !== "beside" && !agreeing.includes(place))) return doubt("places_disagree");
  const currencies = formCurrencies(page);
  if (currencies.some((currency) => currency !== market.currency)) return doubt("another_currency");
  if (!currencies.length && !visible.some((place) => place.signed)) return doubt("no_currency");
  if (price <= 0) return doubt("free");
  if (new Set(agreeing.map((place) => place.family)).size < 2) return doubt("one_place_only");
  return seen(price);
}

function titleOf(page: Document): string {
  const titles = [...page.querySelectorAll("#productTitle, #btAsinTitle")].map((each) => tidy(each.textContent ?? ""));
  return (titles.find(Boolean) ?? "").slice(0, MAX_TITLE);
}

function works(button: Element): boolean {
  if (button.hasAttribute("disabled") || rowOf(button) === "other") return false;
  for (let up: Element | null = button; up; up = up.parentElement) if (DEAD_ENDS.test(up.id)) return false;
  return true;
}

function doubt(why: string): Reading {
  return { kind: "doubt", why };
}
