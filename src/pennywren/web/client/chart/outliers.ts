/** Prices so far from the others that, drawn to scale, they would flatten all the rest: a misread digit, a fantasy offer.
 * Only the axis leaves them out; figures, marks and table keep them, and the price now is never one. */

import type { Stretch } from "./history.ts";
import { isSeen } from "./history.ts";

/** Share of the time, at either end, that may lie outside. */
const TAIL = 0.05;
/** Outside is what is more than so many times the others, or less than such a part of them: few sales are that deep. */
const FACTOR = 4;

export interface Ordinary {
  /** Minor units. */
  low: number;
  high: number;
  /** How many stretches lie outside, or reach there. */
  outside: number;
}

/** Between which prices the ordinary ones lie; null where none is seen. */
export function ordinary(stretches: readonly Stretch[]): Ordinary | null {
  const seen = stretches.filter((stretch) => isSeen(stretch.state) && stretch.price !== null);
  const byPrice = [...seen].sort((a, b) => (a.price ?? 0) - (b.price ?? 0));
  const whole = seen.reduce((sum, stretch) => sum + stretch.end - stretch.start, 0);
  const [bottom, top] = [at(byPrice, whole * TAIL), at(byPrice, whole * (1 - TAIL))];
  if (bottom === null || top === null) return null;
  const now = seen.at(-1)?.price ?? bottom;
  const [least, most] = [Math.min(bottom / FACTOR, now), Math.max(top * FACTOR, now)];
  let [low, high, outside] = [Infinity, -Infinity, 0];
  for (const { price, low: lowest, high: highest } of seen) {
    const [from, to] = [lowest ?? price ?? 0, highest ?? price ?? 0];
    if (from < least || to > most) outside++;
    if (from >= least) low = Math.min(low, from);
    if (to <= most) high = Math.max(high, to);
    if (price !== null && price >= least && price <= most) [low, high] = [Math.min(low, price), Math.max(high, price)];
  }
  return { low, high, outside };
}

/** The price that was in force when `passed` ms had been cheaper; null without any. */
function at(byPrice: readonly Stretch[], passed: number): number | null {
  let gone = 0;
  for (const stretch of byPrice) {
    gone += stretch.end - stretch.start;
    if (gone >= passed) return stretch.price;
  }
  return byPrice.at(-1)?.price ?? null;
}
