"""What the embedded PostgreSQL needs of the folders around it."""

import logging
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennywren.local.postgres import let_through


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only we may pass through; not below pytest's own, which is closed as well and is to stay so."""
    folder = Path(tempfile.mkdtemp(prefix="pennywren-tests-"))
    yield folder
    shutil.rmtree(folder)


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_others_may_pass_to_the_data_and_nowhere_else(closed: Path, caplog: pytest.LogCaptureFixture) -> None:
    data, beside = closed / "postgres" / "data", closed / "redis"
    for folder in (data, beside):
        folder.mkdir(parents=True)
    for folder in (data, data.parent, beside):
        folder.chmod(0o700)
    with caplog.at_level(logging.INFO):
        let_through(data)
        let_through(data)
    assert [_mode(folder) for folder in (closed, data.parent)] == [0o701, 0o701]
    assert [_mode(folder) for folder in (data, beside)] == [0o700, 0o700]
    # Said once for each, and not again where nothing is changed.
    assert [each.getMessage().split()[5] for each in caplog.records] == [str(data.parent), str(closed)]
