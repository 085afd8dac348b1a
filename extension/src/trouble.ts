/** What went wrong, as a kind that has a sentence in every language. */

import { LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import { Refused } from "./api.ts";
import type { Answer, Trouble } from "./messages.ts";

const KINDS: Readonly<Record<number, Trouble>> = { 0: "offline", 401: "signedOut", 404: "unknown", 429: "limited", 400: "refused", 409: "refused" };

export function troubleOf(error: unknown): Answer & { kind: "trouble" } {
  if (!(error instanceof LoadFailed)) return { kind: "trouble", trouble: "broken", retryAfter: null };
  const full = error instanceof Refused && error.type === "/problems/plan-limit";
  const trouble = full ? "full" : (KINDS[error.status] ?? "broken");
  const detail = error instanceof Refused && error.detail ? { detail: error.detail } : {};
  return { kind: "trouble", trouble, retryAfter: error.retryAfter, ...detail };
}
