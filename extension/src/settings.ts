/** What the person chose: the server, which only our own pages and the worker see, and how the panel lies. */

export interface Settings {
  /** Where the API lives, without a slash at the end. */
  origin: string;
}

export const POSITIONS = ["price", "title", "corner"] as const;
/** Where the panel stands: under the price, under the title, or in a corner of the window. */
export type Position = (typeof POSITIONS)[number];

/** Kept in `chrome.storage.sync`, where scripts on pages may read it: it is no secret, and needed at once. */
export interface Layout {
  folded: boolean;
  position: Position;
}

export const USUAL: Layout = { folded: false, position: "price" };

export const DEFAULTS: Settings = { origin: "http://localhost:8000" };

/** What is used of a storage area. */
interface Readable {
  get(keys: string[]): Promise<Record<string, unknown>>;
}

export async function readSettings(area: Readable = chrome.storage.local): Promise<Settings> {
  const stored = await area.get(["origin"]);
  return { origin: typeof stored["origin"] === "string" ? (cleanOrigin(stored["origin"]) ?? DEFAULTS.origin) : DEFAULTS.origin };
}

export async function readLayout(area: Readable = chrome.storage.sync): Promise<Layout> {
  const stored: Record<string, unknown> = await area.get(["folded", "position"]).catch(() => ({}));
  return { folded: stored["folded"] === true, position: POSITIONS.find((each) => each === stored["position"]) ?? "price" };
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
