/** What the extension's own pages share: their look, their language, and their parts. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import chartStyle from "../../src/pennywren/web/client/chart/chart.css";
import { say, speak } from "./ask.ts";
import ownStyle from "./own_page.css";
import panelStyle from "./panel.css";

/** Begin a page with a title; answers where its content goes. */
export function ownPage(title: string, kind: "wide" | "popup"): HTMLElement {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${chartStyle}\n${panelStyle}\n${ownStyle}`);
  document.adoptedStyleSheets = [sheet];
  document.title = `${title} · Pennywren`;
  speak(document.documentElement);
  const main = make("main", { class: `panel own ${kind}` });
  document.body.append(main);
  return main;
}

/** A part of a page under a heading. */
export function part(id: string, heading: string, ...children: (Node | string)[]): HTMLElement {
  return make("section", { id, class: "part", "aria-labelledby": `${id}-heading` }, make("h2", { id: `${id}-heading` }, heading), ...children);
}

export function button(text: string, act: () => void, kind = "act"): HTMLButtonElement {
  const made = make("button", { type: "button", class: kind }, text);
  made.addEventListener("click", act);
  return made;
}

/** In Firefox what is sent beyond the needful is consented to in a dialog of the browser's as well; elsewhere this is nothing. */
export async function mayCollect(kind: string): Promise<boolean> {
  if (!chrome.runtime.getURL("").startsWith("moz-extension:")) return true;
  const wish = { data_collection: [kind] } as unknown as chrome.permissions.Permissions;
  return chrome.permissions.request(wish);
}

/** A field with its label. */
export function field(id: string, label: string, attributes: Record<string, string>): [HTMLLabelElement, HTMLInputElement] {
  return [make("label", { for: id }, label), make("input", { id, name: id, ...attributes })];
}

export { say };
