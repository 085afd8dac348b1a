"""A browser is let show notifications, shows what comes whatever is in it, and opens the product's page.

Google's push service is out of reach, so two things are played at the edge of the browser: what subscribing there would
answer, and a message's arrival (by DevTools, as their "Push" button does it). The page, the server, the service worker
and the notification are the real ones.
"""

import asyncio
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

from playwright.async_api import Browser, CDPSession, Worker, expect

from pennywren.local.shop.goods import HERO
from pennywren.model.titles import plain_title
from pennywren.notify.channels.push.channel import notification
from tests.browser.demo import PATIENCE_S, Demo, Visitor, visitor
from tests.unit.notify.test_mail import about
from tests.unit.notify.test_signing import browser
from tests.web.site import JSON

HOSTILE = "\u202egnp</title><script>alert(1)</script><img src=x onerror=alert(2)>\r\nBcc: eve@example.org"

# This browser subscribed under another key before: browsers refuse a second one until the first has ended.
PUSH_SERVICE = """keys => {
  let old = { unsubscribe: async () => { old = null; return true; } };
  PushManager.prototype.getSubscription = async () => old;
  PushManager.prototype.subscribe = async function (options) {
    if (old) throw new DOMException("another key", "InvalidStateError");
    const asked = { visible: options.userVisibleOnly, key: [...options.applicationServerKey] };
    sessionStorage.setItem("asked", JSON.stringify(asked));  // the page is loaded again
    return { toJSON: () => ({ endpoint: "https://fcm.googleapis.com/fcm/send/here", expirationTime: null, keys }) };
  };
}"""


async def _registration(devtools: CDPSession) -> str:
    """What DevTools call the registration of our worker."""
    told = asyncio.get_running_loop().create_future()

    def note(news: dict[str, list[dict[str, Any]]]) -> None:
        for each in news["registrations"]:
            if not told.done():
                told.set_result(each["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", note)
    await devtools.send("ServiceWorker.enable")
    return await told


async def _shown(person: Visitor, count: int) -> list[dict[str, Any]]:
    """The notifications that the browser shows, once they are so many."""
    async with asyncio.timeout(PATIENCE_S):
        return await person.page.evaluate(
            """async count => {
              const registration = await navigator.serviceWorker.ready;
              for (;;) {
                const shown = await registration.getNotifications();
                if (shown.length === count) return shown.map(({ title, body, tag }) => ({ title, body, tag }));
                await new Promise(again => setTimeout(again, 50)); // frames may stop where nobody looks
              }
            }""",
            count,
        )


async def _clicked(worker: Worker) -> str:
    """Where a click on it leads. Only a hand may open a window, so the opening itself is written down."""
    return await worker.evaluate(
        """async () => {
          const opened = [];
          self.clients.openWindow = async url => void opened.push(new URL(url, self.location.origin).href);
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
          return opened[0];
        }"""
    )


async def _moved(worker: Worker, old: dict[str, Any], new: dict[str, Any]) -> int:
    """What the server answers when the browser tells its worker of another address. Only a push service can do that."""
    return await worker.evaluate(
        """async ([old, given]) => {
          const statuses = [];
          const fetching = self.fetch;
          self.fetch = async (...asked) => {
            const answer = await fetching(...asked);
            statuses.push(answer.status);
            return answer;
          };
          const event = new ExtendableEvent("pushsubscriptionchange");
          const waiting = [];
          event.waitUntil = (promise) => waiting.push(promise);
          Object.assign(event, { oldSubscription: old, newSubscription: { toJSON: () => given } });
          self.dispatchEvent(event);
          await Promise.all(waiting);
          return statuses[0];
        }""",
        [old, new],
    )


async def test_a_browser_is_added_shows_what_comes_and_opens_the_product(demo: Demo, chromium: Browser) -> None:
    person = await visitor(demo, chromium)
    page, context = person.page, person.context
    await context.grant_permissions(["notifications"], origin=demo.site)
    await person.sign_in("pia@example.com")
    _, p256dh, auth = browser()
    await person.go("/account/channels")
    await page.evaluate(PUSH_SERVICE, {"p256dh": p256dh, "auth": auth})

    # A press of the button asks for the right thing, and the server knows this browser.
    key = (await (await context.request.get(f"{demo.site}/push/key")).json())["publicKey"]
    async with page.expect_response("**/account/push-subscriptions") as answered:
        await page.get_by_role("button", name="Let this browser show them").click()
    assert (await answered.value).status == 201
    await expect(page.locator("#browsers ~ .card").first).to_contain_text("Chrome, Linux")
    asked: dict[str, Any] = json.loads(await page.evaluate("sessionStorage.getItem('asked')"))
    assert asked == {"visible": True, "key": [*urlsafe_b64decode(key + "=")]}

    # What comes is shown as the text that it is, and a repeat takes its place.
    (worker,) = context.service_workers
    devtools = await context.new_cdp_session(page)
    to = {"origin": demo.site, "registrationId": await _registration(devtools)}
    told = about(title=plain_title(HOSTILE), page_url=f"{demo.site}/products/{HERO.id}")
    for message in (told, told, replace(told, key="alert-8")):
        await devtools.send("ServiceWorker.deliverPushMessage", {**to, "data": notification(message).decode()})
    first, second = await _shown(person, 2)
    assert first["title"] == plain_title(HOSTILE)
    assert first["body"] == "€12.99 (was €15.99). You asked to be told at €14.00 or less."
    assert [first["tag"], second["tag"]] == ["alert-7", "alert-8"]

    assert await _clicked(worker) == f"{demo.site}/products/{HERO.id}"
    assert [each["tag"] for each in await _shown(person, 1)] == ["alert-8"]

    # The push service gives this browser another address: the server has that one, under the name of before.
    moved = {"endpoint": "https://fcm.googleapis.com/fcm/send/there", "keys": {"p256dh": p256dh, "auth": auth}}
    assert await _moved(worker, {"endpoint": "https://fcm.googleapis.com/fcm/send/here"}, moved) == 201
    known = await (await context.request.get(f"{demo.site}/account/push-subscriptions", headers=JSON)).json()
    assert [(each["endpoint"], each["name"]) for each in known["pushSubscriptions"]] == [
        (moved["endpoint"], "Chrome, Linux")
    ]
    await context.close()
    assert person.complaints == []
