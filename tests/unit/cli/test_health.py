"""`pennywren health`: when a part counts as working, and what is said where it does not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pennywren.cli.health import told
from pennywren.cli.shell import shell
from pennywren.errors import Unavailable
from pennywren.model.clock import monotonic_clock
from pennywren.pipeline.signs_of_life import last_sign, signs_of_life


@pytest.mark.parametrize(("heard", "words"), [(100_000, "0 s"), (40_000, "60 s"), (100_900, "0 s")])
def test_whoever_was_heard_of_a_moment_ago_works(heard: int, words: str) -> None:
    assert told("match", heard, 100_000, 60_000) == f"heard of {words} ago"


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (39_999, "nothing was heard of it for 60 s, and it may be silent for 60 s"),
        (500_000, "its last sign is from before this machine was started"),
        (None, "there is no sign of it"),
    ],
    ids=["silent", "before the machine was started", "never"],
)
def test_whoever_is_silent_does_not(heard: int | None, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        told("match", heard, 100_000, 60_000)


def test_a_sign_is_the_last_round_and_goes_with_its_process(tmp_path: Path) -> None:
    now = 5_000
    with signs_of_life(tmp_path / "new", "match", lambda: now) as sign:
        assert last_sign(tmp_path / "new", "match") is None, "nothing is done yet"
        sign()
        assert last_sign(tmp_path / "new", "match") == 5_000
        now = 9_000
        sign()
        assert last_sign(tmp_path / "new", "match") == 9_000
        assert last_sign(tmp_path / "new", "archive") is None
    assert last_sign(tmp_path / "new", "match") is None
    assert list((tmp_path / "new/alive").iterdir()) == []


def test_a_sign_that_cannot_be_written_keeps_nobody_from_working(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alive").write_text("a file where the folder should be")
    now = 5_000
    with signs_of_life(tmp_path, "match", lambda: now) as sign:
        sign()
        now = 9_000
        sign()
    warned = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert len(warned) == 1, "said once, and not in each round"
    assert "`pennywren health match` fails" in warned[0]
    assert last_sign(tmp_path, "match") is None


def _ask(data_dir: Path, part: str) -> tuple[int, str]:
    done = CliRunner().invoke(shell, ["health", part], env={"PENNYWREN_DATA_DIR": str(data_dir)})
    return done.exit_code, done.output


def test_the_exit_code_says_it(tmp_path: Path) -> None:
    with signs_of_life(tmp_path, "archive") as sign:
        sign()
        code, said = _ask(tmp_path, "archive")
        assert code == 0, said
        assert said.startswith("archive works: heard of ")
    assert _ask(tmp_path, "archive")[0] == 1


def test_one_that_hangs_does_not_work(tmp_path: Path) -> None:
    with signs_of_life(tmp_path, "schedule", lambda: monotonic_clock() - 90_000) as sign:
        sign()
        code, said = _ask(tmp_path, "schedule")
    assert code == 1
    assert "schedule does not work: nothing was heard of it for " in said


def test_a_part_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    code, said = _ask(tmp_path, "mtach")
    assert code == 2
    assert "'mtach' is not one of 'match', 'archive', 'schedule', 'worker-crawl'" in said


def test_a_worker_without_an_address_of_its_queue_is_told_what_to_set(tmp_path: Path) -> None:
    code, said = _ask(tmp_path, "worker-crawl")
    assert code == 1
    assert "PENNYWREN_QUEUE_URL" in said


def test_a_queue_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENNYWREN_QUEUE_URL", "redis://127.0.0.1:1/0")
    code, said = _ask(tmp_path, "worker-crawl")
    assert code == 1
    assert said.startswith("pennywren: Redis: ")
    assert len(said.splitlines()) == 1
