/** A product page that stays true while it is open: the server sends the parts of it that are to be shown anew. */

type Parts = Record<string, string>;

/** Put each part into its place below `root`; a part that the page does not have is passed over. */
export function showParts(root: ParentNode, parts: Parts): void {
  for (const [name, html] of Object.entries(parts)) {
    const place = root.querySelector<HTMLElement>(`[data-part="${name}"]`);
    // A chart that a script draws is left alone: a reader may be looking closely at a part of it.
    if (place === null || html === "" || place.querySelector(".pw-plot") !== null) continue;
    place.innerHTML = html;
    delete place.dataset["fresh"];
    requestAnimationFrame(() => {
      if (name === "price") place.dataset["fresh"] = "";
    });
  }
}

/** The page as it is now in the place of the one that is shown: for its first price, which brings title and chart. */
async function showAnew(document_: Document): Promise<void> {
  const answer = await fetch(document_.location.href, { cache: "no-store", headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [shown, next] = [document_.querySelector("main"), fresh.querySelector("main")];
  if (shown === null || next === null) return;
  document_.title = fresh.title;
  shown.replaceWith(next);
}

/** Listen for a page's product, if it shows one, while somebody sees the page: a browser has six connections for all its
 * tabs of a site that speaks HTTP/1.1, and who comes back is told at once what is new. `begun` is called when the page was
 * put there anew, `changed` with what holds parts that are new. */
export function stayTrue(document_: Document, begun: () => void, changed: (root: ParentNode) => void): void {
  const article = document_.querySelector<HTMLElement>("[data-live]");
  const address = article?.dataset["live"];
  if (article === null || address === undefined) return;
  let version = article.dataset["version"] ?? "0";
  const isEmpty = version === "0";
  const isOver = new AbortController();
  let source: EventSource | null = null;
  const stop = (): void => {
    source?.close();
    source = null;
  };
  const listen = (): void => {
    source = new EventSource(`${address}?version=${version}`);
    source.addEventListener("price", (event: MessageEvent<string>) => {
      if (isEmpty) {
        stop();
        isOver.abort();
        void showAnew(document_).then(() => {
          begun();
          stayTrue(document_, begun, changed);
        });
        return;
      }
      version = event.lastEventId;
      showParts(article, JSON.parse(event.data) as Parts);
      changed(article);
      article.querySelector("[data-chart]")?.dispatchEvent(new CustomEvent("pennywren:newer"));
    });
    source.addEventListener("trouble", (event: MessageEvent<string>) => {
      const place = article.querySelector<HTMLElement>('[data-part="trouble"]');
      if (place === null) return;
      place.textContent = JSON.parse(event.data) as string;
      place.hidden = false;
    });
  };
  const follow = (): void => {
    if (document_.hidden) stop();
    else if (source === null) listen();
  };
  document_.addEventListener("visibilitychange", follow, { signal: isOver.signal });
  follow();
}
