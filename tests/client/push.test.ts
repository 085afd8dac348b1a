import assert from "node:assert/strict";
import { test } from "node:test";

import { browserName, keyBytes } from "../../src/pennywren/web/client/push.ts";

test("a key in base64url becomes the bytes that it stands for", () => {
  assert.deepEqual([...keyBytes("-_8")], [251, 255]);
  assert.deepEqual([...keyBytes("AQID")], [1, 2, 3]);
});

test("a browser is called by its kind and its system", () => {
  const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  assert.equal(browserName(agent), "Chrome, Linux");
  assert.equal(browserName("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox, macOS");
  assert.equal(browserName(""), "");
});
