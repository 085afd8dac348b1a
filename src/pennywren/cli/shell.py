"""The command `pennywren`: its commands, found when they are asked for, and what their failures look like.

Exit codes: 0 done, 1 failed, 2 used wrongly. A failure is one sentence on standard error.
"""

import logging
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

import asyncpg
import click
from redis.exceptions import RedisError

from pennywren import logs
from pennywren.errors import BadInput, PennywrenError
from pennywren.settings import load_settings

_SECTIONS: Final[dict[str, dict[str, str]]] = {
    "Run everything": {"up": "system:up", "demo": "system:demo", "doctor": "doctor:doctor"},
    "Run one part": {
        "api": "api:api",
        "match": "match:match",
        "worker": "worker:worker",
        "schedule": "schedule:schedule",
        "migrate": "migrate:migrate_command",
    },
    "Products": {
        "track": "track:track",
        "history": "history:history",
        "read": "read:read",
        "keys": "keys:keys",
    },
    "See how it goes": {
        "top": "top:top",
        "health": "health:health",
        "crawl": "crawl:crawl",
        "trust": "trust:trust",
        "alerts": "alerts:alerts",
        "cluster": "cluster:cluster",
        "admin": "admin:admin",
    },
    "Data": {
        "import": "importing:import_command",
        "archive": "archive:archive",
        "backup": "backup:backup",
        "restore": "backup:restore",
        "rebuild": "rebuild:rebuild",
        "bounces": "bounces:bounces",
    },
}
"""Each command as MODULE:NAME of this package, so that a command starts without loading the others."""
_COMMANDS: Final = {name: where for section in _SECTIONS.values() for name, where in section.items()}


class Failure(click.ClickException):
    """What went wrong, as one sentence."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: Any = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"pennywren: {self.message}", file=file or sys.stderr)


class Misuse(Failure):
    """The caller's words cannot be used."""

    exit_code = 2


class Shell(click.Group):
    """A group that loads a command when it is used, and lists all in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        where = _COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        command: click.Command = getattr(import_module(f"pennywren.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in their sections."""
        for title, section in _SECTIONS.items():
            rows = [(name, c.get_short_help_str(120)) for name in section if (c := self.get_command(ctx, name))]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is expected to go wrong becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except BadInput as error:
            raise Misuse(error.message) from error
        except PennywrenError as error:
            raise Failure(error.message) from error
        except RedisError as error:
            raise Failure(f"Redis: {error} (`pennywren doctor` checks every part)") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Failure(f"PostgreSQL: {error} (`pennywren doctor` checks every part)") from error
        except BrokenPipeError:
            # Whoever read our output has seen enough; nothing more is written, not even at exit.
            sys.stdout = None
            raise click.exceptions.Exit(0) from None


@click.group(cls=Shell, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-v", "--verbose", count=True, help="Say more on standard error; twice for even more.")
@click.version_option(package_name="pennywren")
def shell(verbose: int) -> None:
    """Follow prices on Amazon marketplaces, and tell people when one drops.

    \b
    pennywren demo                      everything, with a shop whose prices move
    pennywren up                        everything, for real
    pennywren track B08N5WRWNW          follow a product
    pennywren history us:B08N5WRWNW     what it has cost

    Settings are PENNYWREN_* variables; none is needed. Commands find a system that runs on the same data folder
    by themselves.
    """
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    # A setting that cannot be read is told by the command, which reads all of them.
    style: logs.Format = "text"
    with suppress(BadInput):
        settings = load_settings()
        style = "json" if settings.log_format == "json" else "text"
        level = min(level, logging.getLevelNamesMapping()[settings.log_level.upper()])
    logs.log_to_stderr(style, level)
