/** Where a label of the chart goes: near what it names, inside of the plot, and off the lines where there is room. */

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A stroke of the chart from corner to corner; they are all level or upright. CSS pixels. */
export type Stroke = Box;

/** Pixels that a letter of the chart's 12 pixels takes at most on average: digits are all of one width. */
const LETTER = 6.9;
const ASCENT = 10;
const DESCENT = 3;
/** What one place is preferred to the next by: so many pixels of line may be crossed to stay at it. */
const PREFERENCE = 6;
/** Marks of direction take no room. */
const UNSEEN = /[\u200e\u200f\u2066-\u2069]/g;

export function widthOf(text: string): number {
  return text.replace(UNSEEN, "").length * LETTER;
}

/** The box of a text whose baseline begins at (x, y). */
export function boxOf(text: string, x: number, y: number): Box {
  return { left: x, right: x + widthOf(text), top: y - ASCENT, bottom: y + DESCENT };
}

/** The best of several places ([x, y] of the baseline's begin, the most wanted first), moved into `inside` from the side.
 * Other labels, `taken`, are not written over while any place is free of them. */
export function place(
  text: string, wanted: readonly (readonly [number, number])[], inside: Box, strokes: readonly Stroke[], taken: readonly Box[],
): Box | null {
  let best: Box | null = null;
  let least = Infinity;
  for (const [i, [x, y]] of wanted.entries()) {
    const moved = Math.max(Math.min(x, inside.right - widthOf(text)), inside.left);
    const box = boxOf(text, moved, y);
    if (box.top < inside.top || box.bottom > inside.bottom) continue;
    const crossed = strokes.reduce((sum, stroke) => sum + overlap(stroke, box), 0);
    const cost = i * PREFERENCE + crossed + (taken.some((other) => meets(other, box)) ? 10_000 : 0);
    if (cost < least) [best, least] = [box, cost];
  }
  return best;
}

/** The places around a point, above it first or below it first. */
export function around(text: string, x: number, y: number, isAbove: boolean): [number, number][] {
  const width = widthOf(text);
  const [near, far, over] = isAbove ? [-9, -23, 19] : [16, 30, -10];
  const middle = x - width / 2;
  return [
    [middle, y + near], [x + 8, y + near], [x - 8 - width, y + near],
    [x + 10, y + 4], [x - 10 - width, y + 4],
    [middle, y + far], [middle, y + over], [x + 8, y + over], [x - 8 - width, y + over],
  ];
}

function meets(one: Box, other: Box): boolean {
  return one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;
}

/** Pixels of a stroke that lie in a box. */
function overlap(stroke: Stroke, box: Box): number {
  if (stroke.left > box.right || stroke.right < box.left || stroke.top > box.bottom || stroke.bottom < box.top) return 0;
  const across = Math.min(stroke.right, box.right) - Math.max(stroke.left, box.left);
  const down = Math.min(stroke.bottom, box.bottom) - Math.max(stroke.top, box.top);
  return Math.max(across, down, 1);
}
