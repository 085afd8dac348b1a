/** The button that lets this browser show notifications: asks, subscribes, and tells the server. */

/** base64url as the bytes that a subscription wants for its key. */
export function keyBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(base64url.length / 4) * 4, "="));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** What this browser calls itself, for a list of browsers: "Chrome, Linux" where it says so, else nothing. */
export function browserName(userAgent: string): string {
  // The first of each list that is in it: many say that they are Chrome and Safari as well, and Android that it is Linux.
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS": "macOS" };
  const lists = [
    ["Firefox", "Edg", "OPR", "Chrome", "Safari"],
    ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"],
  ];
  return lists
    .map((list) => list.find((word) => userAgent.includes(word)) ?? "")
    .filter((word) => word !== "")
    .map((word) => names[word] ?? word)
    .join(", ");
}

/** A subscription under `key`. One under another key, of an installation that was here before, gives way. */
async function subscribeWith(manager: PushManager, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
    await (await manager.getSubscription())?.unsubscribe();
    return manager.subscribe(options);
  }
}

async function subscribe(): Promise<Response> {
  const registration = await navigator.serviceWorker.register("/push-worker.js");
  await navigator.serviceWorker.ready;
  const answer = await fetch("/push/key");
  const { publicKey } = (await answer.json()) as { publicKey: string };
  const subscription = await subscribeWith(registration.pushManager, keyBytes(publicKey));
  return fetch("/account/push-subscriptions", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ ...subscription.toJSON(), name: browserName(navigator.userAgent) }),
  });
}

/** Show the button below `root` where this browser can do it; without a script, or without the means, text stays. */
export function offerPush(root: ParentNode): void {
  const box = root.querySelector<HTMLElement>("[data-push]");
  const button = box?.querySelector<HTMLButtonElement>("[data-push-button]");
  const said = box?.querySelector<HTMLElement>("[data-push-said]");
  if (!box || !button || !said || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  button.hidden = false;
  said.textContent = "";
  button.addEventListener("click", () => {
    button.disabled = true;
    void subscribe().then(
      (answer) => {
        if (answer.ok) location.reload();
        else said.textContent = box.dataset.failed ?? "";
        button.disabled = false;
      },
      () => {
        said.textContent = (Notification.permission === "denied" ? box.dataset.refused : box.dataset.failed) ?? "";
        button.disabled = false;
      },
    );
  });
}
