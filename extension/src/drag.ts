/** Moving the panel by its grip, with a pointer or with the arrow keys; it never leaves the window. */

import type { Spot } from "./settings.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Moves {
  /** Stand at `spot`, free of the page. */
  to(spot: Spot): void;
  /** It was let go: it stays there. */
  stay(): void;
  /** It was a mistake: stand where it stood before. */
  back(): void;
}

/** Pixels of a press of an arrow key. */
const STEP = 24;
/** How tall the panel is when it is folded (`panel.css` says so, too). */
const HEAD = 42;
/** A click is not a drag. */
const UNINTENDED = 4;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP],
};

/** A pointer that was put down on the grip. */
interface Held {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** Where the grip is in the panel, once it is dragged. */
  at: { left: number; top: number } | null;
  /** Ends what is listened to meanwhile. */
  readonly over: AbortController;
}

/** The spot of a box with its corner at `left` and `top`, moved so far that all of it is inside of the window. */
export function spotOf(left: number, top: number, box: Size, window: Size): Spot {
  const part = (at: number, room: number): number => (room > 0 ? Math.min(1, Math.max(0, at / room)) : 0);
  return { x: part(left, window.width - box.width), y: part(Math.min(top, window.height - box.height), window.height - HEAD) };
}

/** Let `grip` move `panel`. */
export function movable(grip: HTMLElement, panel: HTMLElement, moves: Moves): void {
  const standAt = (left: number, top: number): void => moves.to(spotOf(left, top, panel.getBoundingClientRect(), viewport()));
  let held: Held | null = null;

  grip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, at: null, over: new AbortController() };
    // On the window: until the grip has captured it, the pointer may be faster.
    const { signal } = held.over;
    addEventListener("pointermove", drag, { signal });
    addEventListener("pointerup", () => drop(true), { signal });
    addEventListener("pointercancel", () => drop(false), { signal });
  });
  const drag = (event: PointerEvent): void => {
    if (held?.id !== event.pointerId) return;
    if (!held.at) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < UNINTENDED) return;
      const { left, top } = panel.getBoundingClientRect();
      standAt(left, top);
      // Free of the page it is narrower: what is held is its grip, so that is what stays under the pointer.
      const [box, handle] = [panel.getBoundingClientRect(), grip.getBoundingClientRect()];
      held.at = { left: handle.left - box.left + handle.width / 2, top: handle.top - box.top + handle.height / 2 };
      grip.setPointerCapture(held.id);
      grip.classList.add("held");
    }
    standAt(event.clientX - held.at.left, event.clientY - held.at.top);
  };
  const drop = (stays: boolean): void => {
    const moved = held?.at;
    held?.over.abort();
    held = null;
    grip.classList.remove("held");
    if (!moved) return;
    if (stays) moves.stay();
    else moves.back();
  };

  grip.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (event.key === "Escape" && held) drop(false);
    else if (step && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const { left, top } = panel.getBoundingClientRect();
      standAt(left + step[0], top + step[1]);
      grip.focus();
      moves.stay();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** What is seen of the page, without scroll bars. */
function viewport(): Size {
  const { clientWidth: width, clientHeight: height } = document.scrollingElement ?? document.documentElement;
  return { width, height };
}
