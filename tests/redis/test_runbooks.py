"""Lines of the runbooks are real: Redis understands them, and Pennywren has these commands and options."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from pennywren.cli.shell import shell
from tests.blocking import blocking

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
RUNBOOKS = PAGE.partition("## Runbooks")[2]
_CODE = re.findall(r"`([^`\n]+)`", PAGE) + re.findall(r"^    (\S.+)$", PAGE, re.MULTILINE)
_PARTS = [part.strip(" \\") for line in _CODE for part in line.split("|")]
COMMANDS = sorted({part for part in _PARTS if part.startswith("pennywren ") and part.count('"') % 2 == 0})
LINES = sorted(set(re.findall(r"`\$([RQ]) ([^`]+)`", RUNBOOKS)))


@pytest.mark.parametrize(("server", "line"), LINES)
def test_redis_understands_the_line(redis_url: str, queue_url: str, server: str, line: str) -> None:
    with blocking(redis_url if server == "R" else queue_url) as client:
        client.execute_command(*shlex.split(line))
        client.config_set("maxmemory", 0)


def test_redis_cli_takes_the_address_of_an_embedded_server(queue_url: str, servers_dir: Path) -> None:
    program = shutil.which("redis-cli") or str(next(servers_dir.rglob("redis-cli")))
    answer = subprocess.run([program, "-u", queue_url, "--no-auth-warning", "PING"], capture_output=True, text=True)
    assert (answer.stdout.strip(), answer.stderr) == ("PONG", "")


@pytest.mark.parametrize("line", COMMANDS)
def test_pennywren_has_the_command_and_its_options(line: str) -> None:
    words = shlex.split(line.partition(" #")[0].replace("…", "x"))[1:]
    command: click.Command = shell
    while words[0] in _options_of(shell):
        words = words[1:]
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            assert words[0].startswith("us:"), f"{line}: there is no {words[0]}"
            break
        command, words = found, words[1:]
    if isinstance(command, click.Group):
        return  # its own first argument is a product
    options = _options_of(command)
    assert [word for word in words if word.startswith("-") and word != "-" and word not in options] == []


def _options_of(command: click.Command) -> set[str]:
    return {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
