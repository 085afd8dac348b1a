/** Fewer stretches than a screen has columns, without losing what happened: each column keeps its first and last state,
 * and its true lowest and highest price. */

import type { Stretch } from "./history.ts";
import { isSeen } from "./history.ts";

/** Thin stretches that lie in [start, end) for a plot `columns` pixels wide. Order and extremes stay. */
export function thin(stretches: readonly Stretch[], start: number, end: number, columns: number): Stretch[] {
  if (stretches.length <= columns) return [...stretches];
  const width = (end - start) / columns;
  const kept: Stretch[] = [];
  let column = -1;
  let inColumn: Stretch[] = [];
  const flush = (): void => {
    if (inColumn.length > 4) inColumn = extremes(inColumn);
    kept.push(...inColumn);
    inColumn = [];
  };
  for (const stretch of stretches) {
    const at = Math.floor((stretch.start - start) / width);
    if (at !== column) {
      flush();
      column = at;
    }
    inColumn.push(stretch);
  }
  flush();
  return kept;
}

function extremes(column: readonly Stretch[]): Stretch[] {
  const offered = column.filter((stretch) => isSeen(stretch.state) && stretch.price !== null);
  const chosen = new Set<Stretch | undefined>([column[0], column.at(-1)]);
  chosen.add(best(offered, (a, b) => (a.low ?? a.price ?? 0) < (b.low ?? b.price ?? 0)));
  chosen.add(best(offered, (a, b) => (a.high ?? a.price ?? 0) > (b.high ?? b.price ?? 0)));
  return column.filter((stretch) => chosen.has(stretch));
}

function best(stretches: readonly Stretch[], isBetter: (a: Stretch, b: Stretch) => boolean): Stretch | undefined {
  let found: Stretch | undefined;
  for (const stretch of stretches) if (!found || isBetter(stretch, found)) found = stretch;
  return found;
}
