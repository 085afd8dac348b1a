/**
 * Reports: kept in the extension's storage at every step, sent in batches, so that the worker may be stopped at any moment.
 *
 * Each call reads what is stored, takes one step and stores it; calls wait for each other.
 */

import { readSettings } from "../settings.ts";
import type { Sighting } from "../page/read.ts";
import { mayReport, readConsent } from "./consent.ts";
import type { Ledger, Told } from "./ledger.ts";
import { add, due, EMPTY, pack, postpone, settle } from "./ledger.ts";
import { isPublic, observed } from "./observation.ts";

/** What is used of `chrome.storage.local`. */
export interface Area {
  get(keys: string[]): Promise<Record<string, unknown>>;
  set(values: Record<string, unknown>): Promise<void>;
  remove(keys: string[]): Promise<void>;
}

export interface World {
  readonly area: Area;
  readonly fetcher: typeof fetch;
  readonly now: () => number;
  readonly chance: () => number;
  readonly newKey: () => string;
}

interface Install {
  readonly origin: string;
  readonly id: string;
  readonly token: string;
}

/** An install that ended here and that its server has not heard of yet. */
interface Farewell {
  readonly install: Install;
  /** When it is given up (ms): a server that is gone for good need not know. */
  readonly until: number;
}

const PATIENCE = 20_000;
const FAREWELLS = "farewells";
const FAREWELL_EVERY = 10 * 60_000;
const FAREWELL_FOR = 7 * 86_400_000;
/** All that reporting keeps. Its install is not the one that watches, so that reports lead to nobody. */
export const REPORT_KEYS = ["consent", "reporter", "ledger"];

export class Reporter {
  readonly #world: World;
  #before: Promise<unknown> = Promise.resolve();

  constructor(world: World) {
    this.#world = world;
  }

  /** Keep what a page showed, if it may be reported; answers when to send next (ms), or null. */
  offer(seen: Sighting): Promise<number | null> {
    return this.#alone(async () => {
      const { origin, consent, ledger } = await this.#read();
      if (!mayReport(consent, origin)) return null;
      const { area, now } = this.#world;
      const kept = isPublic(seen) ? add(ledger, observed(seen, now()), now()) : ledger;
      if (kept !== ledger) await area.set({ ledger: kept });
      return due(kept, now());
    });
  }

  /** Send what is due; answers when to come again (ms), or null where nothing is left. */
  flush(): Promise<number | null> {
    return this.#alone(async () => {
      const [farewell, reports] = [await this.#sayFarewells(), await this.#sendDue()];
      return farewell === null || reports === null ? (farewell ?? reports) : Math.min(farewell, reports);
    });
  }

  /** They agreed to the disclosure: what is seen is reported to the server of the settings from now on. */
  agree(): Promise<void> {
    return this.#alone(async () => {
      const { origin, consent, ledger } = await this.#read();
      // What waits for one server is not told to another.
      const kept = consent?.origin === origin ? ledger : { ...ledger, waiting: [], batch: null, taken: {} };
      await this.#world.area.set({ consent: { origin, at: this.#world.now(), paused: false }, ledger: kept });
    });
  }

  /** Report nothing for a while, or go on; answers when to send next (ms), or null. */
  pause(paused: boolean): Promise<number | null> {
    return this.#alone(async () => {
      const { consent, ledger } = await this.#read();
      if (!consent) return null;
      await this.#world.area.set({ consent: { ...consent, paused } });
      return paused ? null : due(ledger, this.#world.now());
    });
  }

  /**
   * They do not want it any more: everything here is deleted, and the server forgets the install.
   *
   * Where it cannot be reached now it is told later; answers when (ms), or null.
   */
  withdraw(): Promise<number | null> {
    return this.#alone(async () => {
      const { area, now } = this.#world;
      const { reporter: install } = (await area.get(["reporter"])) as { reporter?: Install };
      await area.remove(REPORT_KEYS);
      if (!install) return null;
      // Another one may wait still: it is told as well.
      await area.set({ [FAREWELLS]: [...(await this.#farewells()), { install, until: now() + FAREWELL_FOR }] });
      return this.#sayFarewells();
    });
  }

  async #farewells(): Promise<Farewell[]> {
    return ((await this.#world.area.get([FAREWELLS]))[FAREWELLS] as Farewell[] | undefined) ?? [];
  }

  async #sayFarewells(): Promise<number | null> {
    const { area, now } = this.#world;
    let left = await this.#farewells();
    for (const { install, until } of left) {
      const told = await this.#ask(`${install.origin}/installs/${install.id}`, { method: "DELETE" }, install.token).catch(() => null);
      const heard = told !== null && told.status !== 429 && told.status < 500;
      if (!heard && now() < until) continue;
      left = left.filter((each) => each.install.id !== install.id || each.install.origin !== install.origin);
      // Kept at once: the worker may be stopped before the next one has heard.
      await (left.length ? area.set({ [FAREWELLS]: left }) : area.remove([FAREWELLS]));
    }
    return left.length ? now() + FAREWELL_EVERY : null;
  }

  async #sendDue(): Promise<number | null> {
    const { origin, consent, ledger } = await this.#read();
    if (!mayReport(consent, origin)) return null;
    const { area, now, newKey } = this.#world;
    const packed = pack(ledger, newKey(), now());
    if (packed !== ledger) await area.set({ ledger: packed });
    if (!packed.batch) return null;
    if (packed.batch.notBefore > now()) return packed.batch.notBefore;
    const after = await this.#send(packed, origin);
    await area.set({ ledger: after });
    return due(after, now());
  }

  async #send(ledger: Ledger, origin: string): Promise<Ledger> {
    const { area, now, chance } = this.#world;
    const batch = ledger.batch;
    if (!batch) return ledger;
    let answer: Response;
    try {
      const install = (await this.#read()).reporter ?? (await this.#newInstall(origin));
      if (install instanceof Response) return postpone(ledger, seconds(install), chance(), now());
      const headers = { "content-type": "application/json", "idempotency-key": batch.key };
      answer = await this.#ask(`${origin}/observations`, { method: "POST", headers, body: batch.body }, install.token);
    } catch {
      return postpone(ledger, null, chance(), now());
    }
    if (answer.status === 401) {
      // The install was ended on the server: the next attempt makes another one.
      await area.remove(["reporter"]);
      return postpone(ledger, null, chance(), now());
    }
    if (answer.status === 429 || answer.status >= 500) return postpone(ledger, seconds(answer), chance(), now());
    return settle(ledger, `${origin}/observations`, answer.status, await verdicts(answer), now());
  }

  async #newInstall(origin: string): Promise<Install | Response> {
    const answer = await this.#ask(`${origin}/installs`, { method: "POST" });
    if (!answer.ok) return answer;
    const { id, token } = (await answer.json()) as { id: string; token: string };
    const install = { origin, id, token };
    await this.#world.area.set({ reporter: install });
    return install;
  }

  #ask(address: string, init: RequestInit, token?: string): Promise<Response> {
    const own = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { accept: "application/json", ...(init.headers as Record<string, string> | undefined), ...own };
    const signal = AbortSignal.timeout(PATIENCE);
    const { fetcher } = this.#world;
    return fetcher(address, { ...init, headers, signal, credentials: "omit", redirect: "error" });
  }

  async #read(): Promise<{ origin: string; consent: ReturnType<typeof readConsent>; ledger: Ledger; reporter: Install | null }> {
    const { area } = this.#world;
    const [{ origin }, stored] = [await readSettings(area), await area.get(REPORT_KEYS)];
    const install = stored["reporter"] as Install | undefined;
    return {
      origin,
      consent: readConsent(stored["consent"]),
      // What an earlier version kept may lack a part.
      ledger: { ...EMPTY, ...(stored["ledger"] as Partial<Ledger> | undefined) },
      reporter: install?.origin === origin ? install : null,
    };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#before.then(work);
    this.#before = mine.catch(() => undefined);
    return mine;
  }
}

async function verdicts(answer: Response): Promise<Told[]> {
  try {
    const body = (await answer.json()) as { verdicts?: Told[]; detail?: string };
    return body.verdicts?.map(({ verdict, detail }) => ({ verdict, detail })) ?? [{ verdict: null, detail: body.detail ?? "" }];
  } catch {
    return [];
  }
}

function seconds(answer: Response): number | null {
  return Number(answer.headers.get("retry-after")) || null;
}
