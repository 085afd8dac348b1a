"""Debian's Firefox without a window, driven by Marionette, its own protocol: no driver has to be fetched for it."""

import asyncio
import base64
import json
import os
import shutil
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from pennywren.local.ports import free_port

FIREFOX: Final = shutil.which("firefox-esr") or shutil.which("firefox")
_PATIENCE_S: Final = 60
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
_SHADOW: Final = "shadow-6066-11e4-a52e-4f735466cecf"
_PREFERENCES: Final = {
    # A page of our own is not asked whether it may do what it asks for: nobody is there to answer.
    "extensions.webextOptionalPermissionPrompts": False,
    "network.proxy.type": 1,
    "network.proxy.no_proxies_on": "127.0.0.1",
}


class Refused(Exception):
    """Firefox could not do what was asked."""


@dataclass
class Firefox:
    """A running Firefox with one tab, and an extension whose pages are at `home`."""

    reader: StreamReader
    writer: StreamWriter
    home: str
    asked: int = field(default=0)

    async def ask(self, command: str, **parameters: object) -> Any:
        """One command; what it answers.

        Raises:
            Refused: it could not be done.
        """
        self.asked += 1
        message = json.dumps([0, self.asked, command, parameters]).encode()
        self.writer.write(b"%d:%s" % (len(message), message))
        await self.writer.drain()
        _, _, error, result = await _message(self.reader)
        if error:
            raise Refused(f"{error['error']}: {error['message']}")
        found = cast("dict[str, Any]", result)
        return found.get("value", found) if isinstance(result, dict) else result

    async def visit(self, address: str) -> None:
        """Open a page in the tab."""
        await self.ask("WebDriver:Navigate", url=address)

    async def find(self, selector: str, *, shadow_of: str | None = None) -> str:
        """The element of a selector, once it is there; in the shadow of another, also a closed one."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    return await self._find(selector, shadow_of)
                except Refused:
                    await asyncio.sleep(0.1)

    async def _find(self, selector: str, shadow_of: str | None) -> str:
        wanted = {"using": "css selector", "value": selector}
        if shadow_of is None:
            return (await self.ask("WebDriver:FindElement", **wanted))[_ELEMENT]
        host = (await self.ask("WebDriver:FindElement", using="css selector", value=shadow_of))[_ELEMENT]
        shadow = (await self.ask("WebDriver:GetShadowRoot", id=host))[_SHADOW]
        return (await self.ask("WebDriver:FindElementFromShadowRoot", shadowRoot=shadow, **wanted))[_ELEMENT]

    async def says(self, words: str, selector: str, *, shadow_of: str | None = None) -> str:
        """The text of an element, once it has these words."""
        text = ""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while words not in text:
                    element = await self.find(selector, shadow_of=shadow_of)
                    try:
                        text = await self.ask("WebDriver:GetElementText", id=element)
                    except Refused:
                        continue  # it was drawn anew in between
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{selector} says {text!r}, not {words!r}") from None
        return text

    async def click(self, selector: str, *, shadow_of: str | None = None) -> None:
        """Click an element, once it is there."""
        await self.ask("WebDriver:ElementClick", id=await self.find(selector, shadow_of=shadow_of))

    async def fill(self, selector: str, text: str) -> None:
        """Type into a field instead of what is there."""
        element = await self.find(selector)
        await self.ask("WebDriver:ElementClear", id=element)
        await self.ask("WebDriver:ElementSendKeys", id=element, text=text)

    async def press(self, keys: str, selector: str, *, shadow_of: str | None = None) -> None:
        """Press keys where the focus is put on an element."""
        element = await self.find(selector, shadow_of=shadow_of)
        await self.ask("WebDriver:ElementSendKeys", id=element, text=keys)

    async def looks(self, name: str, selector: str, *, shadow_of: str | None = None) -> str:
        """How an element looks: the value of a property of style."""
        element = await self.find(selector, shadow_of=shadow_of)
        return await self.ask("WebDriver:GetElementCSSValue", id=element, propertyName=name)

    async def kept(self, area: str, key: str) -> Any:
        """What the extension keeps in an area of its storage; seen from a tab of its own, so that the first stays."""
        before = await self.ask("WebDriver:GetWindowHandle")
        ground = (await self.ask("WebDriver:NewWindow", type="tab"))["handle"]
        await self.ask("WebDriver:SwitchToWindow", handle=ground, focus=False)
        await self.visit(f"{self.home}/manifest.json")
        script = (
            "const [area, key, tell] = arguments; chrome.storage[area].get(key).then(told => tell(told[key] ?? null));"
        )
        told = await self.ask("WebDriver:ExecuteAsyncScript", script=script, args=[area, key])
        await self.ask("WebDriver:CloseWindow")
        await self.ask("WebDriver:SwitchToWindow", handle=before, focus=False)
        return told

    async def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return await self.ask("WebDriver:ExecuteScript", script=script, args=[])

    async def picture(self, path: Path) -> None:
        """Write down what is seen."""
        path.write_bytes(base64.b64decode(await self.ask("WebDriver:TakeScreenshot", full=False)))


async def _message(reader: StreamReader) -> Any:
    length = await reader.readuntil(b":")
    return json.loads(await reader.readexactly(int(length[:-1])))


@asynccontextmanager
async def firefox(folder: Path, package: Path, proxy: int) -> AsyncGenerator[Firefox]:
    """Firefox with the packed extension of `package`; it reaches every host but this machine through `proxy`."""
    assert FIREFOX is not None, "Firefox is missing: apt install firefox-esr"
    port = free_port()
    proxies = {"network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": proxy}
    wishes = {**_PREFERENCES, **proxies, "marionette.port": port}
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wishes.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [FIREFOX, "--headless", "--marionette", "-remote-allow-system-access", "--no-remote"]
    process = await asyncio.create_subprocess_exec(
        *command, "--profile", str(profile), "about:blank",
        stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env={**os.environ, "HOME": str(folder), "LANG": "en_US.UTF-8"},
    )  # fmt: skip
    try:
        reader, writer = await _reach(port)
        try:
            await _message(reader)
            opened = Firefox(reader, writer, "")
            await opened.ask("WebDriver:NewSession", acceptInsecureCerts=True)
            name = await opened.ask("Addon:Install", path=str(package), temporary=True)
            await opened.ask("Marionette:SetContext", value="chrome")
            host = await opened.run(f"return WebExtensionPolicy.getByID({json.dumps(name)}).mozExtensionHostname")
            await opened.ask("Marionette:SetContext", value="content")
            opened.home = f"moz-extension://{host}"
            yield opened
        finally:
            writer.close()
    finally:
        process.terminate()
        await process.wait()


async def _reach(port: int) -> tuple[StreamReader, StreamWriter]:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port, limit=2**26)
            except OSError:
                await asyncio.sleep(0.1)
