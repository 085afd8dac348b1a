"""Run the demo with visitors and watches on all that its shop sells, and see what grows.

`make soak MINUTES=60`. Its last line says what came of it; it exits with 1 where a process of ours grew by more than
5 % after the warm-up (10 minutes, or half of a shorter run), descriptors leak, a process ended, or anything is stuck.
"""

import argparse
import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.soak import stuck
from bench.soak.judging import Row, rows
from bench.soak.processes import Watched
from pennywren.local.shop.goods import GOODS
from pennywren.settings import Settings, load_settings

LEAST_MINUTES = 5
WARM_S = 600.0
LOOK_EVERY_S = 5.0
VISIT_EVERY_S = 0.5
WATCHER = "soak@example.com"


@contextmanager
def demo(folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """`pennywren demo` from its start to its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PENNYWREN_")}
    environ = {**inherited, "PENNYWREN_DATA_DIR": str(folder / "data"), "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen([sys.executable, "-m", "pennywren", "demo"], env=environ, stdout=out, stderr=err)
        try:
            while "\ndata " not in (folder / "out").read_text():
                if process.poll() is not None:
                    raise RuntimeError((folder / "err").read_text())
                time.sleep(0.2)
            yield process
        finally:
            process.terminate()
            process.wait()


async def watch_everything(client: httpx.AsyncClient) -> None:
    """Sign in as a person does, and ask to be told of each fall below what a product cost first."""
    (await client.post("/sign-in", json={"email": WATCHER})).raise_for_status()
    async with asyncio.timeout(60):
        while not (links := await _links(client)):
            await asyncio.sleep(0.5)
    token = (await client.post(links[-1])).raise_for_status().json()["token"]
    for good in GOODS:
        wish = {"productID": str(good.id), "threshold": good.price, "notificationType": "EMAIL"}
        answer = await client.post("/subscriptions", json=wish, headers={"authorization": f"Bearer {token}"})
        answer.raise_for_status()


async def _links(client: httpx.AsyncClient) -> list[str]:
    mails = (await client.get("/mailbox.json")).json()
    return [link for mail in mails for link in re.findall(r"/sign-in/\S+", mail["text"] or "")]


async def visit(client: httpx.AsyncClient, dice: random.Random, answers: Counter[int]) -> None:
    """Open one page after the other."""
    html = {"accept": "text/html"}
    while True:
        product = dice.choice(GOODS).id
        path = dice.choice(["/", "/status", f"/products/{product}", f"/products/{product}", "/metrics", "history"])
        if path == "history":
            path = f"/products/{product}/history?interval={dice.choice(['raw', 'day', 'week'])}"
        try:
            answers[(await client.get(path, headers=html)).status_code] += 1
        except httpx.HTTPError:
            answers[0] += 1
        await asyncio.sleep(VISIT_EVERY_S)


async def soak(up: subprocess.Popen[bytes], settings: Settings, log: Path, minutes: float) -> list[str]:
    """Run for `minutes`; print the table; what is wrong."""
    began = time.monotonic()
    end, warm = began + minutes * 60, began + min(WARM_S, minutes * 30)
    watched, answers = Watched(up.pid), Counter[int]()
    async with httpx.AsyncClient(base_url=settings.api_url, timeout=60) as client:
        await watch_everything(client)
        visitor = asyncio.create_task(visit(client, random.Random(1), answers))
        while time.monotonic() < end:
            await asyncio.sleep(LOOK_EVERY_S)
            watched.look()
        visitor.cancel()
        mails = len((await client.get("/mailbox.json")).json())
    found = rows(watched.taken, warm, end)
    sys.stdout.write(f"{table(found)}\nvisits {answers.total()}, mails {mails}, minutes {minutes:g}\n")
    late = await stuck.alerts(settings.postgres_url or "")
    return [
        *(f"{row.name} grew by {row.growth:.1%}" for row in found if row.grew),
        *(f"{row.name} leaks descriptors" for row in found if row.leaks),
        *(line for line in log.read_text().splitlines() if "is started again" in line),
        *await asyncio.to_thread(stuck.jobs, settings.queue_url or ""),
        *([f"{late} alerts are stuck"] if late else []),
        *await stuck.waiting(settings.api_url),
        *(f"{count} answers {status or 'missing'}" for status, count in answers.items() if not 200 <= status < 500),
    ]


def table(found: list[Row]) -> str:
    """A line for each process."""
    lines = ["| process | MB after the warm-up | MB at the end | growth | descriptors |", "|---|---|---|---|---|"]
    for row in found:
        grown = f"{row.growth:+.1%}{' (data)' if row.keeps_data else ''}"
        open_ = f"{row.descriptors_before} at most, then {row.descriptors_after} at least"
        lines.append(f"| {row.name} | {row.before_kb / 1024:.1f} | {row.after_kb / 1024:.1f} | {grown} | {open_} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help=f"{LEAST_MINUTES} at least")
    minutes = parser.parse_args().minutes
    if minutes < LEAST_MINUTES:
        parser.error(f"--minutes: {LEAST_MINUTES} at least")
    folder = Path(tempfile.mkdtemp(prefix="pennywren-soak-"))
    try:
        with demo(folder) as up:
            settings = load_settings({"PENNYWREN_DATA_DIR": str(folder / "data")}, folder)
            wrong = asyncio.run(soak(up, settings, folder / "err", minutes))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write("\n".join([*wrong, f"soak: {len(wrong)} things wrong in {minutes:g} minutes"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
