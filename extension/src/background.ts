/** The service worker: the only part that talks to the API. It keeps no state, so it may be stopped at any moment. */

import { show, track } from "./api.ts";
import { productOf } from "./marketplaces.ts";
import type { Answer } from "./messages.ts";
import { readQuestion } from "./messages.ts";
import { readSettings } from "./settings.ts";

chrome.runtime.onMessage.addListener((message: unknown, sender, respond: (answer: Answer) => void) => {
  const question = readQuestion(message);
  if (!question || !isOurs(sender)) return false;
  void readSettings()
    .then(({ origin }) => (question.kind === "show" ? show : track)(origin, question.product))
    .then(respond);
  return true;
});

/** Our own pages, and our script on a product page; nobody else. */
function isOurs(sender: chrome.runtime.MessageSender): boolean {
  if (sender.id !== chrome.runtime.id) return false;
  return sender.url?.startsWith(chrome.runtime.getURL("")) === true || productOf(sender.url ?? "") !== null;
}
