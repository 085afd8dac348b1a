"""What locust sends: requests as a million users of the extension send them. Runs in an environment of its own.

A user of locust's is no person but a share of the traffic: it sends one request a second, of whatever kind, as
whichever install, person and network.
"""

import os
import random
import time
from datetime import UTC, datetime

import traffic  # beside this file
from locust import FastHttpUser, between, events, task

INSTALLS = int(os.environ["LOAD_INSTALLS"])
PEOPLE = int(os.environ["LOAD_PEOPLE"])
YEAR = traffic.year(time.time())
DRAWN = traffic.Traffic(random.Random(), int(os.environ["LOAD_PRODUCTS"]))
TAGS = {}
"""What browsers hold: the ETag of each history that was asked for."""


class Traffic(FastHttpUser):
    """A request a second or so: people do not ask in step, as users of locust's that were begun together would."""

    wait_time = between(0.5, 1.5)
    connection_timeout = 5
    network_timeout = 10

    def ask(self, method, path, label, expected, **more):
        """Send a request; an answer that is not expected is an error."""
        headers = {"X-Forwarded-For": DRAWN.network(), **more.pop("headers", {})}
        with self.client.request(method, path, name=label, headers=headers, catch_response=True, **more) as answer:
            if answer.status_code in expected:
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {(answer.text or '')[:200]}")
        return answer

    @task(traffic.KINDS["history"])
    def history(self):
        """The chart of a panel or a page: a year daily; half of the browsers hold it already."""
        of = DRAWN.number()
        path = f"/products/{traffic.product(of)}/history?{YEAR}"
        held = TAGS.get(of) if random.random() < traffic.HELD else None
        headers = {"Accept-Encoding": "gzip", **({"If-None-Match": held} if held else {})}
        label = "history, ETag" if held else "history"
        answer = self.ask("GET", path, label, {200, 304}, headers=headers)
        if answer.status_code == 200:
            TAGS[of] = answer.headers.get("ETag")

    @task(traffic.KINDS["reports"])
    def report(self):
        """One to five prices that a browser saw."""
        seen = DRAWN.reports(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        headers = {
            "Authorization": f"Bearer {traffic.install(random.randrange(INSTALLS))}",
            "Idempotency-Key": f"{random.getrandbits(64):x}",
        }
        self.ask("POST", "/observations", "reports", {200}, json={"observations": seen}, headers=headers)

    @task(traffic.KINDS["page"])
    def page(self):
        """A product's page."""
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        self.ask("GET", f"/products/{traffic.product(DRAWN.number())}", "product page", {200}, headers=headers)

    @task(traffic.KINDS["watch"])
    def watch(self):
        """A watch is set and ended again."""
        headers = {"Authorization": f"Bearer {traffic.person(random.randrange(PEOPLE))}"}
        made = self.ask("POST", "/subscriptions", "watch set", {201, 409}, json=DRAWN.wish(), headers=headers)
        if made.status_code == 201:
            self.ask("DELETE", f"/subscriptions/{made.json()['id']}", "watch ended", {204, 404}, headers=headers)


@events.request.add_listener
def keep_longest(response_time, **_):
    """The longest answer of all, which percentiles round."""
    events.longest = max(getattr(events, "longest", 0.0), response_time)


@events.quitting.add_listener
def tell_longest(environment, **_):
    """For whoever started this."""
    with open(os.environ["LOAD_LONGEST"], "w", encoding="utf-8") as file:
        file.write(f"{getattr(events, 'longest', 0.0):.1f}")
