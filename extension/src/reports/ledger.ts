/**
 * What waits to be reported, what is on its way, and what was sent. Pure: clock and key are passed in.
 *
 * A batch on its way is kept as the exact bytes that are sent, with its key: whenever the worker was stopped in the middle,
 * the same bytes go again under the same key, and the server counts them once.
 */

import type { Observation } from "./observation.ts";

export interface Batch {
  readonly key: string;
  readonly body: string;
  readonly madeAt: number;
  readonly tries: number;
  readonly notBefore: number;
}

/** What the server said of one report, or of all of them where it names no verdict. */
export interface Told {
  readonly verdict: string | null;
  readonly detail: string;
}

export interface Sent {
  readonly at: number;
  readonly to: string;
  readonly body: string;
  readonly status: number;
  /** An earlier version kept sentences. */
  readonly verdicts: readonly (Told | string)[];
}

export interface Ledger {
  readonly waiting: readonly Observation[];
  readonly batch: Batch | null;
  readonly sent: readonly Sent[];
  /** When each product was last taken up (ms), for an hour. */
  readonly taken: Readonly<Record<string, number>>;
}

export const EMPTY: Ledger = { waiting: [], batch: null, sent: [], taken: {} };

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** The server takes what is at most an hour old. */
export const TOO_OLD = 55 * MINUTE;
const MOST_WAITING = 500;
const MOST_IN_A_BATCH = 40;
const KEPT = 50;
const FIRST_PAUSE = MINUTE;
const LONGEST_PAUSE = 30 * MINUTE;

/** Keep an observation, unless this product was taken up within the last hour. */
export function add(ledger: Ledger, seen: Observation, now: number): Ledger {
  // One that lies ahead was taken up before the clock was set back: it holds nobody up.
  const taken = Object.fromEntries(Object.entries(ledger.taken).filter(([, last]) => last <= now && now - last < HOUR));
  if (seen.productID in taken) return ledger;
  return { ...ledger, waiting: [...ledger.waiting, seen].slice(-MOST_WAITING), taken: { ...taken, [seen.productID]: now } };
}

/** Put a batch together where none is on its way; what has become too old is dropped. */
export function pack(ledger: Ledger, key: string, now: number): Ledger {
  if (ledger.batch && now - ledger.batch.madeAt < TOO_OLD) return ledger;
  const fresh = ledger.waiting.filter((each) => now - Date.parse(each.observedAt) < TOO_OLD);
  const observations = fresh.slice(0, MOST_IN_A_BATCH);
  const batch = observations.length
    ? { key, body: JSON.stringify({ observations }), madeAt: Date.parse(observations[0]?.observedAt ?? ""), tries: 0, notBefore: 0 }
    : null;
  return { ...ledger, batch, waiting: fresh.slice(MOST_IN_A_BATCH) };
}

/** The batch was answered for good: it is kept as what was sent. */
export function settle(ledger: Ledger, to: string, status: number, verdicts: readonly Told[], now: number): Ledger {
  if (!ledger.batch) return ledger;
  const sent = { at: now, to, body: ledger.batch.body, status, verdicts };
  return { ...ledger, batch: null, sent: [sent, ...ledger.sent].slice(0, KEPT) };
}

/** Nobody answered, or not now: wait, twice as long each time, and at least as long as the server asks for. */
export function postpone(ledger: Ledger, retryAfter: number | null, chance: number, now: number): Ledger {
  if (!ledger.batch) return ledger;
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** ledger.batch.tries) * (0.75 + chance / 2);
  const notBefore = now + Math.max(pause, (retryAfter ?? 0) * 1000);
  return { ...ledger, batch: { ...ledger.batch, tries: ledger.batch.tries + 1, notBefore } };
}

/** When there is something to send next (ms); null: nothing is there. */
export function due(ledger: Ledger, now: number): number | null {
  if (ledger.batch) return Math.max(now, ledger.batch.notBefore);
  return ledger.waiting.length ? now : null;
}
