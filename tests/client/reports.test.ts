import assert from "node:assert/strict";
import { test } from "node:test";

import type { Sighting } from "../../extension/src/page/read.ts";
import { mayReport, readConsent } from "../../extension/src/reports/consent.ts";
import { add, due, EMPTY, pack, postpone, settle } from "../../extension/src/reports/ledger.ts";
import { isPublic, observed, readSighting } from "../../extension/src/reports/observation.ts";
import type { Area } from "../../extension/src/reports/reporter.ts";
import { Reporter } from "../../extension/src/reports/reporter.ts";

const NOW = Date.parse("2026-11-25T12:10:00Z");
const MINUTE = 60_000;
const ORIGIN = "http://localhost:8000";
const PLAIN = { signedIn: false, memberPrice: false, coupon: false, subscription: false, deliveryCountry: null, variation: null, language: "en-US" };

function kettle(change: Partial<Sighting> = {}): Sighting {
  return { productID: "us:B08N5WRWNW", offer: "buybox", price: 1299, currency: "USD", title: "A kettle", context: PLAIN, ...change };
}

/** A storage like the browser's: what goes in is copied, as JSON. */
function storage(): Area & { stored: Map<string, string> } {
  const stored = new Map<string, string>();
  return {
    stored,
    get: async (keys) => Object.fromEntries(keys.filter((key) => stored.has(key)).map((key) => [key, JSON.parse(stored.get(key) ?? "")])),
    set: async (values) => Object.entries(values).forEach(([key, value]) => stored.set(key, JSON.stringify(value))),
    remove: async (keys) => keys.forEach((key) => stored.delete(key)),
  };
}

interface Call { path: string; method: string; headers: Record<string, string>; body: string | undefined }

/** A worker over a storage, and a server that answers `answers` in turn (201 with a token to new installs). */
function worker(area: Area, answers: (Response | Error)[] = []) {
  const calls: Call[] = [];
  const clock = { now: NOW };
  const fetcher = (async (address: string, init: RequestInit) => {
    calls.push({ path: address.slice(ORIGIN.length), method: init.method ?? "GET", headers: init.headers as Record<string, string>, body: init.body as string | undefined });
    assert.equal(init.credentials, "omit");
    const answer = address.endsWith("/installs") && !(answers[0] instanceof Error) && answers[0]?.status !== 503
      ? Response.json({ id: `ab1${++installs}`, token: "T" }, { status: 201 }) : answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new TypeError("network");
    return answer;
  }) as unknown as typeof fetch;
  let [keys, installs] = [0, 1];
  const reporter = new Reporter({ area, fetcher, now: () => clock.now, chance: () => 0.5, newKey: () => `key-${++keys}` });
  return { reporter, calls, clock };
}

const told = (verdict = "accepted"): Response => Response.json({ verdicts: [{ verdict, reason: "confirms", detail: "As known." }] });

test("nothing is kept or sent before the person agrees, while it is paused, or for another server", async () => {
  const area = storage();
  const { reporter, calls } = worker(area, [told()]);
  assert.equal(await reporter.offer(kettle()), null);
  assert.equal(await reporter.flush(), null);
  assert.equal(area.stored.size, 0);

  await reporter.agree();
  await reporter.pause(true);
  assert.equal(await reporter.offer(kettle()), null);
  await reporter.pause(false);
  await area.set({ origin: "https://other.example" });
  assert.equal(await reporter.offer(kettle()), null);
  assert.deepEqual(calls, []);
});

test("what waits for one server is not told to another", async () => {
  const area = storage();
  const { reporter, calls } = worker(area);
  await reporter.agree();
  await reporter.offer(kettle());
  await area.set({ origin: "https://other.example" });
  await reporter.agree();
  assert.equal(await reporter.flush(), null);
  assert.deepEqual(calls, []);
});

test("a batch goes out with the install's token and a key, and is kept byte for byte", async () => {
  const area = storage();
  const { reporter, calls } = worker(area, [told()]);
  await reporter.agree();
  assert.equal(await reporter.offer(kettle()), NOW);
  assert.equal(await reporter.flush(), null);

  const [made, sent] = calls;
  assert.equal(made?.path, "/installs");
  assert.deepEqual([sent?.path, sent?.headers["authorization"], sent?.headers["idempotency-key"]], ["/observations", "Bearer T", "key-1"]);
  assert.deepEqual(JSON.parse(sent?.body ?? ""), { observations: [{ ...kettle(), observedAt: "2026-11-25T12:10:00Z" }] });
  const { sent: kept } = JSON.parse(area.stored.get("ledger") ?? "");
  assert.deepEqual(kept, [{ at: NOW, to: `${ORIGIN}/observations`, body: sent?.body, status: 200, verdicts: [{ verdict: "accepted", detail: "As known." }] }]);
});

test("one report for a product within an hour, whatever the clock's hour is", async () => {
  const { reporter, calls, clock } = worker(storage(), [told(), told()]);
  await reporter.agree();
  await reporter.offer(kettle());
  await reporter.flush();
  clock.now += 60 * MINUTE - 1;
  assert.equal(await reporter.offer(kettle({ price: 999 })), null, "13:09:59");
  clock.now += 1;
  assert.equal(await reporter.offer(kettle({ price: 999 })), clock.now);
  await reporter.flush();
  assert.equal(calls.filter((call) => call.path === "/observations").length, 2);
});

test("a worker that is stopped in the middle sends the same bytes under the same key again", async () => {
  const area = storage();
  const first = worker(area, [new TypeError("stopped")]);
  await first.reporter.agree();
  await first.reporter.offer(kettle());
  assert.ok(await first.reporter.flush());

  const second = worker(area, [told()]);
  second.clock.now += 10 * MINUTE;
  await second.reporter.offer(kettle({ productID: "us:B000000002" }));
  await second.reporter.flush();
  const again = second.calls.find((call) => call.path === "/observations");
  assert.equal(again?.headers["idempotency-key"], "key-1");
  assert.deepEqual(JSON.parse(again?.body ?? "").observations.map((each: Sighting) => each.productID), ["us:B08N5WRWNW"]);
});

test("who asks to wait is left alone for as long, and pauses double", async () => {
  const area = storage();
  const busy = (): Response => new Response("{}", { status: 429, headers: { "retry-after": "600" } });
  const { reporter, calls, clock } = worker(area, [busy(), new Response("", { status: 503 }), told()]);
  await reporter.agree();
  await reporter.offer(kettle());
  assert.equal(await reporter.flush(), NOW + 600_000);
  assert.equal(await reporter.flush(), NOW + 600_000);
  clock.now += 600_000;
  assert.equal(await reporter.flush(), clock.now + 2 * MINUTE);
  clock.now += 2 * MINUTE;
  assert.equal(await reporter.flush(), null);
  assert.equal(calls.filter((call) => call.path === "/observations").length, 3);
});

test("an install that was ended is replaced, and a batch that is refused is not sent again", async () => {
  const { reporter, calls, clock } = worker(storage(), [new Response("{}", { status: 401 }), Response.json({ detail: "No." }, { status: 400 })]);
  await reporter.agree();
  await reporter.offer(kettle());
  clock.now = (await reporter.flush()) ?? 0;
  assert.equal(await reporter.flush(), null);
  assert.deepEqual(calls.map((call) => call.path), ["/installs", "/observations", "/installs", "/observations"]);
});

test("withdrawing deletes everything here and ends the install there", async () => {
  const area = storage();
  const { reporter, calls } = worker(area, [told(), new Response(null, { status: 204 })]);
  await reporter.agree();
  await reporter.offer(kettle());
  await reporter.flush();
  await reporter.withdraw();
  assert.equal(area.stored.size, 0);
  assert.deepEqual([calls.at(-1)?.method, calls.at(-1)?.path, calls.at(-1)?.headers["authorization"]], ["DELETE", "/installs/ab12", "Bearer T"]);
});

test("a server that cannot be reached when somebody withdraws is told later, until it is gone for a week", async () => {
  const area = storage();
  const busy = new Response(null, { status: 503 });
  const { reporter, calls, clock } = worker(area, [told(), new TypeError("network"), busy, new Response(null, { status: 204 }), told()]);
  await reporter.agree();
  await reporter.offer(kettle());
  await reporter.flush();
  const later = await reporter.withdraw();
  assert.deepEqual([...area.stored.keys()], ["farewells"]);
  clock.now = later ?? 0;
  assert.equal(await reporter.flush(), NOW + 20 * MINUTE, "nor now");
  assert.equal(await reporter.flush(), null);
  assert.deepEqual(calls.map((call) => call.method), ["POST", "POST", "DELETE", "DELETE", "DELETE"]);
  assert.equal(area.stored.size, 0);

  await reporter.agree();
  await reporter.offer(kettle());
  await reporter.flush();
  await reporter.withdraw();
  clock.now += 7 * 24 * 60 * MINUTE;
  assert.equal(await reporter.flush(), null);
  assert.equal(area.stored.size, 0);
});

test("who agrees and withdraws again before the server has heard is forgotten there twice", async () => {
  const area = storage();
  const gone = (): Error => new TypeError("network");
  const { reporter, calls, clock } = worker(area, [
    told(), gone(), gone(), told(), gone(), gone(), new Response(null, { status: 204 }), gone(), new Response(null, { status: 204 }),
  ]);
  for (const product of ["us:B000000001", "us:B000000002"]) {
    await reporter.agree();
    await reporter.offer(kettle({ productID: product }));
    await reporter.flush();
    await reporter.withdraw();
  }
  assert.equal(JSON.parse(area.stored.get("farewells") ?? "").length, 2);
  clock.now = (await reporter.flush()) ?? 0;
  assert.equal(JSON.parse(area.stored.get("farewells") ?? "").length, 1);
  assert.equal(await reporter.flush(), null);
  const farewells = calls.filter((call) => call.method === "DELETE").map((call) => call.path.slice(-4));
  assert.deepEqual(farewells, ["ab12", "ab12", "ab12", "ab13", "ab12", "ab13", "ab13"]);
  assert.equal(area.stored.size, 0);
});

test("a clock that was set back holds no report up", () => {
  const ledger = add(EMPTY, observed(kettle(), NOW), NOW);
  assert.equal(add(ledger, observed(kettle(), NOW), NOW + 59 * MINUTE), ledger);
  assert.equal(add(ledger, observed(kettle(), NOW), NOW - 5 * MINUTE).waiting.length, 2);
});

test("what has waited for an hour is dropped, and what waits is bounded", () => {
  const at = (product: number, now: number) => observed(kettle({ productID: `us:B${String(product).padStart(9, "0")}` }), now);
  let ledger = EMPTY;
  for (let i = 0; i < 600; i += 1) ledger = add(ledger, at(i, NOW), NOW);
  assert.equal(ledger.waiting.length, 500);
  const packed = pack(ledger, "k", NOW);
  assert.equal(JSON.parse(packed.batch?.body ?? "").observations.length, 40);
  assert.ok((packed.batch?.body.length ?? 0) < 64_000);
  assert.equal(pack(packed, "other", NOW + MINUTE), packed);
  const late = pack(postpone(packed, null, 0, NOW), "later", NOW + 56 * MINUTE);
  assert.deepEqual([late.batch, late.waiting, due(late, NOW)], [null, [], null]);
  let sent = EMPTY;
  for (let i = 0; i < 60; i += 1) sent = settle(pack(add(sent, at(i, NOW), NOW), "k", NOW), "x", 200, [], NOW);
  assert.equal(sent.sent.length, 50);
});

test("only what everybody is offered is reported", async () => {
  const context = (change: Partial<Sighting["context"]>): Sighting => kettle({ context: { ...PLAIN, ...change } });
  for (const special of [
    context({ memberPrice: true }), context({ coupon: true }), context({ subscription: true }),
    context({ deliveryCountry: "PK" }), context({ variation: "B000000009" }),
  ]) assert.equal(isPublic(special), false);
  for (const plain of [kettle(), context({ signedIn: true }), context({ deliveryCountry: "US" }), context({ variation: "B08N5WRWNW" })]) {
    assert.equal(isPublic(plain), true);
  }
  assert.equal(isPublic({ ...context({ deliveryCountry: "GB" }), productID: "uk:B08N5WRWNW" }), true);
  const { reporter } = worker(storage());
  await reporter.agree();
  assert.equal(await reporter.offer(context({ coupon: true })), null);
});

test("a sighting is built anew from its known parts, or refused", () => {
  assert.deepEqual(readSighting({ ...kettle(), more: 1, context: { ...PLAIN, name: "Ada" } }), kettle());
  for (const wrong of [
    null, [], "x", { ...kettle(), price: 12.5 }, { ...kettle(), price: -1 }, { ...kettle(), price: "1" }, { ...kettle(), currency: "EUR" },
    { ...kettle(), productID: "xx:B08N5WRWNW" }, { ...kettle(), offer: "used" }, { ...kettle(), title: "x".repeat(301) },
    { ...kettle(), context: null }, { ...kettle(), context: { ...PLAIN, signedIn: "yes" } }, { ...kettle(), context: { ...PLAIN, language: "<b>" } },
  ]) assert.equal(readSighting(wrong), null);
  assert.equal(readConsent({ origin: 1 }), null);
  assert.equal(mayReport(readConsent({ origin: ORIGIN, at: 1 }), ORIGIN), true);
});
