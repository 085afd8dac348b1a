/** The settings: where the API lives. Another server is asked for its permission first. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import panelStyle from "./panel.css";
import { cleanOrigin, readSettings } from "./settings.ts";

const say = (name: string): string => chrome.i18n.getMessage(name);

const sheet = new CSSStyleSheet();
sheet.replaceSync(`${panelStyle}\nbody { margin: 24px } label { display: block; font-weight: 600 } input { font: inherit; padding: 8px; width: 100%; box-sizing: border-box; margin-block: 6px }`);
document.adoptedStyleSheets = [sheet];
document.title = say("settings");
document.documentElement.lang = chrome.i18n.getUILanguage();

const field = make("input", { id: "origin", name: "origin", required: "", autocomplete: "url", spellcheck: "false" });
const told = make("p", { role: "status" });
const form = make(
  "form", { class: "body" },
  make("h1", {}, say("settings")),
  make("label", { for: "origin" }, say("origin")),
  field,
  make("p", {}, say("originHint")),
  make("button", {}, say("save")),
  told,
  make("p", {}, say("sends")),
);
document.body.append(make("main", { class: "panel popup", dir: "auto" }, form));
field.value = (await readSettings()).origin;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const origin = cleanOrigin(field.value);
  if (origin === null) {
    told.textContent = say("originWrong");
    return;
  }
  // Must be asked for within the click itself.
  void chrome.permissions.request({ origins: [`${origin.replace(/:\d+$/, "")}/*`] }).then(async (granted) => {
    if (granted) await chrome.storage.local.set({ origin });
    told.textContent = say(granted ? "saved" : "notGranted");
  });
});
