/** A history in a few numbers. Only time in which the offer was there and observed counts. */

import type { Series } from "./history.ts";
import { isSeen, within } from "./history.ts";

const DAY = 86_400_000;
/** Days of history below which nothing is said about what is usual. */
export const ENOUGH_DAYS = 14;

export interface Statistics {
  /** The price now (minor units); null while there is no offer, or nobody has looked for long. */
  now: number | null;
  /** Since when nobody has looked (ms); null if somebody has lately. */
  unseenSince: number | null;
  low: number;
  lowAt: number;
  high: number;
  highAt: number;
  /** The middle half of the prices by time; null without enough history. */
  typical: { low: number; high: number } | null;
  verdict: "low" | "typical" | "high" | null;
  /** Days from the first price to the last look in this window. */
  days: number;
}

/** Sum up [start, end) of a series; null where no price is known in it. */
export function statistics(series: Series, start: number, end: number): Statistics | null {
  const seen = within(series, start, end).filter((s) => isSeen(s.state) && s.price !== null);
  const first = seen[0];
  const last = seen.at(-1);
  if (!first || !last) return null;
  let lowest = first;
  let highest = first;
  for (const stretch of seen) {
    if (lowOf(stretch) < lowOf(lowest)) lowest = stretch;
    if (highOf(stretch) > highOf(highest)) highest = stretch;
  }
  const days = (last.end - first.start) / DAY;
  const typical =
    days >= ENOUGH_DAYS
      ? { low: quantile(seen, 0.25), high: quantile(seen, 0.75) }
      : null;
  // Now is now, however far into the past a reader has zoomed; only what is in sight is compared with it.
  const current = series.stretches.at(-1);
  const now = current && (isSeen(current.state) || current.state === "unconfirmed") ? current.price : null;
  let verdict: Statistics["verdict"] = null;
  if (typical && now !== null && current && current.start < end && highOf(highest) > lowOf(lowest)) {
    verdict = now < typical.low || now === lowOf(lowest) ? "low" : now > typical.high ? "high" : "typical";
  }
  return {
    now,
    unseenSince: current?.state === "notObserved" ? current.start : null,
    low: lowOf(lowest),
    lowAt: lowest.start,
    high: highOf(highest),
    highAt: highest.start,
    typical,
    verdict,
    days,
  };
}

type Seen = { start: number; end: number; price: number | null; low: number | null; high: number | null };

function lowOf(stretch: Seen): number {
  return stretch.low ?? stretch.price ?? 0;
}

function highOf(stretch: Seen): number {
  return stretch.high ?? stretch.price ?? 0;
}

/** The price that was undercut during the share `at` of the time. */
function quantile(seen: readonly Seen[], at: number): number {
  const byPrice = [...seen].sort((a, b) => (a.price ?? 0) - (b.price ?? 0));
  const whole = byPrice.reduce((sum, stretch) => sum + stretch.end - stretch.start, 0);
  let passed = 0;
  for (const stretch of byPrice) {
    passed += stretch.end - stretch.start;
    if (passed >= whole * at) return stretch.price ?? 0;
  }
  return byPrice.at(-1)?.price ?? 0;
}
