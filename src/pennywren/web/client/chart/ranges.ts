/** The ranges of the chart, the same as those of `chart.svg`; what is longer than the history cannot be chosen. */

const DAY = 86_400_000;

export const RANGES = { "1m": 30 * DAY, "3m": 91 * DAY, "6m": 182 * DAY, "1y": 365 * DAY, all: Infinity } as const;

export type Range = keyof typeof RANGES;

export interface Window {
  start: number;
  end: number;
}

export const RANGE_NAMES = Object.keys(RANGES) as Range[];

/** Whether a range shows less than everything; `all` always may be chosen. */
export function isAvailable(range: Range, first: number, now: number): boolean {
  return range === "all" || RANGES[range] < now - first;
}

/** The longest range up to a year that the history fills; `all` for a young product. */
export function defaultRange(first: number, now: number): Range {
  return isAvailable("1y", first, now) ? "1y" : "all";
}

/** The stretch of time that a range shows. Never shorter than an hour, so that there is an axis. */
export function windowOf(range: Range, first: number, now: number): Window {
  const start = Math.max(range === "all" ? first : now - RANGES[range], first);
  return { start: Math.min(start, now - 3_600_000), end: now };
}

/** A zoomed window that stays inside of the history, and is at least `least` ms long. */
export function clampWindow(asked: Window, whole: Window, least = 3_600_000): Window {
  const length = Math.min(Math.max(asked.end - asked.start, least), whole.end - whole.start);
  const start = Math.min(Math.max(asked.start, whole.start), whole.end - length);
  return { start, end: start + length };
}
