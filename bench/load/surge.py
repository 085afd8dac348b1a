"""Ten times the traffic, sent by wrk: it hardly waits for itself, so that the longest answer is the server's."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.load import traffic
from bench.load.traffic import Traffic
from pennywren.model.clock import SECOND, rfc3339

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


def requests(drawn: Traffic, now: int, installs: int, people: int) -> Iterator[str]:
    """The mix of `locustfile.py`, one request a line. `now` in ms."""
    chance, year = drawn.chance, traffic.year(now / SECOND)

    def history() -> _Request:
        return "GET", f"/products/{traffic.product(drawn.number())}/history?{year}", ["Accept-Encoding: gzip"], ""

    def reports() -> _Request:
        token = f"Authorization: Bearer {traffic.install(chance.randrange(installs))}"
        return "POST", "/observations", [_JSON, token], json.dumps({"observations": drawn.reports(rfc3339(now))})

    def page() -> _Request:
        path = f"/products/{traffic.product(drawn.number())}"
        return "GET", path, ["Accept: text/html", "Accept-Encoding: gzip"], ""

    def watch() -> _Request:
        token = f"Authorization: Bearer {traffic.person(chance.randrange(people))}"
        return "POST", "/subscriptions", [_JSON, token], json.dumps(drawn.wish())

    kinds: dict[str, Callable[[], _Request]] = {"history": history, "reports": reports, "page": page, "watch": watch}
    for kind in chance.choices(list(traffic.KINDS), list(traffic.KINDS.values()), k=REQUESTS):
        method, path, headers, body = kinds[kind]()
        fields = [*headers, f"X-Forwarded-For: {drawn.network()}"]
        yield "\t".join((method, path, "|".join(fields), body))
