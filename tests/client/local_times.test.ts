import assert from "node:assert/strict";
import { test } from "node:test";

import { localTime } from "../../src/pennywren/web/client/local_times.ts";

test("a time is told as the reader's clock says it, with the zone", () => {
  assert.equal(
    localTime("2026-11-25T10:40:00Z", ["en-GB"], "Europe/Berlin"),
    "25 November 2026 at 11:40:00 CET",
  );
  assert.match(localTime("2026-11-25T10:40:00.123Z", ["de"], "Asia/Tokyo") ?? "", /19:40:00/);
});

test("what is no time is left alone", () => {
  assert.equal(localTime("soon", ["en"]), null);
  assert.equal(localTime("", ["en"]), null);
});
