/** The settings: the server, the panel's place, who alerts go to, and what is reported. */

import { make } from "../../src/pennywren/web/client/chart/dom.ts";
import { isolated } from "../../src/pennywren/web/client/chart/format.ts";
import { ask, say, sentence } from "./ask.ts";
import { button, field, mayCollect, ownPage, part } from "./own_page.ts";
import { readConsent } from "./reports/consent.ts";
import type { Ledger, Sent, Told } from "./reports/ledger.ts";
import { EMPTY } from "./reports/ledger.ts";
import { cleanOrigin, POSITIONS, readLayout, readSettings } from "./settings.ts";

const EXAMPLE = `{"productID": "us:B08N5WRWNW", "offer": "buybox", "price": 1299, "currency": "USD", "title": "A kettle",
 "context": {"signedIn": false, "memberPrice": false, "coupon": false, "subscription": false,
  "deliveryCountry": "US", "variation": null, "language": "en-US"},
 "observedAt": "2026-11-25T12:00:00Z"}`;

/** What becomes of a report, in the language of the browser; the reason after it comes from the server. */
const VERDICTS: Record<string, string> = { accepted: "sent_accepted", held: "sent_held", rejected: "sent_rejected" };

const main = ownPage(say("settings"), "wide");
const account = make("div");
const reports = make("div");
const sent = make("div");
main.append(
  make("h1", {}, say("settings")),
  part("account", say("account"), account),
  part("reports", say("reports"), reports),
  part("sent", say("sent"), sent),
  part("panel", say("panelSettings"), await panelPlace()),
  part("server", say("server"), await server()),
);
await Promise.all([showAccount(), showReports()]);
chrome.storage.local.onChanged.addListener(() => void showReports());

async function server(): Promise<HTMLElement> {
  const [label, address] = field("origin", say("origin"), { required: "", autocomplete: "url", spellcheck: "false" });
  address.value = (await readSettings()).origin;
  const told = make("p", { role: "status" });
  const form = make("form", {}, label, address, make("p", {}, say("originHint")), make("button", {}, say("save")), told, make("p", {}, say("sends")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const origin = cleanOrigin(address.value);
    if (origin === null) {
      told.textContent = say("originWrong");
      return;
    }
    // Must be asked for within the click itself.
    void chrome.permissions.request({ origins: [`${origin.replace(/:\d+$/, "")}/*`] }).then(async (granted) => {
      if (granted) await chrome.storage.local.set({ origin });
      told.textContent = say(granted ? "saved" : "notGranted");
      await showAccount();
    });
  });
  return form;
}

async function panelPlace(): Promise<HTMLElement> {
  const { position } = await readLayout();
  const list = make("select", { id: "position" });
  for (const each of POSITIONS) {
    const option = make("option", { value: each }, say(`position_${each}`));
    option.selected = each === position;
    list.append(option);
  }
  list.addEventListener("change", () => void chrome.storage.sync.set({ position: list.value }));
  return make("div", {}, make("label", { for: "position" }, say("position")), list);
}

async function showAccount(): Promise<void> {
  const answer = await ask({ kind: "pairing" });
  if (answer.kind !== "pairing") {
    account.replaceChildren(make("p", { role: "status" }, sentence(answer)), button(say("retry"), () => void showAccount()));
  } else if (answer.pairing.status === "paired") {
    const end = button(say("unpair"), () => void ask({ kind: "unpair" }).then(showAccount), "act quiet");
    account.replaceChildren(make("p", {}, say("paired", answer.pairing.email)), end);
  } else {
    const text = answer.pairing.status === "waiting" ? say("pair_waiting", answer.pairing.code) : say("watches_unpaired");
    account.replaceChildren(make("p", {}, text), button(say("pair_button"), () => void ask({ kind: "open", page: "connect", wish: null })));
  }
}

async function showReports(): Promise<void> {
  const { origin } = await readSettings();
  const stored = await chrome.storage.local.get(["consent", "ledger"]);
  const consent = readConsent(stored["consent"]);
  const act = (act: "agree" | "pause" | "resume" | "withdraw"): void => void ask({ kind: "reports", act }).then(showReports);
  if (consent?.origin !== origin) {
    const agree = button(say("reports_agree"), () => void mayCollect("websiteContent").then((may) => may && act("agree")));
    const points = ["what", "not", "when", "why", "stop"].map((name) => make("li", {}, say(`reports_${name}`)));
    reports.replaceChildren(make("p", {}, say("reports_ask", origin)), make("ul", {}, ...points), make("pre", { tabindex: "0" }, EXAMPLE), agree);
  } else {
    const status = make("p", { role: "status" }, say(consent.paused ? "reports_paused" : "reports_on", origin));
    const rest = button(say(consent.paused ? "reports_resume" : "reports_pause"), () => act(consent.paused ? "resume" : "pause"));
    reports.replaceChildren(status, make("div", { class: "row" }, rest, button(say("reports_withdraw"), () => act("withdraw"), "act quiet")));
  }
  const ledger = (stored["ledger"] as Ledger | undefined) ?? EMPTY;
  sent.replaceChildren(make("p", {}, say("sent_hint")), ...(ledger.sent.length ? ledger.sent.map(report) : [make("p", {}, say("sent_none"))]));
}

function report({ at, to, body, status, verdicts }: Sent): HTMLElement {
  const when = new Intl.DateTimeFormat(chrome.i18n.getUILanguage(), { dateStyle: "medium", timeStyle: "medium" }).format(at);
  const told = make("ul", {}, ...verdicts.map((each) => make("li", { dir: "auto" }, answered(each))));
  return make("details", {}, make("summary", {}, `${when} · ${status} · ${to}`), make("pre", { tabindex: "0" }, body), told);
}

function answered(told: Told | string): string {
  if (typeof told === "string") return told;
  const { verdict, detail } = told;
  if (verdict === null) return detail;
  const name = VERDICTS[verdict];
  return name ? say(name, isolated(detail)) : `${verdict}: ${detail}`;
}
