"""The data folder belongs to one system at a time."""

import json
import os
import stat
from pathlib import Path

import pytest

from pennywren.errors import BadSetting, Conflict
from pennywren.local.datadir import keep_port, last_port, owned, publish
from pennywren.running_system import process_began, running_file
from pennywren.settings import load_settings


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
    left = {"pid": os.getpid(), "began": process_began(os.getpid()), "environ": {"PENNYWREN_REDIS_URL": "redis://x"}}
    running_file(tmp_path).write_text(json.dumps(left))
    assert load_settings({"PENNYWREN_DATA_DIR": str(tmp_path)}).redis_url == "redis://x"
    with owned(tmp_path):
        assert load_settings({"PENNYWREN_DATA_DIR": str(tmp_path)}).redis_url is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "data", Path("/proc/nope")):
        with pytest.raises(BadSetting, match=f"PENNYWREN_DATA_DIR: {folder} cannot be written"), owned(folder):
            pass


def test_the_port_is_kept_and_anything_else_is_none(tmp_path: Path) -> None:
    assert last_port(tmp_path) == 0
    keep_port(tmp_path, 8080)
    assert last_port(tmp_path) == 8080
    for torn in ("", "80x", "99999", "-1"):
        (tmp_path / "http_port").write_text(torn)
        assert last_port(tmp_path) == 0
