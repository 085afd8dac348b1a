/** The panel's frame: its name folds it away, a grip and a list move it, a button leads to the settings. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { say, speak } from "./ask.ts";
import type { Moves } from "./drag.ts";
import { movable } from "./drag.ts";
import type { Layout, Position, Spot } from "./settings.ts";
import { POSITIONS } from "./settings.ts";

export interface Told {
  fold(folded: boolean): void;
  move(to: Position): void;
  /** It is moved by its grip. */
  readonly dragged: Moves;
  settings(): void;
}

export class Frame {
  /** What stays in view below: targets, and what became of them. */
  readonly foot = make("div", { class: "foot" });
  readonly #body = make("div", { class: "body", id: "body" });
  readonly #panel: HTMLElement;
  readonly #fold: HTMLButtonElement;
  readonly #where = make("select", { class: "move", "aria-label": say("position") });
  #fill: ((body: HTMLElement) => void) | null = null;
  #folded: boolean;

  constructor(host: HTMLElement, style: string, { folded, position, spot }: Layout, told: Told) {
    const shadow = host.attachShadow({ mode: "closed" });
    styled(shadow, style);
    this.#folded = folded;
    this.#fold = make("button", { type: "button", class: "fold", "aria-controls": "body" }, "Pennywren");
    const where = this.#where;
    where.append(...POSITIONS.map((each) => make("option", { value: each }, say(`position_${each}`))));
    where.addEventListener("change", () => {
      told.move(POSITIONS.find((each) => each === where.value) ?? "price");
      where.focus();
    });
    const settings = make("button", { type: "button", class: "plain", "aria-label": say("settings"), title: say("settings") }, "⚙");
    settings.addEventListener("click", () => told.settings());
    const grip = make("button", { type: "button", class: "grip", "aria-label": say("move"), title: say("move") });
    const head = make("div", { class: "head" }, grip, this.#fold, where, settings);
    this.#panel = make("section", { class: "panel", "aria-label": say("panel") }, head, this.#body, this.foot);
    speak(this.#panel);
    shadow.append(this.#panel);
    movable(grip, this.#panel, told.dragged);
    this.#stand(position, spot);
    this.#fold.addEventListener("click", () => {
      this.#folded = !this.#folded;
      this.#show();
      told.fold(this.#folded);
    });
    this.#show();
  }

  /** What was stored of it is known. */
  apply({ folded, position, spot }: Layout): void {
    this.#folded = folded;
    this.#stand(position, spot);
    this.#show();
  }

  /** Another product: `fill` is called at once, or when the panel is unfolded. */
  open(fill: (body: HTMLElement) => void): void {
    this.#fill = fill;
    this.foot.replaceChildren();
    this.#show();
  }

  #stand(position: Position, { x, y }: Spot): void {
    this.#where.value = position;
    this.#panel.style.setProperty("--x", String(x));
    this.#panel.style.setProperty("--y", String(y));
  }

  #show(): void {
    this.#panel.classList.toggle("folded", this.#folded);
    this.#body.hidden = this.#folded;
    this.foot.hidden = this.#folded;
    this.#fold.setAttribute("aria-expanded", String(!this.#folded));
    if (this.#folded || !this.#fill) return;
    const fill = this.#fill;
    this.#fill = null;
    fill(this.#body);
  }
}

function styled(shadow: ShadowRoot, text: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    // Firefox keeps constructed sheets from content scripts.
    shadow.append(make("style", {}, text));
  }
}
