// Shows what Web Push brings, and opens the product's page when it is tapped.
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
