/** The API as the extension uses it. No cookie goes along; a token goes only where something is asked for its owner. */

import { loadHistories, LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import type { History } from "../../src/pennywren/web/client/chart/history.ts";
import type { Product, Suggestion, Watch, Wish } from "./messages.ts";

const PATIENCE = 8000;
const OFFERS = ["buybox", "amazon", "new", "used"];

/** The server said no, with a sentence. */
export class Refused extends LoadFailed {
  readonly detail: string;
  readonly type: string;

  constructor(status: number, retryAfter: number | null, detail: string, type: string) {
    super(status, retryAfter);
    this.detail = detail;
    this.type = type;
  }
}

export interface Shown {
  product: Product;
  histories: History[];
  suggestions: Suggestion[];
}

export class Api {
  readonly origin: string;
  readonly #token: string | null;
  readonly #fetcher: typeof fetch;

  constructor(origin: string, token: string | null = null, fetcher: typeof fetch = fetch) {
    this.origin = origin;
    this.#token = token;
    // The browser's own wants to be called as nobody's method.
    this.#fetcher = (input, init) => fetcher(input, init);
  }

  /** The product, its history and targets worth one click. Throws LoadFailed. */
  async show(product: string): Promise<Shown> {
    const [known, suggestions] = await Promise.all([this.product(product), this.#suggestions(product)]);
    const offers = OFFERS.filter((offer) => offer === "buybox" || known.offers[offer]);
    const patient = ((address: string, init: RequestInit) =>
      this.#fetcher(address, { ...init, cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) })) as typeof fetch;
    const histories = Object.keys(known.offers).length ? await loadHistories(this.origin, product, offers, patient) : [];
    return { product: known, histories, suggestions };
  }

  async product(product: string): Promise<Product> {
    return (await this.#ask(`/products/${encodeURIComponent(product)}`)) as Product;
  }

  async #suggestions(product: string): Promise<Suggestion[]> {
    try {
      const answer = await this.#ask(`/products/${encodeURIComponent(product)}/suggestions`);
      return (answer as { suggestions: Suggestion[] }).suggestions;
    } catch {
      // The history is worth showing without them.
      return [];
    }
  }

  /** Ask the server to follow a product. */
  async track(product: string): Promise<void> {
    await this.#ask("/products", "POST", { product });
  }

  /** The person's watches, of one product or all. */
  async watches(product?: string): Promise<Watch[]> {
    const query = product === undefined ? "" : `?productID=${encodeURIComponent(product)}`;
    return ((await this.#ask(`/subscriptions${query}`, "GET", undefined, true)) as { subscriptions: Watch[] }).subscriptions;
  }

  /** Watch a product's price; a watch of its that waits for a price already gets this target instead. */
  async watch({ product, threshold }: Wish): Promise<Watch> {
    const known = (await this.watches(product)).find((each) => each.threshold !== null);
    if (known) return (await this.#ask(`/subscriptions/${known.id}`, "PATCH", { threshold, state: "active" }, true)) as Watch;
    const wish = { productID: product, threshold, notificationType: "EMAIL" };
    return (await this.#ask("/subscriptions", "POST", wish, true)) as Watch;
  }

  async unwatch(id: number): Promise<void> {
    await this.#ask(`/subscriptions/${id}`, "DELETE", undefined, true);
  }

  /** Ask to be allowed to watch for somebody. */
  async pair(email: string | null, wish: Wish | null): Promise<{ token: string; code: string; confirmURL: string }> {
    const watch = wish ? { productID: wish.product, threshold: wish.threshold } : {};
    return (await this.#ask("/pairings", "POST", { ...(email === null ? {} : { email }), ...watch })) as { token: string; code: string; confirmURL: string };
  }

  async pairing(): Promise<{ status: "waiting" | "paired"; email: string | null }> {
    return (await this.#ask("/pairings/own", "GET", undefined, true)) as { status: "waiting" | "paired"; email: string | null };
  }

  async unpair(): Promise<void> {
    await this.#ask("/pairings/own", "DELETE", undefined, true);
  }

  async #ask(path: string, method = "GET", body?: object, own = false): Promise<unknown> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    if (own && this.#token !== null) headers["authorization"] = `Bearer ${this.#token}`;
    // Asked for anew each time (304 where nothing changed): somebody is about to decide by this price.
    const init: RequestInit = { method, headers, cache: "no-cache", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(PATIENCE) };
    let answer: Response;
    try {
      answer = await this.#fetcher(`${this.origin}${path}`, body ? { ...init, body: JSON.stringify(body) } : init);
    } catch {
      throw new LoadFailed(0);
    }
    if (!answer.ok) {
      const problem = (await answer.json().catch(() => ({}))) as { detail?: unknown; type?: unknown };
      const [detail, type] = [problem.detail, problem.type].map((each) => (typeof each === "string" ? each.slice(0, 300) : ""));
      throw new Refused(answer.status, Number(answer.headers.get("retry-after")) || null, detail ?? "", type ?? "");
    }
    return answer.status === 204 ? null : answer.json();
  }
}
