"""The command line: help, exit codes, and failures as one sentence."""

import gzip
import json
import logging
import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pennywren import logs
from pennywren.cli.shell import shell
from pennywren.local.shop import pages
from pennywren.local.shop.goods import HERO
from pennywren.running_system import running_file

COMMANDS = [*shell.list_commands(None)]  # pyright: ignore[reportArgumentType]  -- the list needs no context


def run(tmp_path: Path, *args: str, stdin: bytes | None = None) -> Result:
    """One command on an empty data folder, with no server named."""
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path / "data")}
    return CliRunner().invoke(shell, args, input=stdin, env=environ)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    shown = run(tmp_path, command, "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert f"pennywren {command}" in shown.output


def test_the_help_lists_every_command(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help").output
    assert [command for command in COMMANDS if f"  {command} " not in shown] == []


@pytest.mark.parametrize(
    ("setting", "args", "level"),
    [
        ("info", (), logging.INFO),
        ("warning", ("-v",), logging.INFO),
        ("debug", ("-v",), logging.DEBUG),
    ],
)
def test_a_process_logs_as_much_as_its_setting_or_v_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, args: tuple[str, ...], level: int
) -> None:
    told: list[int] = []

    def log_to_stderr(_style: str, level: int) -> None:
        told.append(level)

    monkeypatch.setattr(logs, "log_to_stderr", log_to_stderr)
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_LOG_LEVEL": setting}
    assert CliRunner().invoke(shell, [*args, "top", "--help"], env=environ).exit_code == 0
    assert told == [level]


@pytest.mark.parametrize(
    "args",
    [
        ("track", "B08N5WRWNW"),
        ("history", "B08N5WRWNW"),
        ("rebuild",),
        ("match",),
        ("api", "--port", "9"),
        ("worker", "crawl"),
        ("schedule",),
        ("migrate",),
    ],
)
def test_without_a_running_system_each_says_what_to_do(tmp_path: Path, args: tuple[str, ...]) -> None:
    failed = run(tmp_path, *args)
    assert failed.exit_code in (1, 2)
    assert failed.stderr.startswith("pennywren: ")
    assert "pennywren up" in failed.stderr or "PENNYWREN_" in failed.stderr
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [
        ("track", "nonsense"),
        ("track", "xx:B08N5WRWNW"),
        ("track",),
        ("history", "https://example.com/dp/B08N5WRWNW"),
        ("history", "show"),
        ("keys", "../../etc/passwd"),
        ("keys",),
        ("read", "/no/such/file"),
        ("read", "file:///etc/passwd"),
        ("read", "http://127.0.0.1/dp/B08N5WRWNW"),
        ("read", "page.html", "--marketplace", "xx"),
        ("import", "/no/such/file"),
        ("history", "import", "/no/such/file"),
        ("worker", "nonsense"),
        ("nonsense",),
    ],
)
def test_what_cannot_be_used_is_exit_code_2(tmp_path: Path, args: tuple[str, ...]) -> None:
    failed = run(tmp_path, *args)
    assert failed.exit_code == 2
    assert failed.stderr
    assert "Traceback" not in failed.output


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    failed = CliRunner().invoke(shell, ["doctor"], env={"PENNYWREN_HTTP_PORT": "many"})
    assert failed.exit_code == 2
    assert failed.stderr == "pennywren: PENNYWREN_HTTP_PORT: 'many' is not a whole number\n"


@pytest.mark.parametrize(
    "given",
    [
        {"PENNYWREN_DATA_DIR": "/proc/nope"},
        {"PENNYWREN_HTTP_HOST": "nobody.invalid"},
        {"PENNYWREN_HTTP_PORT": "99999"},
        {"PENNYWREN_REDIS_URL": "foo"},
        {"PENNYWREN_SMTP_URL": "foo"},
    ],
)
def test_a_bad_setting_starts_nothing(tmp_path: Path, given: dict[str, str]) -> None:
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path / "data"), **given}
    failed = CliRunner().invoke(shell, ["up"], env=environ)
    assert failed.exit_code == 2
    assert failed.stderr.startswith(f"pennywren: {next(iter(given))}: ")
    assert not (tmp_path / "data" / "logs").exists()


def test_a_port_that_is_taken_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = str(somebody.getsockname()[1])
        environ = {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_HTTP_PORT": port}
        failed = CliRunner().invoke(shell, ["up"], env=environ)
    assert failed.exit_code == 1
    assert failed.stderr.startswith(f"pennywren: something else listens on port {port} ")
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("packed", [False, True])
def test_read_says_what_a_file_shows(tmp_path: Path, packed: bool) -> None:
    page = pages.product_page(HERO, 1299).encode()
    file = tmp_path / "page.html"
    file.write_bytes(gzip.compress(page) if packed else page)
    read = run(tmp_path, "read", str(file), "--marketplace", "us", "--json")
    assert read.exit_code == 0
    found = json.loads(read.stdout)
    assert found["kind"] == "product"
    assert found["productID"] == str(HERO.id)
    assert found["offers"] == {"buybox": {"price": 1299, "currency": "USD"}}
    assert "12.99 USD" in run(tmp_path, "read", str(file)).stdout
    assert "#corePrice" in run(tmp_path, "read", str(file), "--explain").stdout


def test_read_takes_standard_input(tmp_path: Path) -> None:
    read = run(tmp_path, "read", "-", "--json", stdin=pages.captcha_page().encode())
    assert json.loads(read.stdout)["kind"] == "captcha"


def test_a_gzip_bomb_is_unreadable_and_a_torn_file_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(50_000_000)))
    assert json.loads(run(tmp_path, "read", str(bomb), "--json").stdout)["kind"] == "unreadable"
    torn = tmp_path / "torn.gz"
    torn.write_bytes(gzip.compress(b"<html>" * 1000)[:-20])
    assert run(tmp_path, "read", str(torn)).exit_code == 2


def test_keys_writes_a_line_for_each_key_of_a_product(tmp_path: Path) -> None:
    lines = run(tmp_path, "keys", "us:B08N5WRWNW").stdout.splitlines()
    assert all("redis-cli -u " in line for line in lines)
    assert any("EVAL_RO" in line and ":product:us:B08N5WRWNW'" in line for line in lines)
    assert len(lines) == len(set(lines)) == 62


def test_keys_does_not_write_out_a_password_that_the_shell_knows(tmp_path: Path) -> None:
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_REDIS_URL": "redis://:secret@redis:6379/0"}
    shown = CliRunner().invoke(shell, ["keys", "us:B08N5WRWNW"], env=environ).stdout
    assert "secret" not in shown
    assert '-u "$PENNYWREN_REDIS_URL"' in shown


def test_doctor_is_content_with_what_is_installed(tmp_path: Path) -> None:
    checked = run(tmp_path, "doctor", "--json")
    assert checked.exit_code == 0
    assert {json.loads(line)["part"] for line in checked.stdout.splitlines()} >= {"redis", "postgres", "mail", "dbmate"}


def test_doctor_does_not_take_what_a_killed_system_left_for_a_system(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    left = {"pid": os.getpid(), "began": 1, "environ": {"PENNYWREN_DATA_DIR": str(folder)}}
    running_file(folder).write_text(json.dumps(left))
    assert "nothing runs here" in run(tmp_path, "doctor").stdout


def test_doctor_says_which_part_does_not_answer(tmp_path: Path) -> None:
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_REDIS_URL": "redis://127.0.0.1:1/0"}
    checked = CliRunner().invoke(shell, ["doctor"], env=environ)
    assert checked.exit_code == 1
    assert any(line.startswith("MISSING redis ") for line in checked.stdout.splitlines())


def test_doctor_reads_the_file_of_operators_of_networks(tmp_path: Path) -> None:
    file = tmp_path / "asns.tsv"
    environ = {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_ASN_FILE": str(file)}
    file.write_text("192.0.2.0\t192.0.2.255\t64500\n")
    assert f"asns       1 ranges in {file}" in CliRunner().invoke(shell, ["doctor"], env=environ).stdout
    file.write_text("nothing of the kind")
    checked = CliRunner().invoke(shell, ["doctor"], env=environ)
    assert checked.exit_code == 1
    assert f"MISSING asns       PENNYWREN_ASN_FILE: {file} cannot be used: line 1 does not begin" in checked.stdout
