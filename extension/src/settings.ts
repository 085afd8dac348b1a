/** What the person chose, kept on this device. */

export interface Settings {
  /** Where the API lives, without a slash at the end. */
  origin: string;
  /** Whether the panel is folded away. */
  folded: boolean;
}

export const DEFAULTS: Settings = { origin: "http://localhost:8000", folded: false };

export async function readSettings(): Promise<Settings> {
  const stored = (await chrome.storage.local.get(["origin", "folded"])) as Record<string, unknown>;
  return {
    origin: typeof stored["origin"] === "string" ? (cleanOrigin(stored["origin"]) ?? DEFAULTS.origin) : DEFAULTS.origin,
    folded: stored["folded"] === true,
  };
}

/** The origin that somebody typed; null if it is none. Plain HTTP only on this machine. */
export function cleanOrigin(typed: string): string | null {
  let url: URL;
  try {
    url = new URL(typed.includes("://") ? typed.trim() : `https://${typed.trim()}`);
  } catch {
    return null;
  }
  const local = url.hostname === "localhost" || url.hostname === "127.0.0.1";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) return null;
  return url.username || url.password ? null : url.origin;
}
