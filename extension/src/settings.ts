/** What the person chose: the server, which only our own pages and the worker see, and how the panel lies. */

export interface Settings {
  /** Where the API lives, without a slash at the end. */
  origin: string;
}

export const POSITIONS = ["price", "title", "corner", "free"] as const;
/** Where the panel stands: under the price, under the title, in a corner of the window, or where it was dragged to. */
export type Position = (typeof POSITIONS)[number];

/** Where it was dragged to: parts (0 to 1) of the room that the window leaves its head, from the left and from the top. */
export interface Spot {
  x: number;
  y: number;
}

/** Kept in `chrome.storage.sync`, where scripts on pages may read it: it is no secret, and needed at once. */
export interface Layout {
  folded: boolean;
  position: Position;
  spot: Spot;
}

export const USUAL: Layout = { folded: false, position: "price", spot: { x: 1, y: 0.5 } };

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
  return layoutOf(await area.get(["folded", "position", "spot"]).catch(() => ({})));
}

/** A layout that was stored; the usual one where it makes no sense. */
export function layoutOf(stored: unknown): Layout {
  if (typeof stored !== "object" || stored === null) return USUAL;
  const { folded, position, spot } = stored as Record<string, unknown>;
  return {
    folded: folded === true,
    position: POSITIONS.find((each) => each === position) ?? USUAL.position,
    spot: readSpot(spot) ?? USUAL.spot,
  };
}

function readSpot(stored: unknown): Spot | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { x, y } = stored as Record<string, unknown>;
  return isPart(x) && isPart(y) ? { x, y } : null;
}

function isPart(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
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
