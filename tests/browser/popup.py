"""The popup behind the extension's button in the toolbar, opened as a click opens it: only then it may know the tab.

Playwright knows neither button nor popup, so both are reached through Chromium's own protocol.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final, cast

from playwright.async_api import BrowserContext, CDPSession, Page

from tests.browser.extension_world import World, until

_PATIENCE_S: Final = 20


@dataclass
class Popup:
    """An open popup."""

    browser: CDPSession
    session: str

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the popup."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def hear(event: dict[str, Any]) -> None:
            if event["sessionId"] == self.session and not answer.done():
                answer.set_result(event["message"])

        self.browser.on("Target.receivedMessageFromTarget", hear)
        parameters = {"expression": expression, "returnByValue": True}
        message = json.dumps({"id": 1, "method": "Runtime.evaluate", "params": parameters})
        await self.browser.send("Target.sendMessageToTarget", {"sessionId": self.session, "message": message})
        async with asyncio.timeout(_PATIENCE_S):
            told = json.loads(await answer)
        self.browser.remove_listener("Target.receivedMessageFromTarget", hear)
        return told["result"]["result"].get("value")

    async def says(self, words: str) -> None:
        """Wait for words in it."""
        await until(lambda: self.evaluate(f"document.body.innerText.includes({json.dumps(words)})"))


async def click_in_the_toolbar(here: World, page: Page) -> Popup:
    """Click the extension's button while `page` is the tab that is looked at."""
    await page.bring_to_front()
    browser = await _of_the_browser(here.context)
    tab = next(each for each in await _targets(browser, "tab") if each["url"] == page.url)
    await browser.send("Extensions.triggerAction", {"id": here.home.rpartition("/")[2], "targetId": tab["targetId"]})
    popup = f"{here.home}/popup.html"
    found = await until(lambda: _target(browser, popup))
    wish = {"targetId": found["targetId"], "flatten": False}
    attached = cast("dict[str, Any]", await browser.send("Target.attachToTarget", wish))
    return Popup(browser, attached["sessionId"])


async def _of_the_browser(context: BrowserContext) -> CDPSession:
    assert context.browser is not None
    return await context.browser.new_browser_cdp_session()


async def _targets(browser: CDPSession, kind: str) -> list[dict[str, Any]]:
    told = cast("dict[str, Any]", await browser.send("Target.getTargets", {"filter": [{"type": kind}]}))
    return told["targetInfos"]


async def _target(browser: CDPSession, address: str) -> dict[str, Any] | None:
    return next((each for each in await _targets(browser, "page") if each["url"] == address), None)
