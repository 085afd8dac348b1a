"""Event lines: one write each, and never in the way of the work that they tell of."""

import os
import subprocess
import sys

import pytest

from pennywren.events import emit


def test_an_event_is_one_line_of_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    emit("mailed", "us:B08N5WRWNW", None, "12.99 USD (was 15.99)")
    assert capsys.readouterr().out == "mailed    us:B08N5WRWNW 12.99 USD (was 15.99)\n"


def test_work_goes_on_where_nobody_reads_the_events() -> None:
    work = "import os; from pennywren.events import emit; [emit('mailed', i) for i in range(9)]; os._exit(7)"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = subprocess.run(
            [sys.executable, "-c", work], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (7, "")
