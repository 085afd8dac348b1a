/** The JSON of `GET /products/{id}/history`, and the stretches of time that a chart draws from it. */

export interface Extreme {
  price: number;
  timestamp: string;
}

export interface TimeSpan {
  startTime: string;
  endTime: string;
}

export interface HistoryPoint {
  timestamp: string;
  price: number;
  low?: number;
  high?: number;
}

export interface History {
  productID: string;
  offer: string;
  currency: string;
  interval: string;
  startTime: string;
  endTime: string;
  history: HistoryPoint[];
  low: Extreme | null;
  high: Extreme | null;
  average: number | null;
  lastSeen: string | null;
  noOffer: TimeSpan[];
  notObserved: TimeSpan[];
  /** With `raw`: where the price rests on what browsers reported, and no crawl has seen it yet. */
  unverified?: TimeSpan[];
}

/** Spans of time as the server sends them in columns: milliseconds from begin to begin, and how long each lasts. */
export interface SpanColumns {
  elapsed: number[];
  lasts: number[];
}

/** The same as a History, with `layout=columns`. */
export interface HistoryColumns extends Omit<History, "history" | "noOffer" | "notObserved" | "unverified"> {
  columns: { elapsed: number[]; price: number[]; low?: number[]; high?: number[] };
  noOffer: SpanColumns;
  notObserved: SpanColumns;
  unverified: SpanColumns;
}

/** An answer in columns as rows; one in rows as it is. */
export function inRows(answer: History | HistoryColumns): History {
  if (!("columns" in answer)) return answer;
  const start = Date.parse(answer.startTime);
  const { columns, noOffer, notObserved, unverified, ...rest } = answer;
  const history = moments(start, columns.elapsed).map((at, i): HistoryPoint => {
    const point: HistoryPoint = { timestamp: new Date(at).toISOString(), price: columns.price[i] ?? 0 };
    const [low, high] = [columns.low?.[i], columns.high?.[i]];
    return low === undefined || high === undefined ? point : { ...point, low, high };
  });
  return {
    ...rest, history, noOffer: spans(start, noOffer), notObserved: spans(start, notObserved),
    unverified: spans(start, unverified),
  };
}

function moments(start: number, elapsed: readonly number[]): number[] {
  let at = start;
  return elapsed.map((ms) => (at += ms));
}

function spans(start: number, columns: SpanColumns): TimeSpan[] {
  return moments(start, columns.elapsed).map((at, i) => ({
    startTime: new Date(at).toISOString(),
    endTime: new Date(at + (columns.lasts[i] ?? 0)).toISOString(),
  }));
}

/** What is known of a stretch of time. `unverified` is a price that browsers reported and no crawl has seen yet;
 * `unconfirmed` is the time since the last look: the price may still hold. */
export type State = "offered" | "unverified" | "noOffer" | "notObserved" | "unconfirmed";

/** Whether somebody saw a price there. */
export function isSeen(state: State): boolean {
  return state === "offered" || state === "unverified";
}

/** A stretch [start, end) ms in which nothing changed. `price` (minor units) is the last one known, whatever the state. */
export interface Stretch {
  start: number;
  end: number;
  state: State;
  price: number | null;
  /** The lowest and highest price, where the stretch is a bucket of several. */
  low: number | null;
  high: number | null;
}

/** One offer, ready to be drawn. */
export interface Series {
  offer: string;
  currency: string;
  stretches: Stretch[];
  /** When the first price was seen (ms); null if there never was one. */
  first: number | null;
  /** When somebody looked last (ms). */
  lastSeen: number | null;
}

/** Longer than this without a look, and the last price is no longer carried on as the likely one. */
export const SILENCE = 7 * 86_400_000;

interface Mark {
  at: number;
  state: State;
  price: number | null;
  low: number | null;
  high: number | null;
}

/** Cut an answer into stretches without a hole, from its first look up to `now` (ms). A price holds until it changes. */
export function prepare(answer: History, now: number): Series {
  const lastSeen = answer.lastSeen === null ? null : Date.parse(answer.lastSeen);
  const rumours = new Set((answer.unverified ?? []).map((span) => Date.parse(span.startTime)));
  const marks: Mark[] = answer.history.map((point) => ({
    at: Date.parse(point.timestamp),
    state: rumours.has(Date.parse(point.timestamp)) ? "unverified" : "offered",
    price: point.price,
    low: point.low ?? null,
    high: point.high ?? null,
  }));
  for (const [state, spans] of [
    ["noOffer", answer.noOffer],
    ["notObserved", answer.notObserved],
  ] as const) {
    for (const span of spans) marks.push({ at: Date.parse(span.startTime), state, price: null, low: null, high: null });
  }
  marks.sort((a, b) => a.at - b.at);
  // What nobody looked at after the last look is drawn by how long ago that was, whether or not the answer lists it.
  const isKnown = ({ at, state }: Mark): boolean => lastSeen === null || at < lastSeen || (at === lastSeen && state !== "notObserved");
  const known = marks.filter(isKnown);
  const end = lastSeen ?? now;
  const stretches: Stretch[] = [];
  let last: number | null = null;
  for (const [i, mark] of known.entries()) {
    last = mark.price ?? last;
    const until = Math.min(known[i + 1]?.at ?? end, end);
    const before = stretches.at(-1);
    if (until <= mark.at && i < known.length - 1) continue;
    if (before && before.state === mark.state && before.price === last && mark.low === null) before.end = until;
    else stretches.push({ ...mark, start: mark.at, end: until, price: last });
  }
  const tail = stretches.at(-1);
  if (tail && lastSeen !== null && now > lastSeen && tail.state !== "notObserved") {
    // What is not on offer stays so until somebody sees it again; a price may hold, and is said to be unconfirmed.
    const likely = tail.state === "noOffer" ? "noOffer" : "unconfirmed";
    const state = now - lastSeen > SILENCE ? "notObserved" : likely;
    if (state === tail.state) tail.end = now;
    else stretches.push({ start: lastSeen, end: now, state, price: last, low: null, high: null });
  }
  return {
    offer: answer.offer,
    currency: answer.currency,
    stretches: stretches.map(({ start, end, state, price, low, high }) => ({ start, end, state, price, low, high })),
    first: stretches.find((stretch) => isSeen(stretch.state))?.start ?? null,
    lastSeen,
  };
}

/** What is known at one moment; null before the first look and after the last stretch. */
export function stretchAt(series: Series, at: number): Stretch | null {
  let low = 0;
  let high = series.stretches.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = series.stretches[middle];
    if (!found) return null;
    if (at < found.start) high = middle - 1;
    else if (at >= found.end && middle < series.stretches.length - 1) low = middle + 1;
    else return at <= found.end ? found : null;
  }
  return null;
}

/** The part of a series that lies in [start, end). */
export function within(series: Series, start: number, end: number): Stretch[] {
  return series.stretches
    .filter((stretch) => stretch.end >= start && stretch.start < end)
    .map((stretch) => ({ ...stretch, start: Math.max(stretch.start, start), end: Math.min(stretch.end, end) }));
}
