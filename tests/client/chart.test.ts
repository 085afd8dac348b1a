import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { priceDomain, priceTicks, timeTicks } from "../../src/pennywren/web/client/chart/axis.ts";
import { thin } from "../../src/pennywren/web/client/chart/downsample.ts";
import { makeFormat } from "../../src/pennywren/web/client/chart/format.ts";
import type { History, Stretch } from "../../src/pennywren/web/client/chart/history.ts";
import { inRows, prepare, stretchAt, within } from "../../src/pennywren/web/client/chart/history.ts";
import type { Stroke } from "../../src/pennywren/web/client/chart/labels.ts";
import { around, boxOf, place, widthOf } from "../../src/pennywren/web/client/chart/labels.ts";
import { loadHistories, LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import { ordinary } from "../../src/pennywren/web/client/chart/outliers.ts";
import { step } from "../../src/pennywren/web/client/chart/pointing.ts";
import { clampWindow, defaultRange, isAvailable, windowOf } from "../../src/pennywren/web/client/chart/ranges.ts";
import { statistics } from "../../src/pennywren/web/client/chart/statistics.ts";
import { summarize } from "../../src/pennywren/web/client/chart/summary.ts";
import { ENGLISH, GERMAN } from "../../src/pennywren/web/client/chart/words.ts";
import { minorUnits } from "../../src/pennywren/web/client/trying.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const day = (n: number): string => new Date(START + n * DAY).toISOString();

function history(points: [number, number][], lastSeen: number, more: Partial<History> = {}): History {
  return {
    productID: "us:B08N5WRWNW", offer: "buybox", currency: "USD", interval: "raw", startTime: day(0), endTime: day(400),
    history: points.map(([at, price]) => ({ timestamp: day(at), price })),
    low: null, high: null, average: null, lastSeen: day(lastSeen), noOffer: [], notObserved: [], ...more,
  };
}

const GAPS = history([[0, 1000], [2, 1500], [4, 1500], [6, 1200]], 8, {
  noOffer: [{ startTime: day(3), endTime: day(4) }],
  notObserved: [{ startTime: day(5), endTime: day(6) }],
});

describe("columns", () => {
  test("say the same as rows", () => {
    const { history: points, noOffer, notObserved, ...rest } = GAPS;
    const rows = inRows({
      ...rest,
      columns: { elapsed: [0, 2 * DAY, 2 * DAY, 2 * DAY], price: points.map((point) => point.price) },
      noOffer: { elapsed: [3 * DAY], lasts: [DAY] },
      notObserved: { elapsed: [5 * DAY], lasts: [DAY] },
      unverified: { elapsed: [], lasts: [] },
    });
    assert.deepEqual(rows, { ...GAPS, unverified: [] });
    assert.deepEqual([noOffer, notObserved], [rows.noOffer, rows.notObserved]);
    assert.equal(inRows(GAPS), GAPS);
  });

  test("have the lowest and the highest of a bucket", () => {
    const { history: _, ...rest } = GAPS;
    const none = { elapsed: [], lasts: [] };
    const columns = { elapsed: [DAY], price: [5], low: [4], high: [6] };
    const rows = inRows({ ...rest, columns, noOffer: none, notObserved: none, unverified: none });
    assert.deepEqual(rows.history, [{ timestamp: day(1), price: 5, low: 4, high: 6 }]);
  });
});

describe("stretches", () => {
  test("a price holds until it changes, and what is not known is a stretch of its own", () => {
    const series = prepare(GAPS, START + 9 * DAY);
    assert.deepEqual(
      series.stretches.map((s) => [(s.start - START) / DAY, (s.end - START) / DAY, s.state, s.price]),
      [[0, 2, "offered", 1000], [2, 3, "offered", 1500], [3, 4, "noOffer", 1500], [4, 5, "offered", 1500],
       [5, 6, "notObserved", 1500], [6, 8, "offered", 1200], [8, 9, "unconfirmed", 1200]],
    );
    assert.equal(series.first, START);
  });

  test("what was not on offer at the last look is not on offer now, and has no price", () => {
    const gone = history([[0, 1000]], 5, { noOffer: [{ startTime: day(4), endTime: day(5) }] });
    const series = prepare(gone, START + 6 * DAY);
    assert.deepEqual(series.stretches.map((s) => [s.state, (s.end - START) / DAY]), [["offered", 4], ["noOffer", 6]]);
    assert.equal(statistics(series, START, START + 6 * DAY)?.now, null);
  });

  test("after a long silence that is what is said, and not that there is no offer", () => {
    const series = prepare(GAPS, START + 30 * DAY);
    const said = summarize(series, START, START + 30 * DAY, ENGLISH, makeFormat("USD", ["en"]));
    assert.match(said, /nobody has looked since 9 Jan 2026/);
    assert.doesNotMatch(said, /not on offer/);
  });

  test("a silence up to now is as long as it is, also where the answer lists its begin", () => {
    const listed = history([[0, 1000]], 5, { notObserved: [{ startTime: day(5), endTime: day(6) }] });
    const series = prepare(listed, START + 30 * DAY);
    assert.deepEqual(
      series.stretches.map((s) => [(s.start - START) / DAY, (s.end - START) / DAY, s.state]),
      [[0, 5, "offered"], [5, 30, "notObserved"]],
    );
  });

  test("after a long silence the last price is not carried on", () => {
    assert.equal(prepare(GAPS, START + 30 * DAY).stretches.at(-1)?.state, "notObserved");
  });

  test("a product that was only looked at once has a moment", () => {
    const series = prepare(history([[0, 1000]], 0), START);
    assert.deepEqual(series.stretches.map((s) => [s.start, s.end, s.price]), [[START, START, 1000]]);
    assert.equal(stretchAt(series, START)?.price, 1000);
  });

  test("every moment has one stretch, and outside there is none", () => {
    const series = prepare(GAPS, START + 9 * DAY);
    for (const [at, price] of [[0, 1000], [1.9, 1000], [2, 1500], [7, 1200], [9, 1200]] as const) {
      assert.equal(stretchAt(series, START + at * DAY)?.price, price);
    }
    assert.equal(stretchAt(series, START - 1), null);
    assert.equal(stretchAt(series, START + 10 * DAY), null);
  });

  test("a window cuts the stretches at its edges", () => {
    const cut = within(prepare(GAPS, START + 9 * DAY), START + DAY, START + 2.5 * DAY);
    assert.deepEqual(cut.map((s) => [(s.start - START) / DAY, (s.end - START) / DAY]), [[1, 2], [2, 2.5]]);
  });
});

describe("what browsers reported", () => {
  const told = history([[0, 1000], [2, 900], [4, 1100]], 8, { unverified: [{ startTime: day(2), endTime: day(4) }] });

  test("is a state of its own, and a price like others in what is summed up", () => {
    const series = prepare(told, START + 8 * DAY);
    assert.deepEqual(series.stretches.map((s) => s.state), ["offered", "unverified", "offered"]);
    assert.equal(statistics(series, START, START + 8 * DAY)?.low, 900);
  });

  test("an answer that knows nothing of it is read all the same", () => {
    const { unverified: _, ...older } = told;
    assert.ok(prepare(older, START + 8 * DAY).stretches.every((s) => s.state === "offered"));
  });
});

describe("a target that is typed", () => {
  test("is read as the currency is written, and nothing else is", () => {
    const cases: [string, number, number | null][] = [
      ["49.65", 2, 4965], [" 49,6 ", 2, 4960], ["49", 2, 4900], ["4965", 0, 4965],
      ["49.657", 2, null], ["49.5", 0, null], ["1,234.56", 2, null], ["", 2, null], ["-1", 2, null], ["x", 2, null],
    ];
    for (const [text, digits, expected] of cases) assert.equal(minorUnits(text, digits), expected, text);
  });
});

describe("ranges", () => {
  test("what is longer than the history cannot be chosen, all always can", () => {
    const now = START + 100 * DAY;
    assert.deepEqual(
      (["1m", "3m", "6m", "1y", "all"] as const).map((range) => isAvailable(range, START, now)),
      [true, true, false, false, true],
    );
    assert.equal(defaultRange(START, now), "all");
    assert.equal(defaultRange(START, START + 400 * DAY), "1y");
    assert.deepEqual(windowOf("1m", START, now), { start: now - 30 * DAY, end: now });
    assert.deepEqual(windowOf("all", START, now), { start: START, end: now });
  });

  test("a zoom stays inside of the history and never closes up", () => {
    const whole = { start: 0, end: 100 * DAY };
    assert.deepEqual(clampWindow({ start: -DAY, end: DAY }, whole), { start: 0, end: 2 * DAY });
    const tiny = clampWindow({ start: 5, end: 5 }, whole);
    assert.equal(tiny.end - tiny.start, 3_600_000);
  });
});

test("thinning keeps order, the ends and the true extremes", () => {
  const stretches: Stretch[] = Array.from({ length: 20_000 }, (_, i) => ({
    start: i, end: i + 1, state: "offered", price: 1000 + ((i * 7919) % 500), low: null, high: null,
  }));
  const lowest = { ...(stretches[7777] as Stretch), price: 1 };
  const highest = { ...(stretches[12_345] as Stretch), price: 9999 };
  stretches[7777] = lowest;
  stretches[12_345] = highest;
  const kept = thin(stretches, 0, 20_000, 300);
  assert.ok(kept.length <= 4 * 300, `${kept.length}`);
  assert.ok(kept.includes(lowest) && kept.includes(highest));
  assert.equal(kept[0], stretches[0]);
  assert.equal(kept.at(-1), stretches.at(-1));
  assert.ok(kept.every((one, i) => i === 0 || one.start > (kept[i - 1] as Stretch).start));
});

describe("outliers", () => {
  const YEAR = 365;
  const of = (points: [number, number][]): Stretch[] =>
    within(prepare(history(points, YEAR), START + YEAR * DAY), START, START + YEAR * DAY);

  test("one absurd price is left out of the axis, above or below", () => {
    assert.deepEqual(ordinary(of([[0, 2000], [100, 199_900], [101, 2200], [200, 1], [201, 1800]])), { low: 1800, high: 2200, outside: 2 });
  });

  test("a sale is none, nor what was so for long, nor the price now", () => {
    assert.equal(ordinary(of([[0, 2000], [100, 700], [101, 2000]]))?.outside, 0);
    assert.deepEqual(ordinary(of([[0, 2000], [200, 20_000]])), { low: 2000, high: 20_000, outside: 0 });
    assert.deepEqual(ordinary(of([[0, 2000], [364, 20_000]])), { low: 2000, high: 20_000, outside: 0 });
  });

  test("a bucket that reaches there counts, and its own price stays", () => {
    const [bucket] = of([[0, 2000]]);
    assert.deepEqual(ordinary([{ ...(bucket as Stretch), low: 1, high: 2100 }]), { low: 2000, high: 2100, outside: 1 });
  });

  test("a single look and no look at all have no outliers", () => {
    assert.deepEqual(ordinary([{ start: 5, end: 5, state: "offered", price: 9, low: null, high: null }]), { low: 9, high: 9, outside: 0 });
    assert.equal(ordinary([{ start: 0, end: 5, state: "notObserved", price: null, low: null, high: null }]), null);
  });
});

describe("axes", () => {
  test("the axis of prices shows what moved with a tenth of air, or begins at zero", () => {
    assert.deepEqual(priceDomain(1000, 2000, false), [900, 2100]);
    assert.deepEqual(priceDomain(1000, 2000, true), [0, 2100]);
    assert.deepEqual(priceDomain(1, 1, false), [0, 2]);
  });

  test("ticks are few, round and inside", () => {
    for (const [low, high] of [[900, 2100], [0, 1], [123_456, 123_999], [1, 10_000_000]] as const) {
      const ticks = priceTicks(low, high, 5);
      assert.ok(ticks.length >= 1 && ticks.length <= 5, `${ticks}`);
      assert.ok(ticks.every((tick) => tick >= low && tick <= high));
    }
  });

  test("moments suit the span", () => {
    assert.equal(timeTicks(START, START + DAY, 6).unit, "hour");
    assert.equal(timeTicks(START, START + 30 * DAY, 6).unit, "day");
    assert.equal(timeTicks(START, START + 300 * DAY, 6).unit, "month");
    assert.equal(timeTicks(START, START + 3000 * DAY, 6).unit, "year");
    for (const days of [1, 30, 300, 3000]) assert.ok(timeTicks(START, START + days * DAY, 6).at.length <= 6);
  });
});

test("an axis has a fraction only where one of its prices has", () => {
  const format = makeFormat("USD", ["en"]);
  assert.deepEqual([100_000, 200_000].map((tick, _, all) => format.amount(tick, all)), ["1,000", "2,000"]);
  assert.deepEqual([1250, 1300].map((tick, _, all) => format.amount(tick, all)), ["12.50", "13.00"]);
  assert.equal(makeFormat("JPY", ["en"]).amount(4280, [4280]), "4,280");
});

describe("labels", () => {
  const inside = { left: 40, right: 300, top: 0, bottom: 200 };
  const text = "$12.99";
  const cross = (strokes: readonly Stroke[], box: Stroke | null): boolean =>
    box !== null && strokes.some((s) => s.left < box.right && s.right > box.left && s.top < box.bottom && s.bottom > box.top);

  test("stand where they are wanted most while nothing is in the way", () => {
    assert.deepEqual(place(text, around(text, 150, 100, false), inside, [], []), boxOf(text, 150 - widthOf(text) / 2, 116));
  });

  test("leave a line alone where there is room beside it", () => {
    const level = { left: 40, right: 300, top: 112, bottom: 112 };
    const upright = { left: 150, right: 150, top: 20, bottom: 100 };
    const box = place(text, around(text, 150, 100, false), inside, [level, upright], []);
    assert.ok(box);
    assert.equal(cross([level, upright], box), false);
  });

  test("stay inside at both ends, and never write over each other", () => {
    for (const x of [40, 300]) {
      const first = place(text, around(text, x, 100, true), inside, [], []);
      assert.ok(first && first.left >= inside.left && first.right <= inside.right);
      const second = place(text, around(text, x, 100, true), inside, [], [first]);
      assert.ok(second);
      assert.equal(cross([first], second), false);
    }
  });

  test("are left out where they fit nowhere", () => {
    assert.equal(place(text, around(text, 150, 100, true), { ...inside, top: 90, bottom: 95 }, [], []), null);
  });
});

describe("in words", () => {
  const format = makeFormat("USD", ["en-US"]);

  test("under fourteen days there is no verdict and no band", () => {
    const series = prepare(GAPS, START + 9 * DAY);
    const found = statistics(series, START, START + 9 * DAY);
    assert.deepEqual([found?.typical, found?.verdict, found?.low, found?.high], [null, null, 1000, 1500]);
    const text = summarize(series, START, START + 9 * DAY, ENGLISH, format);
    assert.match(text, /Buy box: \$12\.00 now\. In the time shown: lowest \$10\.00 on Jan 1, 2026, highest \$15\.00 on Jan 3, 2026\. 8 days/);
  });

  test("a history of less than a day has begun, and days are counted as people do", () => {
    const begun = prepare(history([[0, 2000]], 0.5), START + DAY / 2);
    assert.match(summarize(begun, START, START + DAY / 2, ENGLISH, format), /We have just begun to look: /);
    const day1 = prepare(history([[0, 2000]], 1), START + DAY);
    assert.match(summarize(day1, START, START + DAY, ENGLISH, format), / 1 day of history: /);
    assert.match(summarize(day1, START, START + DAY, GERMAN, makeFormat("EUR", ["de"])), / 1 Tag Verlauf: /);
  });

  test("with enough history it says what is usual, weighed by time", () => {
    const series = prepare(history([[0, 2000], [30, 1000], [31, 2000], [60, 900]], 61), START + 61 * DAY);
    const found = statistics(series, START, START + 61 * DAY);
    assert.deepEqual(found?.typical, { low: 2000, high: 2000 });
    assert.equal(found?.verdict, "low");
    assert.match(summarize(series, START, START + 61 * DAY, GERMAN, makeFormat("EUR", ["de"])), / Üblich sind 20,00\s€\. Das ist niedrig\.$/);
  });

  test("a price that never moved is said once", () => {
    const series = prepare(history([[0, 1999]], 61), START + 61 * DAY);
    const text = summarize(series, START, START + 61 * DAY, ENGLISH, format);
    assert.equal(text, "Buy box: $19.99 now. Only one price in the time shown: $19.99.");
  });

  test("who has zoomed into the past is told what it costs now, and is not told that it is much or little", () => {
    const series = prepare(history([[0, 2000], [10, 2500], [30, 1000], [60, 900]], 61), START + 61 * DAY);
    const text = summarize(series, START, START + 20 * DAY, ENGLISH, format);
    assert.match(text, /^Buy box: \$9\.00 now\. In the time shown: lowest \$20\.00 .*, highest \$25\.00 .* Typical \$20\.00 to \$25\.00\.$/);
  });

  test("no offer now is no price now", () => {
    const gone = prepare(history([[0, 1000]], 3, { noOffer: [{ startTime: day(1), endTime: day(3) }] }), START + 3 * DAY);
    assert.equal(statistics(gone, START, START + 3 * DAY)?.now, null);
    assert.match(summarize(gone, START, START + 3 * DAY, ENGLISH, format), /not on offer now/);
  });

  test("money has the digits of its currency", () => {
    assert.equal(makeFormat("JPY", ["en"]).price(1299), "¥1,299");
    assert.match(makeFormat("EUR", ["de"]).price(129_900), /^1\.299,00\s€$/);
  });

  test("both catalogues say the same things with the same gaps", () => {
    const gaps = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();
    for (const [name, text] of Object.entries(ENGLISH)) {
      assert.deepEqual(gaps(GERMAN[name as keyof typeof GERMAN]), gaps(text), name);
    }
  });
});

test("keys lead from change to change, and no further than the window", () => {
  const series = prepare(GAPS, START + 9 * DAY);
  const window = { start: START, end: START + 9 * DAY };
  assert.equal(step("ArrowLeft", null, series, window), START + 8 * DAY);
  assert.equal(step("ArrowLeft", START + 8 * DAY, series, window), START + 6 * DAY);
  assert.equal(step("ArrowRight", START + 6 * DAY, series, window), START + 8 * DAY);
  assert.equal(step("ArrowRight", START + 8 * DAY, series, window), START + 8 * DAY);
  assert.equal(step("Home", START + 8 * DAY, series, window), START);
  assert.equal(step("End", START, series, window), START + 8 * DAY);
  assert.equal(step("a", START, series, window), null);
  assert.equal(step("Home", null, undefined, window), null);
});

describe("loading", () => {
  test("too many changes for one answer come as days", async () => {
    const asked: string[] = [];
    const fetcher = (async (address: string) => {
      asked.push(address);
      return address.includes("interval=raw") ? new Response("{}", { status: 400 }) : Response.json(GAPS);
    }) as typeof fetch;
    const [found] = await loadHistories("", "us:B08N5WRWNW", ["new"], fetcher);
    assert.equal(found?.currency, "USD");
    assert.match(asked[0] ?? "", /us%3AB08N5WRWNW\/history\?offer=new&interval=raw/);
    assert.equal(asked.length, 2);
  });

  test("a refusal tells its status and when to come back", async () => {
    const busy = (async () => new Response("", { status: 429, headers: { "retry-after": "7" } })) as unknown as typeof fetch;
    await assert.rejects(loadHistories("", "us:B08N5WRWNW", ["buybox"], busy), (error: unknown) =>
      error instanceof LoadFailed && error.status === 429 && error.retryAfter === 7);
    const away = (async () => { throw new TypeError("network"); }) as unknown as typeof fetch;
    await assert.rejects(loadHistories("", "us:B08N5WRWNW", ["buybox"], away), { status: 0 });
  });
});

test("in text from the right a price keeps its sign in one piece", () => {
  assert.equal(makeFormat("USD", ["ar"]).price(1599), "\u200f15.99\u00a0US$\u200e");
  assert.equal(makeFormat("EGP", ["ar-EG-u-nu-latn"]).price(1599).endsWith("\u200e"), false);
  assert.equal(makeFormat("USD", ["en-US"]).price(1599), "$15.99");
});
