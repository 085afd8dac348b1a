/** Round numbers along the axes. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Prices (minor units) between which the axis runs: what is seen with a tenth of air, or from zero. */
export function priceDomain(low: number, high: number, fromZero: boolean): [number, number] {
  const air = Math.max(high > low ? (high - low) * 0.1 : high * 0.05, 1);
  return [fromZero ? 0 : Math.max(low - air, 0), high + air];
}

/** At most about `most` round prices inside of a domain, apart by 1, 2 or 5 times a power of ten. */
export function priceTicks(low: number, high: number, most = 5): number[] {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const step = power * factor;
      const first = Math.ceil(low / step);
      const count = Math.floor(high / step) - first + 1;
      if (count <= most) return Array.from({ length: Math.max(count, 0) }, (_, i) => (first + i) * step);
    }
  }
}

export type TimeUnit = "hour" | "day" | "month" | "year";

/** Moments (ms) in [start, end) at which an hour, day, month or year begins in UTC, and which of them it is. */
export function timeTicks(start: number, end: number, most: number): { unit: TimeUnit; at: number[] } {
  const span = end - start;
  if (span <= 2 * DAY) {
    const every = [1, 3, 6, 12].find((hours) => span / (hours * HOUR) <= most) ?? 24;
    return { unit: "hour", at: multiples(start, end, every * HOUR) };
  }
  if (span <= 92 * DAY) return { unit: "day", at: thinned(multiples(start, end, DAY), most) };
  const months: number[] = [];
  const begin = new Date(start);
  for (let i = 0; ; i++) {
    const at = Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + i, 1);
    if (at >= end) break;
    if (at >= start) months.push(at);
  }
  const years = months.filter((at) => new Date(at).getUTCMonth() === 0);
  if (years.length >= 3) return { unit: "year", at: thinned(years, most) };
  return { unit: "month", at: thinned(months, most) };
}

function multiples(start: number, end: number, step: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(start / step) * step; at < end; at += step) found.push(at);
  return found;
}

function thinned(moments: number[], most: number): number[] {
  const every = Math.ceil(moments.length / Math.max(most, 1));
  return moments.filter((_, i) => i % every === 0);
}
