"""What axe finds wrong with a page, for those who use it by ear, by keyboard, or see little."""

import json
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE: Final = ("serious", "critical", "moderate")


async def judge(page: Page, within: str | None = None) -> list[str]:
    """What is wrong with the page that is open, or with a part of it: in light, and the contrasts in dark as well."""
    wrong: list[str] = []
    await page.evaluate(AXE.read_text())
    for scheme, only in (("light", None), ("dark", ["color-contrast"])):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # pyright: ignore[reportArgumentType]
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if only:
            options["runOnly"] = {"type": "rule", "values": only}
        run = "([within, options]) => axe.run(within ?? document, options)"
        found: Any = await page.evaluate(run, [within, options])
        wrong += [
            f"{page.url} ({scheme}): {each['impact']} {each['id']}: {json.dumps(each['nodes'][0]['target'])}"
            for each in found["violations"]
            if each["impact"] in GRAVE
        ]
    return wrong


async def too_wide(page: Page) -> list[str]:
    """Whether the page is wider than a narrow or a wide screen."""
    wrong: list[str] = []
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        over: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wrong.append(f"{page.url} is {over} pixels too wide at {width}")
    return wrong


async def judge_at_all_widths(page: Page) -> list[str]:
    """What axe finds wrong with the whole page, and whether it fits."""
    return await judge(page) + await too_wide(page)
