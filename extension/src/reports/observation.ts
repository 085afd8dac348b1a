/** A report as the API takes it (`POST /observations`), and which readings become one. */

import { MARKETPLACES } from "../marketplaces.ts";
import type { Context } from "../page/context.ts";
import { MAX_MINOR } from "../page/money.ts";
import type { Sighting } from "../page/read.ts";

export interface Observation extends Sighting {
  /** RFC 3339, to the second: nobody needs to know it better. */
  observedAt: string;
}

const PRODUCT = /^[a-z]{2}:[A-Z0-9]{10}$/;
const SPECIAL: Readonly<Record<string, string>> = { uk: "GB" };

/** A sighting as somebody sent it, built anew from its known parts; null if it is none. */
export function readSighting(value: unknown): Sighting | null {
  if (!isRecord(value) || !isRecord(value["context"])) return null;
  const { productID, offer, price, currency, title } = value;
  if (typeof productID !== "string" || !PRODUCT.test(productID) || offer !== "buybox") return null;
  const market = MARKETPLACES[productID.slice(0, 2)];
  if (!market || currency !== market.currency) return null;
  if (price !== null && !(Number.isSafeInteger(price) && (price as number) > 0 && (price as number) <= MAX_MINOR)) return null;
  const context = readContext(value["context"]);
  if (typeof title !== "string" || !title || title.length > 300 || !context) return null;
  return { productID, offer, price: price as number | null, currency: market.currency, title, context };
}

function readContext(value: Record<string, unknown>): Context | null {
  const { signedIn, memberPrice, coupon, subscription, deliveryCountry, variation, language } = value;
  if (typeof signedIn !== "boolean" || typeof memberPrice !== "boolean") return null;
  if (typeof coupon !== "boolean" || typeof subscription !== "boolean") return null;
  const text = (each: unknown, shape: RegExp): each is string | null => each === null || (typeof each === "string" && shape.test(each));
  if (!text(deliveryCountry, /^[A-Z]{2}$/) || !text(variation, /^[A-Z0-9]{10}$/) || !text(language, /^[\w-]{2,35}$/)) return null;
  return { signedIn, memberPrice, coupon, subscription, deliveryCountry, variation, language };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether everybody is offered this price: no member's, no coupon's, no subscriber's, and none for another country. */
export function isPublic({ productID, context }: Sighting): boolean {
  if (context.memberPrice || context.coupon || context.subscription) return false;
  const code = productID.slice(0, 2);
  const country = SPECIAL[code] ?? code.toUpperCase();
  return (context.deliveryCountry === null || context.deliveryCountry === country)
    && (context.variation === null || context.variation === productID.slice(3));
}

/** The sighting as a report of `now` (ms). */
export function observed(seen: Sighting, now: number): Observation {
  return { ...seen, observedAt: `${new Date(now).toISOString().slice(0, 19)}Z` };
}
