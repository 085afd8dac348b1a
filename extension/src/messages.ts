/** What panel, popup and service worker say to each other, and how a message is checked before it is believed. */

import type { History } from "../../src/pennywren/web/client/chart/history.ts";

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

export type Question = { kind: "show" | "track"; product: string };

export type Trouble = "unknown" | "offline" | "limited" | "broken" | "permission";

export type Answer =
  | { kind: "history"; product: Product; histories: History[]; page: string }
  | { kind: "tracked" }
  | { kind: "trouble"; trouble: Trouble; retryAfter: number | null };

const PRODUCT = /^[a-z]{2}:[A-Z0-9]{10}$/;

/** A question of ours, or null for anything else. */
export function readQuestion(message: unknown): Question | null {
  if (typeof message !== "object" || message === null) return null;
  const { kind, product } = message as Record<string, unknown>;
  if ((kind !== "show" && kind !== "track") || typeof product !== "string" || !PRODUCT.test(product)) return null;
  return { kind, product };
}
