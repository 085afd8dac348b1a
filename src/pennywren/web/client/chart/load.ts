/** Histories over HTTP: every change, or days where there are too many changes for one answer. */

import type { History, HistoryColumns } from "./history.ts";
import { inRows } from "./history.ts";

/** The server said no, or could not be reached (status 0). */
export class LoadFailed extends Error {
  readonly status: number;
  readonly retryAfter: number | null;

  constructor(status: number, retryAfter: number | null = null) {
    super(`history: ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The history of each of these offers of a product, in their order. Throws LoadFailed. */
export async function loadHistories(
  origin: string,
  product: string,
  offers: readonly string[],
  fetcher: typeof fetch = fetch,
): Promise<History[]> {
  return Promise.all(offers.map((offer) => loadHistory(origin, product, offer, fetcher)));
}

async function loadHistory(origin: string, product: string, offer: string, fetcher: typeof fetch): Promise<History> {
  for (const interval of ["raw", "day"]) {
    const asked = `offer=${offer}&interval=${interval}&layout=columns`;
    const address = `${origin}/products/${encodeURIComponent(product)}/history?${asked}`;
    let answer: Response;
    try {
      answer = await fetcher(address, { credentials: "omit" });
    } catch {
      throw new LoadFailed(0);
    }
    if (answer.ok) return inRows((await answer.json()) as History | HistoryColumns);
    if (answer.status !== 400 || interval === "day") {
      throw new LoadFailed(answer.status, Number(answer.headers.get("retry-after")) || null);
    }
  }
  throw new LoadFailed(400);
}
