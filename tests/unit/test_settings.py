"""Settings: none is needed, and a bad one is named."""

import json
import os
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from pennywren.errors import BadSetting
from pennywren.running_system import process_began, running_file
from pennywren.setting_values import PRIVATE_NETWORKS, Egress, parse_networks
from pennywren.settings import load_settings


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
        ("PENNYWREN_HTTP_PORT", "99999"),
        ("PENNYWREN_REDIS_URL", "foo"),
        ("PENNYWREN_REDIS_URL", "redis:foo"),
        ("PENNYWREN_REDIS_URL", "http://127.0.0.1:6379"),
        ("PENNYWREN_REDIS_URL", "redis://127.0.0.1:many"),
        ("PENNYWREN_QUEUE_URL", "foo"),
        ("PENNYWREN_POSTGRES_URL", "mysql://127.0.0.1/db"),
        ("PENNYWREN_SMTP_URL", "foo"),
        ("PENNYWREN_SMTP_URL", "smtp://[::1"),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "rediss://user:password@redis.example:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("POSTGRES_URL", "postgres://one:5432,two:5433/pennywren"),
        ("POSTGRES_URL", "postgresql:///pennywren?host=/run/postgresql"),
        ("SMTP_URL", "smtps://user:password@mail.example"),
    ],
)
def test_every_way_to_write_an_address_of_a_server_is_taken(tmp_path: Path, name: str, value: str) -> None:
    assert getattr(load_settings({f"PENNYWREN_{name}": value}, tmp_path), name.lower()) == value


def test_a_bad_address_is_refused_without_telling_its_password(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings({"PENNYWREN_SMTP_URL": "user:secret@mail.example"}, tmp_path)
    assert "secret" not in refused.value.message


def test_an_ipv6_address_has_its_brackets_in_links(tmp_path: Path) -> None:
    settings = load_settings({"PENNYWREN_HTTP_HOST": "::1", "PENNYWREN_HTTP_PORT": "8080"}, tmp_path)
    assert settings.base_url == "http://[::1]:8080"


def test_other_commands_find_what_runs_here(tmp_path: Path) -> None:
    us = {"pid": os.getpid(), "began": process_began(os.getpid())}
    running = {**us, "environ": {"PENNYWREN_REDIS_URL": "redis://127.0.0.1:1", "HOME": "/"}}
    running_file(tmp_path).write_text(json.dumps(running))
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path)}
    assert load_settings(environ).redis_url == "redis://127.0.0.1:1"
    assert load_settings({**environ, "PENNYWREN_REDIS_URL": "redis://mine"}).redis_url == "redis://mine"


_ENVIRON = '"environ": {"PENNYWREN_REDIS_URL": "redis://x"}'


@pytest.mark.parametrize(
    "left",
    [
        "",
        "{",
        "[]",
        '{"pid": 0}',
        f'{{"pid": 999999999, "began": 1, {_ENVIRON}}}',
        # Somebody else has its pid by now.
        f'{{"pid": {os.getpid()}, "began": {process_began(os.getpid()) - 1}, {_ENVIRON}}}',
    ],
    ids=["empty", "torn", "no object", "no environment", "ended", "another's pid"],
)
def test_what_a_dead_supervisor_left_is_ignored(tmp_path: Path, left: str) -> None:
    running_file(tmp_path).write_text(left)
    assert load_settings({"PENNYWREN_DATA_DIR": str(tmp_path)}).redis_url is None


def test_a_process_that_ended_did_not_begin_even_if_nobody_asked_how_it_ended() -> None:
    with subprocess.Popen(["/bin/true"]) as ended:
        # Waits without taking the answer: the process stays in the table, as under a container's idle first process.
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ProcessLookupError):
            process_began(ended.pid)


def test_who_may_read_metrics_is_private_all_none_or_networks() -> None:
    assert parse_networks("private") == PRIVATE_NETWORKS
    assert parse_networks("none") == ()
    assert ip_address("2001:db8::1") in parse_networks("all")[1]
    assert parse_networks("10.1.0.0/16, 192.0.2.7") == (ip_network("10.1.0.0/16"), ip_network("192.0.2.7/32"))
    with pytest.raises(BadSetting, match="PENNYWREN_METRICS_NETWORKS"):
        parse_networks("everybody")


def test_a_setting_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "redis_url"
    secret.write_text("redis://api:word@redis:6379/0\n")
    assert (
        load_settings({"PENNYWREN_REDIS_URL_FILE": str(secret)}, tmp_path).redis_url == "redis://api:word@redis:6379/0"
    )


def test_a_file_that_is_missing_or_one_too_many_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        load_settings({"PENNYWREN_REDIS_URL_FILE": str(tmp_path / "nothing")}, tmp_path)
    both = {"PENNYWREN_REDIS_URL_FILE": str(tmp_path / "nothing"), "PENNYWREN_REDIS_URL": "redis://x"}
    with pytest.raises(BadSetting, match="both given"):
        load_settings(both, tmp_path)
