/** The popup: the product of the current tab, and the way to the settings. */

import chartStyle from "../../src/pennywren/web/client/chart/chart.css";
import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { productOf } from "./marketplaces.ts";
import { fill } from "./panel.ts";
import panelStyle from "./panel.css";

const sheet = new CSSStyleSheet();
sheet.replaceSync(`${chartStyle}\n${panelStyle}\nbody { margin: 0 }`);
document.adoptedStyleSheets = [sheet];

const body = make("div", { class: "body" });
const options = make("button", { type: "button", class: "fold" }, chrome.i18n.getMessage("settings"));
options.addEventListener("click", () => void chrome.runtime.openOptionsPage());
document.documentElement.lang = chrome.i18n.getUILanguage();
document.body.append(make("main", { class: "panel popup", dir: "auto" }, body, options));

const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
const product = productOf(tab?.url ?? "");
if (product) await fill(body, product, () => true);
else body.replaceChildren(make("p", {}, chrome.i18n.getMessage("noProduct")));
