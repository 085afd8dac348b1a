/** What every page of the website loads. Pages work without it; it only makes them better. */

import { stayTrue } from "./live.ts";
import { nameLocalTimes } from "./local_times.ts";
import { tryTargets } from "./trying.ts";

function begin(): void {
  nameLocalTimes(document, navigator.languages);
  tryTargets(document);
  const box = document.querySelector<HTMLElement>("[data-chart]");
  if (!box) return;
  void import("./chart_entry.ts").then(
    ({ enhance }) => enhance(box),
    () => undefined, // The picture of the server stays.
  ).catch(() => undefined);
}

begin();
stayTrue(document, begin, (root) => nameLocalTimes(root, navigator.languages));
if (document.querySelector("[data-push]")) {
  void import("./push.ts").then(({ offerPush }) => offerPush(document), () => undefined);
}
