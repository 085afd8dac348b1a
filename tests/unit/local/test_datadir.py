"""The data folder belongs to one system at a time."""

import json
import os
import stat
from pathlib import Path

import pytest

from pennywren.errors import Conflict
from pennywren.local.datadir import owned, publish
from pennywren.settings import load_settings, running_file


def test_a_second_owner_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(Conflict, match=rf"process {os.getpid()}.*PENNYWREN_DATA_DIR"), owned(tmp_path):
        pass
    with owned(tmp_path):
        pass


def test_what_runs_is_found_by_other_commands_and_forgotten_afterwards(tmp_path: Path) -> None:
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path)}
    with owned(tmp_path):
        publish(tmp_path, {"PENNYWREN_REDIS_URL": "redis://:secret@127.0.0.1:1/0"})
        assert load_settings(environ).redis_url == "redis://:secret@127.0.0.1:1/0"
        assert stat.S_IMODE(running_file(tmp_path).stat().st_mode) == 0o600
    assert load_settings(environ).redis_url is None


def test_what_a_killed_system_left_is_cleared_away(tmp_path: Path) -> None:
    running_file(tmp_path).write_text(json.dumps({"pid": os.getpid(), "environ": {"PENNYWREN_REDIS_URL": "redis://x"}}))
    with owned(tmp_path):
        assert load_settings({"PENNYWREN_DATA_DIR": str(tmp_path)}).redis_url is None
