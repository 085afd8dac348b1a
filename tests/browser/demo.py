"""The whole system with its demo shop, as a person with a browser meets it."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import httpx
from playwright.async_api import Browser, BrowserContext, Page

PATIENCE_S = 150
"""A crawl that got lost is done again when its lease ends, after a minute, and the sweep that finds it comes round."""


@dataclass(frozen=True)
class Demo:
    """Where a running demo is."""

    site: str
    shop: str

    def set_price(self, product: str, price: int | None) -> None:
        """What a product costs in the shop from now on, in minor units; one that it did not sell, it does now."""
        httpx.post(f"{self.shop}/_prices", json={"productID": product, "price": price}).raise_for_status()


@contextmanager
def running_demo(folder: Path) -> Generator[Demo]:
    """`pennywren demo` from its start to its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PENNYWREN_")}
    command = [sys.executable, "-m", "pennywren", "demo"]
    environ = {**inherited, "PENNYWREN_DATA_DIR": str(folder / "data")}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        told: dict[str, str] = {}
        for line in process.stdout:
            name, _, rest = line.partition(" ")
            told.setdefault(name, rest.split()[0])
            if name == "data":
                break
        # It goes on to tell what happens: whoever does not read that would stop it.
        reader = threading.Thread(target=_keep, args=(process.stdout, folder / "events"), daemon=True)
        reader.start()
        try:
            yield Demo(told["api"], told["shop"])
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)
            reader.join(timeout=PATIENCE_S)


def _keep(lines: TextIO, file: Path) -> None:
    """What the demo tells, for whoever looks into a failure."""
    with file.open("w") as kept:
        kept.writelines(lines)


@dataclass
class Visitor:
    """A person in a browser; what the browser complains about is collected."""

    demo: Demo
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list[str])

    async def go(self, path: str) -> None:
        """Open a page of the site, or follow a link of a mail."""
        await self.page.goto(path if path.startswith("http") else f"{self.demo.site}{path}")

    async def mail(self, *words: str) -> str:
        """The text of the newest mail that has all these words, in the mailbox's own page; waits for it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.go("/mailbox")
                for text in await self.page.locator("article.mail").all_inner_texts():
                    if all(word in text for word in words):
                        return text

    async def sign_in(self, email: str) -> None:
        """By the link in the mailbox, as a person does it."""
        await self.go("/sign-in")
        await self.page.get_by_label("Your e-mail address").fill(email)
        await self.page.get_by_role("button", name="Send me a link").click()
        await self.page.get_by_text("Look into your mail").wait_for()
        await self.go(link(await self.mail(email, "/sign-in/"), "/sign-in/"))
        await self.page.get_by_role("main").get_by_role("button").click()
        await self.page.wait_for_url("**/account")


async def visitor(
    demo: Demo, browser: Browser, *, scripts: bool = True, width: int = 1100, dark: bool = False
) -> Visitor:
    """Somebody new, in English."""
    context = await browser.new_context(
        locale="en-US",
        java_script_enabled=scripts,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    page = await context.new_page()
    found = Visitor(demo, context, page)

    def note(text: str) -> None:
        found.complaints.append(f"{page.url}: {text}")

    page.on("console", lambda message: note(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("request", lambda request: None if request.url.startswith(demo.site) else note(f"asks {request.url}"))
    return found


def link(text: str, path: str) -> str:
    """The first link of a text whose path begins like this."""
    found = re.search(rf"https?://[^\s/]+{re.escape(path)}[^\s>)]+", text)
    assert found, text
    return found[0]
