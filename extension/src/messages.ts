/** What panel, popup, settings and service worker say to each other, and how a message is checked before it is believed. */

import type { History } from "../../src/pennywren/web/client/chart/history.ts";
import { MARKETPLACES } from "./marketplaces.ts";
import { MAX_MINOR } from "./page/money.ts";
import type { Sighting } from "./page/read.ts";
import { readSighting } from "./reports/observation.ts";

export interface Offer {
  price: number | null;
  low: number | null;
  high: number | null;
}

/** `GET /products/{id}`, as far as it is used here. */
export interface Product {
  productID: string;
  name: string | null;
  currentPrice: number | null;
  currency: string;
  offers: Record<string, Offer>;
}

/** A target worth one click. */
export interface Suggestion {
  name: string;
  threshold: number;
}

/** A watch of the person's, as far as it is used here. */
export interface Watch {
  id: number;
  productID: string;
  /** The price it waits for; null where it waits for something else. */
  threshold: number | null;
  currency: string;
  state: string;
}

export interface WatchedProduct {
  watch: Watch;
  name: string | null;
  currentPrice: number | null;
  low: number | null;
}

/** Whether this browser may watch for somebody. */
export type Pairing =
  | { status: "none" }
  | { status: "waiting"; code: string; email: string | null; confirmURL: string }
  | { status: "paired"; email: string };

/** A target that somebody wants before anybody is known. */
export interface Wish {
  product: string;
  threshold: number;
}

/** What a script on a product page may ask. */
export type PageQuestion =
  | { kind: "begin" }
  | { kind: "show" | "track" | "unwatch"; product: string }
  | { kind: "watch"; product: string; threshold: number }
  | { kind: "report"; seen: Sighting }
  | { kind: "open"; page: "options" }
  | { kind: "open"; page: "connect"; wish: Wish | null };

/** What our own pages may ask besides. */
export type OwnQuestion =
  | { kind: "reports"; act: "agree" | "pause" | "resume" | "withdraw" }
  | { kind: "pair"; email: string | null; wish: Wish | null }
  | { kind: "pairing" | "unpair" | "watches" };

export type Question = PageQuestion | OwnQuestion;

export type Trouble = "unknown" | "offline" | "limited" | "broken" | "permission" | "signedOut" | "full" | "refused";

export type Answer =
  | { kind: "begun"; reporting: boolean }
  | { kind: "history"; product: Product; histories: History[]; suggestions: Suggestion[]; watches: Watch[]; paired: boolean; page: string }
  | { kind: "tracked" }
  | { kind: "done" }
  | { kind: "watch"; watch: Watch | null }
  | { kind: "pairing"; pairing: Pairing }
  | { kind: "watches"; watches: WatchedProduct[] }
  | { kind: "trouble"; trouble: Trouble; retryAfter: number | null; detail?: string };

const PRODUCT = /^[a-z]{2}:[A-Z0-9]{10}$/;
const ACTS = ["agree", "pause", "resume", "withdraw"] as const;

/** A question of a product page, built anew from its known parts; null for anything else. */
export function readPageQuestion(message: unknown): PageQuestion | null {
  if (typeof message !== "object" || message === null) return null;
  const { kind, product, threshold, seen, page, wish } = message as Record<string, unknown>;
  if (kind === "begin") return { kind };
  if ((kind === "show" || kind === "track" || kind === "unwatch") && isProduct(product)) return { kind, product };
  if (kind === "watch" && isProduct(product) && isThreshold(threshold)) return { kind, product, threshold };
  if (kind === "report") {
    const sighting = readSighting(seen);
    return sighting && { kind, seen: sighting };
  }
  if (kind === "open" && page === "options") return { kind, page };
  if (kind === "open" && page === "connect") return { kind, page, wish: readWish(wish) };
  return null;
}

/** A question of our own pages, likewise. */
export function readOwnQuestion(message: unknown): Question | null {
  const ofPage = readPageQuestion(message);
  if (ofPage) return ofPage.kind === "report" ? null : ofPage;
  if (typeof message !== "object" || message === null) return null;
  const { kind, act, email, wish } = message as Record<string, unknown>;
  if (kind === "pairing" || kind === "unpair" || kind === "watches") return { kind };
  if (kind === "reports") {
    const known = ACTS.find((each) => each === act);
    return known ? { kind, act: known } : null;
  }
  if (kind === "pair" && (email === null || (typeof email === "string" && email.length <= 320))) {
    return { kind, email, wish: readWish(wish) };
  }
  return null;
}

/** A wish built anew from its known parts; null if it is none. */
export function readWish(value: unknown): Wish | null {
  if (typeof value !== "object" || value === null) return null;
  const { product, threshold } = value as Record<string, unknown>;
  return isProduct(product) && isThreshold(threshold) ? { product, threshold } : null;
}

function isProduct(value: unknown): value is string {
  return typeof value === "string" && PRODUCT.test(value) && value.slice(0, 2) in MARKETPLACES;
}

function isThreshold(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= MAX_MINOR;
}
