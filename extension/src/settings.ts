/** What the person chose, kept on this device. */

export interface Settings {
  /** Where the API lives, without a slash at the end. */
  origin: string;
  /** Whether the panel is folded away. */
  folded: boolean;
  position: Position;
}

export const POSITIONS = ["price", "title", "corner"] as const;
/** Where the panel stands: under the price, under the title, or in a corner of the window. */
export type Position = (typeof POSITIONS)[number];

export const DEFAULTS: Settings = { origin: "http://localhost:8000", folded: false, position: "price" };

/** What is used of `chrome.storage.local`. */
interface Readable {
  get(keys: string[]): Promise<Record<string, unknown>>;
}

export async function readSettings(area: Readable = chrome.storage.local): Promise<Settings> {
  const stored = await area.get(["origin", "folded", "position"]);
  const position = POSITIONS.find((each) => each === stored["position"]);
  return {
    origin: typeof stored["origin"] === "string" ? (cleanOrigin(stored["origin"]) ?? DEFAULTS.origin) : DEFAULTS.origin,
    folded: stored["folded"] === true,
    position: position ?? DEFAULTS.position,
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
