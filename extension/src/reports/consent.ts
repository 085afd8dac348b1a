/** Whether the person agreed to report prices, to whom, and whether that is paused. Off until they do. */

export interface Consent {
  /** The server that they agreed to; another server needs another yes. */
  readonly origin: string;
  readonly at: number;
  readonly paused: boolean;
}

export function readConsent(stored: unknown): Consent | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { origin, at, paused } = stored as Record<string, unknown>;
  return typeof origin === "string" && typeof at === "number" ? { origin, at, paused: paused === true } : null;
}

/** Whether what is seen may be reported to `origin` now. */
export function mayReport(consent: Consent | null, origin: string): boolean {
  return consent !== null && consent.origin === origin && !consent.paused;
}
