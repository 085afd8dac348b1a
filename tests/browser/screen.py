"""A screen that nobody looks at, for what only the browser's own windows ask: what is on it, and keys pressed at it."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from PIL import ImageGrab

MISSING: Final = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]


@dataclass(frozen=True)
class Screen:
    """One that runs; `display` names it."""

    display: str

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, as xdotool names them."""
        subprocess.run(["xdotool", "key", *keys], env={**os.environ, "DISPLAY": self.display}, check=True)

    def brightness(self, x: int, y: int) -> int:
        """How bright a point is, from 0 to 255."""
        pixel = ImageGrab.grab(bbox=(x, y, x + 1, y + 1), xdisplay=self.display).convert("L").getpixel((0, 0))
        assert isinstance(pixel, int)
        return pixel


@contextmanager
def screen() -> Generator[Screen]:
    """A screen with a number that is free."""
    # It says its number when it takes clients.
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield Screen(f":{process.stdout.readline().strip()}")
        finally:
            process.terminate()
