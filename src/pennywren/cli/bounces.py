"""`bounces`: what came back of our mails, from a mail server of one's own."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from pennywren.cli.parts import required
from pennywren.model.clock import system_clock
from pennywren.notify.mail_reports import MAX_SIZE, Report, read_report
from pennywren.notify.return_path import RETURN_KEY
from pennywren.pipeline.bounces import Bounces
from pennywren.postgres.pool import open_pool
from pennywren.postgres.secrets import get_or_create
from pennywren.settings import Settings, load_settings


@click.command()
@click.argument("source", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object.")
def bounces(source: Path, as_json: bool) -> None:
    """Take bounces and complaints from SOURCE: a Maildir, a mail in a file, or - for one on standard input.

    Addresses that mails came back from for good, or that complained, are not mailed any more. What was read in a
    Maildir's new/ goes to its cur/, so that running it again takes only what is new.

    \b
    Examples:
      pennywren bounces /var/mail/bounces/
      bounces: "|pennywren bounces -"          (in /etc/aliases)
    """
    seen, taken = asyncio.run(_take(load_settings(), source))
    if as_json:
        click.echo(msgspec.json.encode({"mails": seen, "taken": taken}))
    else:
        click.echo(f"{taken} of {seen} mails were bounces or complaints about mails of ours")


async def _take(settings: Settings, source: Path) -> tuple[int, int]:
    pool = await open_pool(required(settings, "postgres_url"), size=1)
    try:
        book = Bounces(pool, await get_or_create(pool, RETURN_KEY), system_clock)
        seen = taken = 0
        for path, raw in _mails(source):
            report = read_report(raw)
            taken += report is not None and await _tell(book, report)
            seen += 1
            if path is not None:
                path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,S")
        return seen, taken
    finally:
        await pool.close()


async def _tell(book: Bounces, report: Report) -> bool:
    """Keep a report by the first of its addresses that is one of ours; whether there was one."""
    for path in report.return_paths:
        if await book.take(kind=report.kind, return_path=path, permanent=report.permanent, detail=report.detail):
            return True
    return False


def _mails(source: Path) -> Iterator[tuple[Path | None, bytes]]:
    """The mails of a source; with the file to be put away after it was read, in a Maildir."""
    if str(source) == "-":
        yield None, sys.stdin.buffer.read(MAX_SIZE)
    elif (source / "new").is_dir():
        (source / "cur").mkdir(exist_ok=True)
        for path in sorted((source / "new").iterdir()):
            yield path, path.read_bytes()[:MAX_SIZE]
    elif source.is_dir():
        raise click.BadParameter(f"{source} is no Maildir: it has no folder new", param_hint="SOURCE")
    else:
        yield None, source.read_bytes()[:MAX_SIZE]
