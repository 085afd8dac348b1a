"""Ten times the traffic, sent by wrk: it hardly waits for itself, so that the longest answer is the server's."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from pennywren.model.clock import DAY, rfc3339

REQUESTS: Final = 40_000
"""Different ones, sent at random."""
THREADS: Final = 10
"""Of wrk, which looks through all pauses of a thread each time that it waits: few each, so that it keeps up."""
CONNECTIONS: Final = 1_000
"""Many more than are under way, so that the next request finds one that is free."""
_JSON: Final = "Content-Type: application/json"
_SCRIPT: Final = Path(__file__).with_name("surge.lua")

_Request = tuple[str, str, list[str], str]
"""Method, path, headers, body."""


@dataclass(frozen=True)
class Surge:
    """What wrk saw; times in ms."""

    answered: int
    refused: int
    errors: int
    """Answers that are neither expected nor a refusal with Retry-After, and requests without any."""
    seconds: float
    p50: float
    p99: float
    longest: float


def send(address: str, folder: Path, lines: Iterator[str], per_s: int, seconds: int) -> Surge:
    """Send `per_s` requests a second at Poisson times."""
    requests = folder / "requests.tsv"
    requests.write_text("\n".join(lines) + "\n")
    argv = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", str(_SCRIPT), address]
    said = subprocess.run(
        [*argv, "--", str(requests), str(1000 * THREADS / per_s)], capture_output=True, text=True, check=True
    ).stdout
    words = next(line for line in said.splitlines() if line.startswith("surge ")).split()[1:]
    answered, refused, bad, lost = map(int, words[:4])
    took, p50, p99, longest = map(float, words[4:8])
    return Surge(answered, refused, bad + lost, took, p50, p99, longest)


def requests(chance: random.Random, now: int, products: int, installs: int, people: int) -> Iterator[str]:
    """The mix of `locustfile.py`, one request a line; products by Zipf. `now` in ms."""
    weights = list(accumulate(1 / (n + 1) for n in range(products)))
    end = now // DAY * DAY // 1000

    def number() -> int:
        return chance.choices(range(products), cum_weights=weights)[0]

    def history() -> _Request:
        span = f"startTime={end - 365 * 86_400}&endTime={end}&interval=day"
        return "GET", f"/products/us:B{number():09d}/history?{span}", ["Accept-Encoding: gzip"], ""

    def report() -> _Request:
        many = chance.choices((1, 2, 3, 4, 5), (30, 25, 20, 15, 10))[0]
        seen = [_seen(of, chance, now) for of in {number() for _ in range(many)}]
        token = f"Authorization: Bearer bench-{chance.randrange(installs)}"
        return "POST", "/observations", [_JSON, token], json.dumps({"observations": seen})

    def page() -> _Request:
        return "GET", f"/products/us:B{number():09d}", ["Accept: text/html", "Accept-Encoding: gzip"], ""

    def watch() -> _Request:
        wish = {"productID": f"us:B{number():09d}", "threshold": chance.randrange(1, 400), "notificationType": "EMAIL"}
        token = f"Authorization: Bearer person-{chance.randrange(people)}"
        return "POST", "/subscriptions", [_JSON, token], json.dumps(wish)

    kinds: tuple[Callable[[], _Request], ...] = (history, report, page, watch)
    for kind in chance.choices(kinds, (58, 36, 5, 1), k=REQUESTS):
        method, path, headers, body = kind()
        n = chance.randrange(2_000)
        fields = [*headers, f"X-Forwarded-For: 198.{18 + n // 256}.{n % 256}.9"]
        yield "\t".join((method, path, "|".join(fields), body))


def _seen(of: int, chance: random.Random, now: int) -> dict[str, object]:
    price = 500 + of * 37 % 20_000
    return {
        "productID": f"us:B{of:09d}",
        "offer": "buybox",
        "price": round(price * chance.uniform(0.7, 1.2)) if chance.random() < 0.04 else price,
        "currency": "USD",
        "title": "A thing that somebody looks at, with a title of usual length, 12 pieces, blue",
        "observedAt": rfc3339(now),
        "context": {
            "signedIn": True, "memberPrice": False, "coupon": False, "subscription": False,
            "deliveryCountry": "US", "language": "en-US",
        },
    }  # fmt: skip
