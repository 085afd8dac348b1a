import assert from "node:assert/strict";
import { test } from "node:test";

import { show, track } from "../../extension/src/api.ts";
import { productOf } from "../../extension/src/marketplaces.ts";
import { readQuestion } from "../../extension/src/messages.ts";
import { cleanOrigin } from "../../extension/src/settings.ts";

test("a product page is known by its address, every other page is left alone", () => {
  for (const address of [
    "https://www.amazon.com/dp/B08N5WRWNW", "https://www.amazon.com/A-Kettle/dp/B08N5WRWNW/ref=x?th=1",
    "https://www.amazon.com/gp/product/b08n5wrwnw", "https://www.amazon.com/gp/aw/d/B08N5WRWNW#reviews",
  ]) assert.equal(productOf(address), "us:B08N5WRWNW", address);
  assert.equal(productOf("https://www.amazon.co.jp/dp/B08N5WRWNW"), "jp:B08N5WRWNW");
  for (const address of [
    "https://www.amazon.com/", "https://www.amazon.com/s?k=/dp/B08N5WRWNW", "https://www.amazon.com/dp/B08N5",
    "https://www.amazon.com.evil.example/dp/B08N5WRWNW", "https://evil.example/www.amazon.com/dp/B08N5WRWNW",
    "javascript:alert(1)", "", "https://www.amazon.com/dp/B08N5WRWNW0",
  ]) assert.equal(productOf(address), null, address);
});

test("only questions of our shape are read", () => {
  assert.deepEqual(readQuestion({ kind: "show", product: "us:B08N5WRWNW", more: 1 }), { kind: "show", product: "us:B08N5WRWNW" });
  for (const message of [null, "show", {}, { kind: "delete", product: "us:B08N5WRWNW" }, { kind: "show", product: "../x" }, { kind: "show", product: 5 }]) {
    assert.equal(readQuestion(message), null);
  }
});

test("a server is https, or plain on this machine", () => {
  assert.equal(cleanOrigin("prices.example.com/"), "https://prices.example.com");
  assert.equal(cleanOrigin(" http://localhost:8000/x "), "http://localhost:8000");
  for (const typed of ["http://prices.example.com", "ftp://x", "https://me:secret@x.example", "", "not an address"]) {
    assert.equal(cleanOrigin(typed), null, typed);
  }
});

test("what goes wrong has a kind of its own", async () => {
  const answering = (status: number, headers: Record<string, string> = {}): typeof fetch =>
    (async () => new Response("{}", { status, headers })) as unknown as typeof fetch;
  const kinds = { 404: "unknown", 429: "limited", 500: "broken" };
  for (const [status, trouble] of Object.entries(kinds)) {
    const answer = await show("http://x", "us:B08N5WRWNW", answering(Number(status), { "retry-after": "9" }));
    assert.deepEqual(answer, { kind: "trouble", trouble, retryAfter: 9 });
  }
  const away = (async () => { throw new TypeError("network"); }) as unknown as typeof fetch;
  assert.deepEqual(await show("http://x", "us:B08N5WRWNW", away), { kind: "trouble", trouble: "offline", retryAfter: null });
  assert.deepEqual(await track("http://x", "us:B08N5WRWNW", answering(202)), { kind: "tracked" });
});

test("nothing but the product's number is sent, and no cookie", async () => {
  const sent: [string, RequestInit][] = [];
  const listening = (async (address: string, init: RequestInit) => {
    sent.push([address, init]);
    return Response.json({ productID: "us:B08N5WRWNW", offers: {} });
  }) as unknown as typeof fetch;
  await show("http://x", "us:B08N5WRWNW", listening);
  await track("http://x", "us:B08N5WRWNW", listening);
  assert.deepEqual(sent.map(([address, init]) => [address, init.credentials, init.body]), [
    ["http://x/products/us%3AB08N5WRWNW", "omit", undefined],
    ["http://x/products", "omit", '{"product":"us:B08N5WRWNW"}'],
  ]);
});
