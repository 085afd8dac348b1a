"""What locust sends: requests as a million users of the extension send them. Runs in an environment of its own.

A user of locust's is no person but a share of the traffic: it sends one request a second, of whatever kind, as
whichever install, person and network.
"""

import os
import random
from datetime import UTC, datetime
from itertools import accumulate

from locust import FastHttpUser, between, events, task

PRODUCTS = int(os.environ["LOAD_PRODUCTS"])
INSTALLS = int(os.environ["LOAD_INSTALLS"])
PEOPLE = int(os.environ["LOAD_PEOPLE"])
YEAR_S = 365 * 86_400
MAX_NETWORKS = 2_000
NUMBERS = range(PRODUCTS)
WEIGHTS = list(accumulate(1.0 / (n + 1) for n in NUMBERS))
TAGS = {}
"""What browsers hold: the ETag of each history that was asked for."""
END = int(datetime.now(UTC).timestamp()) // 86_400 * 86_400


def product():
    """One product, by Zipf."""
    return random.choices(NUMBERS, cum_weights=WEIGHTS)[0]


def name(number):
    """Its id."""
    return f"us:B{number:09d}"


def network():
    """The header by which a proxy of ours tells the client's address."""
    n = random.randrange(MAX_NETWORKS)
    return f"198.{18 + n // 256}.{n % 256}.9"


class Traffic(FastHttpUser):
    """A request a second or so: people do not ask in step, as users of locust's that were begun together would."""

    wait_time = between(0.5, 1.5)
    connection_timeout = 5
    network_timeout = 10

    def ask(self, method, path, label, expected, **more):
        """Send a request; an answer that is not expected is an error."""
        headers = {"X-Forwarded-For": network(), **more.pop("headers", {})}
        with self.client.request(method, path, name=label, headers=headers, catch_response=True, **more) as answer:
            if answer.status_code in expected:
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {(answer.text or '')[:200]}")
        return answer

    @task(58)
    def history(self):
        """The chart of a panel or a page: a year daily; half of the browsers hold it already."""
        of = product()
        path = f"/products/{name(of)}/history?startTime={END - YEAR_S}&endTime={END}&interval=day"
        held = TAGS.get(of) if random.random() < 0.5 else None
        headers = {"Accept-Encoding": "gzip", **({"If-None-Match": held} if held else {})}
        label = "history, ETag" if held else "history"
        answer = self.ask("GET", path, label, {200, 304}, headers=headers)
        if answer.status_code == 200:
            TAGS[of] = answer.headers.get("ETag")

    @task(36)
    def report(self):
        """One to five prices that a browser saw."""
        seen = [
            {
                "productID": name(of),
                "offer": "buybox",
                "price": round((500 + of * 37 % 20_000) * (random.uniform(0.7, 1.2) if random.random() < 0.04 else 1)),
                "currency": "USD",
                "title": "A thing that somebody looks at, with a title of usual length, 12 pieces, blue",
                "observedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "context": {
                    "signedIn": True, "memberPrice": False, "coupon": False, "subscription": False,
                    "deliveryCountry": "US", "language": "en-US",
                },
            }
            for of in {product() for _ in range(random.choices((1, 2, 3, 4, 5), (30, 25, 20, 15, 10))[0])}
        ]  # fmt: skip
        headers = {
            "Authorization": f"Bearer bench-{random.randrange(INSTALLS)}",
            "Idempotency-Key": f"{random.getrandbits(64):x}",
        }
        self.ask("POST", "/observations", "reports", {200}, json={"observations": seen}, headers=headers)

    @task(5)
    def page(self):
        """A product's page."""
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        self.ask("GET", f"/products/{name(product())}", "product page", {200}, headers=headers)

    @task(1)
    def watch(self):
        """A watch is set and ended again."""
        headers = {"Authorization": f"Bearer person-{random.randrange(PEOPLE)}"}
        body = {"productID": name(product()), "threshold": random.randrange(1, 400), "notificationType": "EMAIL"}
        made = self.ask("POST", "/subscriptions", "watch set", {201, 409}, json=body, headers=headers)
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
