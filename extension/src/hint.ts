/**
 * How the panel lay last in this shop, known at once: the browser's answer comes after the first paint, and moves the page.
 *
 * It is kept in the shop's own storage, where the page may read and change it. So only what differs from the usual is
 * kept, it is believed only where it makes sense, and only until the browser has answered.
 */

import type { Layout } from "./settings.ts";
import { layoutOf, USUAL } from "./settings.ts";

const KEY = "pennywren-panel";

export function hint(): Layout {
  try {
    return layoutOf(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    // No storage here, or somebody else's words in it.
    return USUAL;
  }
}

export function remember(layout: Layout): void {
  try {
    const kept = JSON.stringify(layout);
    if (kept === JSON.stringify(USUAL)) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, kept);
  } catch {
    // The page moves once when it is opened next.
  }
}
