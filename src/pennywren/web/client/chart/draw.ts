/** One view of the chart as SVG: a step-after line on a true time axis, never smoothed. Colours come from chart.css. */

import { priceDomain, priceTicks, timeTicks } from "./axis.ts";
import { thin } from "./downsample.ts";
import type { Format } from "./format.ts";
import { isolated } from "./format.ts";
import type { Series, Stretch } from "./history.ts";
import { isSeen, within } from "./history.ts";
import type { Box, Stroke } from "./labels.ts";
import { around, place, widthOf } from "./labels.ts";
import { ordinary } from "./outliers.ts";
import type { Window } from "./ranges.ts";
import type { Statistics } from "./statistics.ts";
import { ENOUGH_DAYS, statistics } from "./statistics.ts";
import type { Words } from "./words.ts";
import { fill } from "./words.ts";

const SVG = "http://www.w3.org/2000/svg";
const TOP = 18;
const BOTTOM = 26;
const RIGHT = 12;

export interface View {
  width: number;
  height: number;
  window: Window;
  /** The first one is the one that marks, band and summary speak of. */
  series: readonly Series[];
  /** Where a series stands among all of the product: its colour and dash stay when others are hidden. */
  styles: readonly number[];
  target: number | null;
  fromZero: boolean;
  /** Whether the axis reaches as far as prices that are far from all others. */
  withOutliers: boolean;
  format: Format;
  words: Words;
}

/** Where times (ms) and prices (minor units) lie in a drawn view, in CSS pixels. */
export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x(at: number): number;
  y(price: number): number;
  at(x: number): number;
}

type Attributes = Record<string, string | number>;

export function element(name: string, attributes: Attributes, text?: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** How many stretches have prices that the axis leaves out, unless it is made to reach them. */
export function countOutliers(series: readonly Series[], window: Window): number {
  return series.reduce((sum, one) => sum + (ordinary(within(one, window.start, window.end))?.outside ?? 0), 0);
}

/** The band that is drawn: none where prices hardly ever differed. */
export function bandOf(found: Statistics | null): { low: number; high: number } | null {
  return found?.typical && found.typical.high > found.typical.low ? found.typical : null;
}

/** Whether a price lies on the axis of prices. */
export function isOnAxis(price: number, frame: Frame): boolean {
  const y = frame.y(price);
  return y >= frame.top - 1 && y <= frame.bottom + 1;
}

/** Draw a view into an `<svg>`, in place of what was there. */
export function draw(svg: SVGElement, view: View): Frame {
  const { window, format, words } = view;
  const shown = view.series.map((series) => within(series, window.start, window.end));
  const main = view.series[0];
  const found = main ? statistics(main, window.start, window.end) : null;
  const domain = domainOf(shown, view);
  const ticks = priceTicks(domain[0], domain[1], view.height < 200 ? 4 : 6);
  const left = Math.max(...ticks.map((tick) => format.amount(tick, ticks).length), 3) * 7.2 + 14;
  const frame = frameOf(view, domain, left);
  svg.setAttribute("viewBox", `0 0 ${view.width} ${view.height}`);
  svg.setAttribute("width", String(view.width));
  svg.setAttribute("height", String(view.height));
  const parts: SVGElement[] = [definitions(frame)];
  const typical = bandOf(found);
  if (typical) parts.push(band(typical, frame));
  if (shown[0]) parts.push(...unseen(shown[0], frame));
  parts.push(...axes(ticks, frame, view));
  if (typical) parts.push(edges(typical, frame));
  const strokes = typical ? [across(typical.low, frame), across(typical.high, frame)] : [];
  for (const [i, stretches] of shown.entries()) parts.push(...line(stretches, frame, view, view.styles[i] ?? 0, strokes));
  if (view.target !== null) strokes.push(across(view.target, frame));
  const labels = new Labels(frame, strokes);
  if (found) parts.push(...extremes(found, frame, view, labels));
  else parts.push(label(view.width / 2, view.height / 2, words["summary.empty"], "middle"));
  if (view.target !== null) parts.push(...targetLine(view.target, frame, fill(words.target, { price: format.price(view.target) }), labels));
  svg.replaceChildren(...parts);
  return frame;
}

function domainOf(shown: readonly Stretch[][], view: View): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const stretch of shown.flat()) {
    if (stretch.price === null || stretch.state === "notObserved") continue;
    low = Math.min(low, stretch.low ?? stretch.price);
    high = Math.max(high, stretch.high ?? stretch.price);
  }
  if (low > high) return [0, 100];
  const usual = view.withOutliers ? [] : shown.flatMap((stretches) => ordinary(stretches) ?? []);
  if (usual.some((one) => one.outside > 0)) {
    low = Math.min(...usual.map((one) => one.low));
    high = Math.max(...usual.map((one) => one.high));
  }
  // A target far below would flatten what is seen; it is drawn where it is near.
  if (view.target !== null && view.target < low && low - view.target <= Math.max(high - low, low * 0.25)) low = view.target;
  if (view.target !== null && view.target > high && view.target <= high * 1.25) high = view.target;
  return priceDomain(low, high, view.fromZero);
}

function frameOf(view: View, [low, high]: [number, number], left: number): Frame {
  const right = view.width - RIGHT;
  const bottom = view.height - BOTTOM;
  const { start, end } = view.window;
  return {
    left,
    right,
    top: TOP,
    bottom,
    x: (at) => round(left + ((right - left) * (at - start)) / (end - start)),
    y: (price) => round(bottom - ((bottom - TOP) * (price - low)) / (high - low)),
    at: (x) => start + ((end - start) * (x - left)) / (right - left),
  };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function definitions(frame: Frame): SVGElement {
  const pattern = element("pattern", {
    id: "pw-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  pattern.append(element("path", { d: "M0 0V6", class: "pw-hatch" }));
  const defs = element("defs", {});
  // Half a line's width more than the plot, so that a price at its edge is not cut.
  const clip = element("clipPath", { id: "pw-inside" });
  clip.append(
    element("rect", {
      x: frame.left - 3, y: frame.top - 3, width: frame.right - frame.left + 6, height: frame.bottom - frame.top + 6,
    }),
  );
  defs.append(pattern, clip);
  return defs;
}

function unseen(stretches: readonly Stretch[], frame: Frame): SVGElement[] {
  return stretches
    .filter((stretch) => stretch.state === "notObserved" && stretch.end > stretch.start)
    .map((stretch) =>
      element("rect", {
        class: "pw-unseen", fill: "url(#pw-hatch)", x: frame.x(stretch.start), y: frame.top,
        width: Math.max(frame.x(stretch.end) - frame.x(stretch.start), 1), height: frame.bottom - frame.top,
      }),
    );
}

function band(typical: { low: number; high: number }, frame: Frame): SVGElement {
  const top = frame.y(typical.high);
  return element("rect", {
    class: "pw-typical", x: frame.left, y: top, width: frame.right - frame.left, height: frame.y(typical.low) - top,
  });
}

/** The area of a band is a hint; what everybody can tell from the ground are its edges. */
function edges(typical: { low: number; high: number }, frame: Frame): SVGElement {
  const lines = [typical.high, typical.low].map((price) => `M${frame.left} ${frame.y(price)}H${frame.right}`);
  return element("path", { class: "pw-typical-edge", d: lines.join("") });
}

function axes(ticks: readonly number[], frame: Frame, view: View): SVGElement[] {
  const parts: SVGElement[] = [];
  for (const tick of ticks) {
    parts.push(element("path", { class: "pw-grid", d: `M${frame.left} ${frame.y(tick)}H${frame.right}` }));
    parts.push(label(frame.left - 8, frame.y(tick) + 4, view.format.amount(tick, ticks), "end"));
  }
  // Labels are centred: what would hang over an end is left out, so moments are looked for between the ends only.
  const [first, last] = [frame.at(frame.left + 24), frame.at(frame.right - 24)];
  const times = timeTicks(first, last, Math.max(Math.floor((frame.right - frame.left) / 80), 2));
  for (const at of times.at) {
    const x = frame.x(at);
    parts.push(element("path", { class: "pw-tick", d: `M${x} ${frame.bottom}v4` }));
    parts.push(label(x, frame.bottom + 18, view.format.tick(at, times.unit), "middle"));
  }
  return parts;
}

function line(stretches: readonly Stretch[], frame: Frame, view: View, style: number, strokes: Stroke[]): SVGElement[] {
  const paths = { offered: "", unverified: "", noOffer: "", unconfirmed: "" };
  let before: Stretch | null = null;
  let dots = "";
  // The single points matter while there are so few of them that nothing can be said of the whole.
  const isShort = view.window.end - view.window.start < ENOUGH_DAYS * 86_400_000 && stretches.length <= 60;
  const columns = Math.max(Math.floor((frame.right - frame.left) / 2), 50);
  for (const stretch of thin(stretches, view.window.start, view.window.end, columns)) {
    if (stretch.price === null || stretch.state === "notObserved") {
      before = null;
      continue;
    }
    const joins = before !== null && before.state === stretch.state && stretch.start - before.end < 60_000 + (view.window.end - view.window.start) / columns;
    const y = frame.y(stretch.price);
    const x = frame.x(stretch.start);
    paths[stretch.state] += joins ? `H${x}V${y}` : `M${x} ${y}`;
    if (stretch.low !== null && stretch.high !== null && stretch.low < stretch.high) {
      paths[stretch.state] += `V${frame.y(stretch.low)}V${frame.y(stretch.high)}V${y}`;
    }
    paths[stretch.state] += `H${frame.x(stretch.end)}`;
    strokes.push(stroke(x, y, frame.x(stretch.end), y));
    if (joins && before !== null && before.price !== null) strokes.push(stroke(x, frame.y(before.price), x, y));
    if (stretch.low !== null && stretch.high !== null) strokes.push(stroke(x, frame.y(stretch.low), x, frame.y(stretch.high)));
    if (isSeen(stretch.state) && (isShort || stretch.end === stretch.start)) dots += circle(x, y);
    before = stretch;
  }
  const parts = Object.entries(paths)
    .filter(([, d]) => d !== "")
    .map(([state, d]) => element("path", { class: `pw-line pw-${state} pw-s${style}`, d, "clip-path": "url(#pw-inside)" }));
  if (dots) parts.push(element("path", { class: `pw-dots pw-s${style}`, d: dots, "clip-path": "url(#pw-inside)" }));
  return parts;
}

function circle(x: number, y: number): string {
  return `M${x - 2.5} ${y}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`;
}

function stroke(x1: number, y1: number, x2: number, y2: number): Stroke {
  return { left: Math.min(x1, x2), right: Math.max(x1, x2), top: Math.min(y1, y2), bottom: Math.max(y1, y2) };
}

/** The labels of one view, each put where it covers the least of the lines and of the labels before it. */
class Labels {
  readonly #taken: Box[] = [];
  readonly #strokes: Stroke[];
  readonly #inside: Box;

  constructor(frame: Frame, strokes: Stroke[]) {
    this.#strokes = strokes;
    this.#inside = { left: frame.left + 2, right: frame.right, top: 2, bottom: frame.bottom + 5 };
  }

  put(text: string, wanted: readonly (readonly [number, number])[], name: string): SVGElement[] {
    const box = place(text, wanted, this.#inside, this.#strokes, this.#taken);
    if (box === null) return [];
    this.#taken.push(box);
    const [x, width] = [round(box.left), round(box.right - box.left)];
    // Where a line is crossed all the same, it ends at the label instead of running through its letters.
    const backing = element("rect", { class: "pw-backing", x, y: round(box.top), width, height: round(box.bottom - box.top), rx: 3 });
    return [backing, label((box.left + box.right) / 2, box.bottom - 3, text, "middle", name)];
  }

  /** Keep all of them off a mark. */
  keepOff(mark: Box): void {
    this.#taken.push(mark);
  }
}

function across(price: number, frame: Frame): Stroke {
  return stroke(frame.left, frame.y(price), frame.right, frame.y(price));
}

function targetLine(target: number, frame: Frame, text: string, labels: Labels): SVGElement[] {
  if (!isOnAxis(target, frame)) return [];
  const y = frame.y(target);
  const [last, middle] = [frame.right - widthOf(text), (frame.left + frame.right - widthOf(text)) / 2];
  const wanted = [last, frame.left + 2, middle].flatMap((x): [number, number][] => [[x, y - 5], [x, y + 14]]);
  return [element("path", { class: "pw-target", d: `M${frame.left} ${y}H${frame.right}` }), ...labels.put(text, wanted, "pw-target-label")];
}

function extremes(found: Statistics, frame: Frame, view: View, labels: Labels): SVGElement[] {
  const marks: [string, number, number][] = [["low", found.low, found.lowAt]];
  if (found.high !== found.low) marks.push(["high", found.high, found.highAt]);
  // What the axis leaves out is marked at its end.
  const places = marks.map(([, price, at]) => ({ x: frame.x(at), y: Math.min(Math.max(frame.y(price), frame.top), frame.bottom) }));
  for (const { x, y } of places) labels.keepOff({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 });
  return marks.flatMap(([name, price, at], i) => {
    const { x, y } = places[i] ?? { x: 0, y: 0 };
    const up = name === "high";
    const d = up ? `M${x - 5} ${y + 4}h10l-5 -9z` : `M${x - 5} ${y - 4}h10l-5 9z`;
    const text = `${isolated(view.format.price(price))} · ${isolated(view.format.day(at))}`;
    return [...labels.put(text, around(text, x, y, up), `pw-${name}-label`), element("path", { class: `pw-mark pw-${name}`, d })];
  });
}

function label(x: number, y: number, text: string, anchor: string, name = "pw-label"): SVGElement {
  return element("text", { class: name, x: round(x), y: round(y), "text-anchor": anchor }, text);
}
