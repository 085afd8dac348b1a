import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "../../extension/src/api.ts";
import { spotOf } from "../../extension/src/drag.ts";
import { productOf } from "../../extension/src/marketplaces.ts";
import { readOwnQuestion, readPageQuestion } from "../../extension/src/messages.ts";
import { begin, end, look, ownApi } from "../../extension/src/pairing.ts";
import { cleanOrigin, readLayout, USUAL } from "../../extension/src/settings.ts";
import { troubleOf } from "../../extension/src/trouble.ts";

const KETTLE = "us:B08N5WRWNW";

test("a product page is known by its address, every other page is left alone", () => {
  for (const address of [
    "https://www.amazon.com/dp/B08N5WRWNW", "https://www.amazon.com/A-Kettle/dp/B08N5WRWNW/ref=x?th=1",
    "https://www.amazon.com/gp/product/b08n5wrwnw", "https://www.amazon.com/gp/aw/d/B08N5WRWNW#reviews",
  ]) assert.equal(productOf(address), KETTLE, address);
  assert.equal(productOf("https://www.amazon.co.jp/dp/B08N5WRWNW"), "jp:B08N5WRWNW");
  for (const address of [
    "https://www.amazon.com/", "https://www.amazon.com/s?k=/dp/B08N5WRWNW", "https://www.amazon.com/dp/B08N5",
    "https://www.amazon.com.evil.example/dp/B08N5WRWNW", "https://evil.example/www.amazon.com/dp/B08N5WRWNW",
    "javascript:alert(1)", "", "https://www.amazon.com/dp/B08N5WRWNW0",
  ]) assert.equal(productOf(address), null, address);
});

test("only questions of our shape are read, and built anew from their known parts", () => {
  assert.deepEqual(readPageQuestion({ kind: "show", product: KETTLE, more: 1 }), { kind: "show", product: KETTLE });
  assert.deepEqual(readPageQuestion({ kind: "watch", product: KETTLE, threshold: 5 }), { kind: "watch", product: KETTLE, threshold: 5 });
  assert.deepEqual(readPageQuestion({ kind: "open", page: "connect", wish: { product: "x", threshold: 1 } }), { kind: "open", page: "connect", wish: null });
  for (const message of [
    null, "show", {}, { kind: "delete", product: KETTLE }, { kind: "show", product: "../x" }, { kind: "show", product: 5 },
    { kind: "show", product: "xx:B08N5WRWNW" }, { kind: "watch", product: KETTLE, threshold: 0.5 }, { kind: "report", seen: {} },
    { kind: "open", page: "https://evil.example" },
  ]) {
    assert.equal(readPageQuestion(message), null);
    assert.equal(readOwnQuestion(message), null);
  }
});

test("a page may not agree for the person, connect the browser, or list watches; our own pages may", () => {
  for (const message of [
    { kind: "reports", act: "agree" }, { kind: "pair", email: "ada@example.com", wish: null }, { kind: "pairing" }, { kind: "unpair" }, { kind: "watches" },
  ]) {
    assert.equal(readPageQuestion(message), null);
    assert.deepEqual(readOwnQuestion(message), message);
  }
  assert.equal(readOwnQuestion({ kind: "reports", act: "everything" }), null);
  assert.equal(readOwnQuestion({ kind: "pair", email: 5 }), null);
});

test("a server is https, or plain on this machine", () => {
  assert.equal(cleanOrigin("prices.example.com/"), "https://prices.example.com");
  assert.equal(cleanOrigin(" http://localhost:8000/x "), "http://localhost:8000");
  for (const typed of ["http://prices.example.com", "ftp://x", "https://me:secret@x.example", "", "not an address"]) {
    assert.equal(cleanOrigin(typed), null, typed);
  }
});

test("what is stored of the panel is believed only where it makes sense", async () => {
  const stored = (values: object) => ({ get: async () => values as Record<string, unknown> });
  assert.deepEqual(await readLayout(stored({})), USUAL);
  const dragged = { folded: true, position: "free", spot: { x: 0, y: 0.25 } };
  assert.deepEqual(await readLayout(stored(dragged)), dragged);
  for (const spot of [null, 5, {}, { x: -1, y: 0 }, { x: 0, y: 1.01 }, { x: "0", y: 0 }, { x: NaN, y: 0 }]) {
    assert.deepEqual(await readLayout(stored({ folded: "yes", position: "<b>", spot })), USUAL);
  }
});

test("wherever it is dragged to, the panel is inside of the window", () => {
  const [box, window] = [{ width: 380, height: 470 }, { width: 1280, height: 870 }];
  assert.deepEqual(spotOf(450, 207, box, window), { x: 0.5, y: 0.25 });
  assert.deepEqual(spotOf(-60, 900, box, window), { x: 0, y: 400 / 828 });
  assert.deepEqual(spotOf(-60, 900, { ...box, height: 42 }, window), { x: 0, y: 1 });
  assert.deepEqual(spotOf(10, 10, box, { width: 320, height: 200 }), { x: 0, y: 0 });
});

interface Call { method: string; path: string; token: string | undefined; body: unknown }

/** A server that answers by method and path; what it has not is a 404. */
function server(answers: Record<string, object | number>) {
  const calls: Call[] = [];
  const fetcher = (async (address: string, init: RequestInit) => {
    const path = address.slice("http://x".length);
    const method = init.method ?? "GET";
    assert.equal(init.credentials, "omit");
    const headers = (init.headers ?? {}) as Record<string, string>;
    calls.push({ method, path, token: headers["authorization"], body: init.body ? JSON.parse(String(init.body)) : undefined });
    const answer = answers[`${method} ${path}`] ?? 404;
    if (typeof answer === "number") return Response.json({ detail: `No: ${answer}.` }, { status: answer, headers: { "retry-after": "9" } });
    return Response.json(answer);
  }) as unknown as typeof fetch;
  return { calls, fetcher };
}

test("what goes wrong has a kind of its own", async () => {
  const kinds = { 404: "unknown", 429: "limited", 500: "broken", 401: "signedOut", 400: "refused" };
  for (const [status, trouble] of Object.entries(kinds)) {
    const { fetcher } = server({ [`GET /products/us%3AB08N5WRWNW`]: Number(status) });
    const told = await new Api("http://x", null, fetcher).show(KETTLE).catch(troubleOf);
    assert.deepEqual(told, { kind: "trouble", trouble, retryAfter: 9, detail: `No: ${status}.` });
  }
  const away = (async () => { throw new TypeError("network"); }) as unknown as typeof fetch;
  assert.deepEqual(await new Api("http://x", null, away).show(KETTLE).catch(troubleOf), { kind: "trouble", trouble: "offline", retryAfter: null });
});

test("the history is asked for without a token, and is shown without suggestions where there are none", async () => {
  const { calls, fetcher } = server({ "GET /products/us%3AB08N5WRWNW": { productID: KETTLE, offers: {} } });
  const shown = await new Api("http://x", "secret", fetcher).show(KETTLE);
  assert.deepEqual([shown.histories, shown.suggestions], [[], []]);
  assert.ok(calls.every((call) => call.token === undefined && call.body === undefined));
});

test("a second target moves the watch that there is", async () => {
  const list = "GET /subscriptions?productID=us%3AB08N5WRWNW";
  const first = server({ [list]: { subscriptions: [] }, "POST /subscriptions": { id: 7 } });
  await new Api("http://x", "T", first.fetcher).watch({ product: KETTLE, threshold: 1299 });
  assert.deepEqual(first.calls.at(-1), {
    method: "POST", path: "/subscriptions", token: "Bearer T", body: { productID: KETTLE, threshold: 1299, notificationType: "EMAIL" },
  });
  const second = server({ [list]: { subscriptions: [{ id: 7, threshold: 1299 }] }, "PATCH /subscriptions/7": { id: 7 } });
  await new Api("http://x", "T", second.fetcher).watch({ product: KETTLE, threshold: 999 });
  assert.deepEqual(second.calls.at(-1), { method: "PATCH", path: "/subscriptions/7", token: "Bearer T", body: { threshold: 999, state: "active" } });
});

test("a browser waits to be confirmed, is paired for one server, and forgets what was ended", async () => {
  const stored = new Map<string, unknown>();
  const area = {
    get: async (keys: string[]) => Object.fromEntries(keys.filter((key) => stored.has(key)).map((key) => [key, stored.get(key)])),
    set: async (values: Record<string, unknown>) => Object.entries(values).forEach(([key, value]) => stored.set(key, value)),
    remove: async (keys: string[]) => keys.forEach((key) => stored.delete(key)),
  };
  const own = "GET /pairings/own";
  const asked = server({ "POST /pairings": { token: "T", code: "BCDF-GHJK", confirmURL: "javascript:alert(1)" } });
  const waiting = await begin(area, "http://x", "ada@example.com", { product: KETTLE, threshold: 5 }, asked.fetcher);
  assert.deepEqual(asked.calls[0]?.body, { email: "ada@example.com", productID: KETTLE, threshold: 5 });
  assert.deepEqual(waiting, { status: "waiting", code: "BCDF-GHJK", email: "ada@example.com", confirmURL: "http://x/account/connections" });
  assert.equal((await ownApi(area, "http://x")).paired, false);

  assert.equal((await look(area, "http://x", server({ [own]: { status: "waiting", email: null } }).fetcher)).status, "waiting");
  assert.deepEqual(await look(area, "http://x", server({ [own]: { status: "paired", email: "ada@example.com" } }).fetcher), { status: "paired", email: "ada@example.com" });
  assert.equal((await ownApi(area, "http://x")).paired, true);
  assert.equal((await ownApi(area, "http://other")).paired, false);
  await assert.rejects(look(area, "http://x", server({ [own]: 503 }).fetcher));
  assert.deepEqual(await look(area, "http://x", server({ [own]: 401 }).fetcher), { status: "none" });
  assert.equal(stored.size, 0);

  await begin(area, "http://x", null, null, asked.fetcher);
  const ended = server({ "DELETE /pairings/own": {} });
  await end(area, "http://x", ended.fetcher);
  assert.deepEqual([ended.calls[0]?.method, ended.calls[0]?.token, stored.size], ["DELETE", "Bearer T", 0]);
});
