/** Which moment the reader looks at: by hover, touch, keyboard, pinned by click; and dragging to zoom. */

import type { Frame } from "./draw.ts";
import type { Series } from "./history.ts";
import { stretchAt } from "./history.ts";
import type { Window } from "./ranges.ts";

export interface Pointing {
  frame(): Frame;
  window(): Window;
  main(): Series | undefined;
  /** Show what is known at a moment; null hides it. */
  point(at: number | null): void;
  /** A stretch of the plot is being dragged over (CSS pixels); null when it is let go. */
  select(span: [number, number] | null): void;
  zoom(window: Window): void;
  /** What is pointed at stays there, or does not any more. */
  hold(pinned: boolean): void;
  /** Another offer is to be followed from change to change: the next (1) or the one before (-1). */
  turn(by: number): void;
}

/** Pixels that a mouse must move before a click becomes a drag. */
const DRAG = 6;
/** Half the width of a finger's tip, in pixels. */
const FINGER = 22;

export function listen(plot: HTMLElement, to: Pointing): void {
  let pinned = false;
  let at: number | null = null;
  let from: number | null = null;
  /** Where the finger that is down found something pinned: a tap there lets go, anywhere else it moves. */
  let pinnedAt: number | null = null;

  const show = (moment: number | null): void => {
    at = moment;
    to.point(moment);
  };
  const unpin = (): void => {
    pinned = false;
    plot.classList.remove("pw-pinned");
    to.hold(false);
  };
  const release = (): void => {
    unpin();
    show(null);
  };
  const pin = (): void => {
    pinned = true;
    plot.classList.add("pw-pinned");
    to.hold(true);
  };
  const xOf = (event: PointerEvent): number => {
    const { left, right } = to.frame();
    return Math.min(Math.max(event.clientX - plot.getBoundingClientRect().left, left), right);
  };

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || isLink(event)) return;
    from = xOf(event);
    if (event.pointerType === "mouse") return;
    pinnedAt = pinned && at !== null ? to.frame().x(at) : null;
    if (pinned) unpin();
    show(to.frame().at(from));
  });
  plot.addEventListener("pointermove", (event) => {
    const x = xOf(event);
    if (from !== null && event.pointerType === "mouse" && Math.abs(x - from) > DRAG) {
      plot.setPointerCapture(event.pointerId);
      to.select([Math.min(from, x), Math.max(from, x)]);
    } else if (!pinned) show(to.frame().at(x));
  });
  plot.addEventListener("pointerup", (event) => {
    const x = xOf(event);
    const begin = from;
    from = null;
    to.select(null);
    if (begin === null) return;
    if (event.pointerType === "mouse" && Math.abs(x - begin) > DRAG) {
      const frame = to.frame();
      to.zoom({ start: frame.at(Math.min(begin, x)), end: frame.at(Math.max(begin, x)) });
      release();
    } else if (pinned || (pinnedAt !== null && Math.abs(x - pinnedAt) <= FINGER)) release();
    else {
      show(to.frame().at(x));
      pin();
    }
  });
  plot.addEventListener("pointercancel", () => {
    from = null;
    to.select(null);
  });
  plot.addEventListener("pointerleave", () => {
    if (!pinned && from === null) show(null);
  });
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = step(event.key, at, to.main(), to.window());
    if (moved !== null) {
      event.preventDefault();
      show(moved);
      pin();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      to.turn(event.key === "ArrowDown" ? 1 : -1);
      show(at ?? step("End", at, to.main(), to.window()));
      pin();
    } else if (event.key === "Enter" && at !== null && !isLink(event)) {
      if (pinned) release();
      else pin();
    } else if (event.key === "Escape" && at !== null) release();
  });
  plot.addEventListener("focusout", (event) => {
    // The tooltip's link is a part of the plot.
    if (pinned && !(event.relatedTarget instanceof Node && plot.contains(event.relatedTarget))) release();
  });
}

function isLink(event: Event): boolean {
  return event.target instanceof Element && event.target.closest("a") !== null;
}

/** The change that a key leads to from the moment `at`; null for keys that lead nowhere. */
export function step(key: string, at: number | null, series: Series | undefined, window: Window): number | null {
  if (!series) return null;
  const moments = series.stretches
    .filter((stretch) => stretch.end > window.start && stretch.start < window.end)
    .map((stretch) => Math.max(stretch.start, window.start));
  const last = moments.at(-1);
  if (last === undefined) return null;
  const here = at ?? window.end;
  const current = Math.max(stretchAt(series, here)?.start ?? here, window.start);
  switch (key) {
    case "Home":
      return moments[0] ?? null;
    case "End":
      return last;
    case "ArrowLeft":
      return at === null ? last : (moments.findLast((moment) => moment < current) ?? moments[0] ?? null);
    case "ArrowRight":
      return at === null ? last : (moments.find((moment) => moment > current) ?? last);
    default:
      return null;
  }
}
