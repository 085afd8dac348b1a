/** The panel's frame: its name folds it away, a list moves it, a button leads to the settings. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { say, speak } from "./ask.ts";
import type { Layout, Position } from "./settings.ts";
import { POSITIONS } from "./settings.ts";

export interface Told {
  fold(folded: boolean): void;
  move(to: Position): void;
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

  constructor(host: HTMLElement, style: string, { folded, position }: Layout, told: Told) {
    const shadow = host.attachShadow({ mode: "closed" });
    styled(shadow, style);
    this.#folded = folded;
    this.#fold = make("button", { type: "button", class: "fold", "aria-controls": "body" }, "Pennywren");
    const where = this.#where;
    for (const each of POSITIONS) {
      const option = make("option", { value: each }, say(`position_${each}`));
      option.selected = each === position;
      where.append(option);
    }
    where.addEventListener("change", () => {
      told.move(POSITIONS.find((each) => each === where.value) ?? "price");
      where.focus();
    });
    const settings = make("button", { type: "button", class: "plain", "aria-label": say("settings"), title: say("settings") }, "⚙");
    settings.addEventListener("click", () => told.settings());
    const head = make("div", { class: "head" }, this.#fold, where, settings);
    this.#panel = make("section", { class: "panel", "aria-label": say("panel") }, head, this.#body, this.foot);
    speak(this.#panel);
    shadow.append(this.#panel);
    this.#fold.addEventListener("click", () => {
      this.#folded = !this.#folded;
      this.#show();
      told.fold(this.#folded);
    });
    this.#show();
  }

  /** What was stored of it is known. */
  apply({ folded, position }: Layout): void {
    this.#folded = folded;
    this.#where.value = position;
    this.#show();
  }

  /** Another product: `fill` is called at once, or when the panel is unfolded. */
  open(fill: (body: HTMLElement) => void): void {
    this.#fill = fill;
    this.foot.replaceChildren();
    this.#show();
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
