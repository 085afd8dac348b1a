"""Settings: none is needed, and a bad one is named."""

import json
import os
from pathlib import Path

import pytest

from pennywren.errors import BadSetting
from pennywren.settings import Egress, load_settings, running_file


def test_nothing_given_runs_on_one_machine(tmp_path: Path) -> None:
    settings = load_settings({"HOME": str(tmp_path)}, tmp_path)
    assert settings.data_dir == tmp_path / ".local" / "share" / "pennywren"
    assert settings.redis_url is None
    assert settings.egresses == (Egress("e1"),)
    assert settings.origin("de") == "https://www.amazon.de"


def test_a_checkout_keeps_its_data_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src" / "pennywren").mkdir(parents=True)
    assert load_settings({}, tmp_path).data_dir == tmp_path / ".data"


def test_egresses_and_origins_are_read(tmp_path: Path) -> None:
    environ = {
        "PENNYWREN_EGRESSES": "e1=direct, e2=direct@127.0.0.2,e3=http://proxy:3128",
        "PENNYWREN_SHOP_ORIGINS": "us=http://127.0.0.1:9000,de=https://shop.example",
        "PENNYWREN_HTTP_PORT": "8080",
    }
    settings = load_settings(environ, tmp_path)
    assert settings.egresses == (
        Egress("e1"),
        Egress("e2", source="127.0.0.2"),
        Egress("e3", proxy="http://proxy:3128"),
    )
    assert settings.origin("us") == "http://127.0.0.1:9000"
    assert settings.base_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PENNYWREN_HTTP_PORT", "eighty"),
        ("PENNYWREN_EGRESSES", "e1=fast"),
        ("PENNYWREN_EGRESSES", "e1=direct,e1=direct@127.0.0.2"),
        ("PENNYWREN_EGRESSES", "e1=direct,e2=direct"),
        ("PENNYWREN_EGRESSES", ","),
        ("PENNYWREN_SHOP_ORIGINS", "xx=http://127.0.0.1"),
        ("PENNYWREN_SHOP_ORIGINS", "us=file:///etc/passwd"),
        ("PENNYWREN_DEFAULT_MARKETPLACE", "moon"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        load_settings({name: value}, tmp_path)


def test_other_commands_find_what_runs_here(tmp_path: Path) -> None:
    running = {"pid": os.getpid(), "environ": {"PENNYWREN_REDIS_URL": "redis://127.0.0.1:1", "HOME": "/"}}
    running_file(tmp_path).write_text(json.dumps(running))
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path)}
    assert load_settings(environ).redis_url == "redis://127.0.0.1:1"
    assert load_settings({**environ, "PENNYWREN_REDIS_URL": "redis://mine"}).redis_url == "redis://mine"


@pytest.mark.parametrize("left", ["", "{", '{"pid": 0}', '{"pid": 999999999, "environ": {"PENNYWREN_REDIS_URL": "x"}}'])
def test_what_a_dead_supervisor_left_is_ignored(tmp_path: Path, left: str) -> None:
    running_file(tmp_path).write_text(left)
    assert load_settings({"PENNYWREN_DATA_DIR": str(tmp_path)}).redis_url is None
