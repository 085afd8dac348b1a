// Shows what Web Push brings, opens the product's page when it is tapped, and tells us when the browser's address changes.
"use strict";

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "A price that you watch has moved", url: "/account" };
  event.waitUntil(
    self.registration.showNotification(told.title, { body: told.body, tag: told.tag, data: { url: told.url } }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});

// The push service has ended the old address, or given another one. Whoever is not signed in here any more is told by
// mail instead, and may let this browser show notifications again on the page of channels.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(moveTo(event.newSubscription, event.oldSubscription));
});

async function moveTo(given, old) {
  const options = old ? old.options : { userVisibleOnly: true, applicationServerKey: await serverKey() };
  const subscription = given || (await self.registration.pushManager.subscribe(options));
  await fetch("/account/push-subscriptions", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ ...subscription.toJSON(), replaces: old ? old.endpoint : null }),
  });
}

async function serverKey() {
  const answer = await fetch("/push/key");
  return (await answer.json()).publicKey;
}
