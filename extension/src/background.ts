/**
 * The service worker: the only part that talks to the API, and the only one that sees a token.
 *
 * What it knows is in the extension's storage, so it may be stopped at any moment.
 */

import type { Api } from "./api.ts";
import { LoadFailed } from "../../src/pennywren/web/client/chart/load.ts";
import { PRODUCT_PAGES, productOf } from "./marketplaces.ts";
import type { Answer, Question, WatchedProduct } from "./messages.ts";
import { readOwnQuestion, readPageQuestion } from "./messages.ts";
import { begin, end, forget, look, ownApi } from "./pairing.ts";
import { mayReport, readConsent } from "./reports/consent.ts";
import { Reporter } from "./reports/reporter.ts";
import { readSettings } from "./settings.ts";
import { troubleOf } from "./trouble.ts";

const SEND = "send-reports";
const CHECK = "check-pairing";
/** How long reports gather before they are sent together (ms). */
const GATHER = 60_000;
const SHOWN_WATCHES = 30;
const area = chrome.storage.local;

const reporter = new Reporter({
  area,
  fetcher: (input, init) => fetch(input, init),
  now: () => Date.now(),
  chance: () => Math.random(),
  newKey: () => crypto.randomUUID(),
});

// A script on a page is nobody to show a token to.
void area.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

chrome.runtime.onMessage.addListener((message: unknown, sender, respond: (answer: Answer) => void) => {
  if (sender.id !== chrome.runtime.id) return false;
  const own = sender.url?.startsWith(chrome.runtime.getURL("")) === true;
  const onPage = !own && sender.tab !== undefined && sender.frameId === 0 && productOf(sender.url ?? "") !== null;
  const question = own ? readOwnQuestion(message) : onPage ? readPageQuestion(message) : null;
  if (!question) return false;
  void answer(question, sender.tab?.id).then(respond, (error: unknown) => {
    void explained(error).then(respond);
  });
  return true;
});

chrome.alarms.onAlarm.addListener(({ name }) => {
  if (name === SEND) void reporter.flush().then(sendAt);
  if (name === CHECK) void checkPairing();
});

// Alarms do not outlive every update and restart; what waits does.
function goOn(): void {
  void reporter.flush().then(sendAt);
  void checkPairing();
}

chrome.runtime.onStartup.addListener(goOn);

chrome.runtime.onInstalled.addListener(() => {
  goOn();
  chrome.contextMenus.removeAll(() => {
    chrome.contextMenus.create({
      id: "history", title: chrome.i18n.getMessage("menu"), contexts: ["link"], targetUrlPatterns: [...PRODUCT_PAGES],
    });
  });
});

chrome.contextMenus.onClicked.addListener(({ linkUrl }) => {
  const product = productOf(linkUrl ?? "");
  if (product) void readSettings().then(({ origin }) => chrome.tabs.create({ url: `${origin}/products/${product}` }));
});

async function answer(question: Question, tab: number | undefined): Promise<Answer> {
  const { origin } = await readSettings();
  const { api, paired } = await ownApi(area, origin);
  switch (question.kind) {
    case "begin": {
      const consent = readConsent((await area.get(["consent"]))["consent"]);
      return { kind: "begun", reporting: mayReport(consent, origin) };
    }
    case "show":
      return show(api, paired, question.product, tab);
    case "track":
      await api.track(question.product);
      return { kind: "tracked" };
    case "watch":
      return { kind: "watch", watch: await api.watch(question) };
    case "unwatch":
      for (const watch of await api.watches(question.product)) await api.unwatch(watch.id);
      return { kind: "watch", watch: null };
    case "report":
      sendAt(await reporter.offer(question.seen));
      return { kind: "done" };
    case "open":
      await open(question);
      return { kind: "done" };
    case "reports":
      await decide(question.act);
      return { kind: "done" };
    case "pair": {
      if (paired) await end(area, origin);
      const pairing = await begin(area, origin, question.email, question.wish);
      // The link may be confirmed when no page of ours is open any more.
      await chrome.alarms.create(CHECK, { periodInMinutes: 1 });
      return { kind: "pairing", pairing };
    }
    case "pairing":
      return { kind: "pairing", pairing: await look(area, origin) };
    case "unpair":
      await end(area, origin);
      return { kind: "done" };
    case "watches":
      return { kind: "watches", watches: await watched(api) };
  }
}

async function show(api: Api, paired: boolean, product: string, tab: number | undefined): Promise<Answer> {
  const [shown, watches] = await Promise.all([api.show(product), paired ? ownWatches(api, product) : null]);
  const { currentPrice, offers } = shown.product;
  const low = offers["buybox"]?.low ?? null;
  const atLow = watches !== null && watches.length > 0 && currentPrice !== null && currentPrice === low;
  if (tab !== undefined) {
    await chrome.action.setBadgeText({ tabId: tab, text: atLow ? "↓" : "" });
    await chrome.action.setTitle({ tabId: tab, title: chrome.i18n.getMessage(atLow ? "badge" : "name") });
  }
  return { kind: "history", ...shown, watches: watches ?? [], paired: watches !== null, page: `${api.origin}/products/${product}` };
}

/** Null where the pairing was ended on the website; the history is shown all the same. */
async function ownWatches(api: Api, product: string): Promise<Awaited<ReturnType<Api["watches"]>> | null> {
  try {
    return await api.watches(product);
  } catch (error) {
    if (error instanceof LoadFailed && error.status === 401) {
      await forget(area);
      return null;
    }
    throw error;
  }
}

async function watched(api: Api): Promise<WatchedProduct[]> {
  const watches = (await api.watches()).slice(0, SHOWN_WATCHES);
  return Promise.all(
    watches.map(async (watch) => {
      const product = await api.product(watch.productID).catch(() => null);
      const { name = null, currentPrice = null } = product ?? {};
      return { watch, name, currentPrice, low: product?.offers["buybox"]?.low ?? null };
    }),
  );
}

async function open(question: Question & { kind: "open" }): Promise<void> {
  if (question.page === "options") {
    await chrome.runtime.openOptionsPage();
    return;
  }
  const { wish } = question;
  const mark = wish ? `#${wish.product}/${wish.threshold}` : "";
  await chrome.tabs.create({ url: `${chrome.runtime.getURL("connect.html")}${mark}` });
}

async function decide(act: "agree" | "pause" | "resume" | "withdraw"): Promise<void> {
  if (act === "agree") await reporter.agree();
  else if (act === "withdraw") {
    await chrome.alarms.clear(SEND);
    sendAt(await reporter.withdraw());
  } else sendAt(await reporter.pause(act === "pause"));
}

/** Wake up to send: a little later than asked for, so that reports go together. */
function sendAt(when: number | null): void {
  if (when === null) return;
  void chrome.alarms.get(SEND).then((set) => {
    if (!set) void chrome.alarms.create(SEND, { when: Math.max(when, Date.now() + GATHER) });
  });
}

async function checkPairing(): Promise<void> {
  const { origin } = await readSettings();
  const pairing = await look(area, origin).catch(() => null);
  if (pairing?.status === "waiting") await chrome.alarms.create(CHECK, { periodInMinutes: 1 });
  else if (pairing) await chrome.alarms.clear(CHECK);
}

async function explained(error: unknown): Promise<Answer> {
  const told = troubleOf(error);
  if (told.trouble !== "offline") return told;
  const { origin } = await readSettings();
  const allowed = await chrome.permissions.contains({ origins: [`${origin.replace(/:\d+$/, "")}/*`] }).catch(() => true);
  return allowed ? told : { ...told, trouble: "permission" };
}
