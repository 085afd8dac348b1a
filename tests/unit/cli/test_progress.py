"""What the progress bar says beside how much is done."""

import pytest
from rich.progress import Progress

from pennywren.cli.progress import RateColumn, progress_bar


def test_the_rate_is_that_of_late_and_nothing_before_it_is_known() -> None:
    now = 0.0
    progress = Progress(RateColumn(), auto_refresh=False, get_time=lambda: now)
    task = progress.add_task("watches", total=200_000)

    def rate_at(second: float, done: int) -> str:
        nonlocal now
        now = second
        progress.update(task, completed=done)
        return RateColumn().render(progress.tasks[0]).plain

    assert rate_at(0, 1_000) == ""
    assert rate_at(2, 26_000) == "12,500/s"
    assert rate_at(100, 26_001) == ""
    assert rate_at(102, 26_004) == "1.5/s"


def test_who_looks_at_a_terminal_sees_how_many_of_how_many_at_which_rate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar("watches") as advance:
        for done in (500, 1_000, 1_500):
            advance(done, 2_000)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1500/2000" in shown.err
    assert "/s" in shown.err


def test_where_nobody_looks_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("watches") as advance:
        advance(1, 2)
    assert capsys.readouterr().err == ""
