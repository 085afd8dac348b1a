/** Asking the service worker, from a page or a panel; there is always an answer. */

import type { Answer, Question } from "./messages.ts";

export const say = (name: string, ...values: string[]): string => chrome.i18n.getMessage(name, values);

export async function ask(question: Question): Promise<Answer> {
  try {
    const answer = (await chrome.runtime.sendMessage(question)) as Answer | undefined;
    return answer ?? { kind: "trouble", trouble: "broken", retryAfter: null };
  } catch {
    // The extension was updated or switched off while this page stayed open.
    return { kind: "trouble", trouble: "broken", retryAfter: null };
  }
}

/** The language of the texts, and which way it is written: that of what is said, whatever the browser itself speaks. */
export function speak(root: HTMLElement): void {
  root.lang = say("language");
  root.dir = say("direction");
}

/** What a trouble says, as a sentence. */
export function sentence(answer: Answer): string {
  if (answer.kind !== "trouble") return say("trouble_broken");
  if (answer.trouble === "refused" && answer.detail) return answer.detail;
  return say(`trouble_${answer.trouble}`, String(answer.retryAfter ?? 60));
}
