/** The API as the extension uses it. No cookie goes along, and nothing but the product's id is sent. */

import { loadHistories, LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import type { Answer, Product, Trouble } from "./messages.ts";

const PATIENCE = 8000;
const OFFERS = ["buybox", "amazon", "new", "used"];

/** The product and its history, or what went wrong. */
export async function show(origin: string, product: string, fetcher: typeof fetch = fetch): Promise<Answer> {
  try {
    const known = (await ask(`${origin}/products/${encodeURIComponent(product)}`, {}, fetcher)) as Product;
    const offers = OFFERS.filter((offer) => offer === "buybox" || known.offers[offer]);
    const patient = ((address: string, init: RequestInit) =>
      fetcher(address, { ...init, signal: AbortSignal.timeout(PATIENCE) })) as typeof fetch;
    const histories = Object.keys(known.offers).length ? await loadHistories(origin, product, offers, patient) : [];
    return { kind: "history", product: known, histories, page: `${origin}/products/${product}` };
  } catch (error) {
    return trouble(error);
  }
}

/** Ask the server to follow a product. */
export async function track(origin: string, product: string, fetcher: typeof fetch = fetch): Promise<Answer> {
  try {
    const headers = { "content-type": "application/json" };
    await ask(`${origin}/products`, { method: "POST", headers, body: JSON.stringify({ product }) }, fetcher);
    return { kind: "tracked" };
  } catch (error) {
    return trouble(error);
  }
}

async function ask(address: string, init: RequestInit, fetcher: typeof fetch): Promise<unknown> {
  let answer: Response;
  try {
    const headers = { accept: "application/json", ...(init.headers as Record<string, string> | undefined) };
    answer = await fetcher(address, { ...init, headers, credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new LoadFailed(0);
  }
  if (!answer.ok) throw new LoadFailed(answer.status, Number(answer.headers.get("retry-after")) || null);
  return answer.json();
}

function trouble(error: unknown): Answer {
  if (!(error instanceof LoadFailed)) return { kind: "trouble", trouble: "broken", retryAfter: null };
  const kinds: Record<number, Trouble> = { 0: "offline", 404: "unknown", 429: "limited" };
  return { kind: "trouble", trouble: kinds[error.status] ?? "broken", retryAfter: error.retryAfter };
}
