"""`up` and `demo`: everything on this machine."""

import click

from pennywren.local.system import run_system

_ENDS = "Ctrl-C ends all of it within 5 seconds; started again it goes on with its data."


def _announce(part: str, where: str) -> None:
    click.echo(f"{part} {where}")


@click.command(epilog=_ENDS)
@click.option("--no-crawl", is_flag=True, help="Start no crawl workers, so that prices stand still: for a restore.")
def up(no_crawl: bool) -> None:
    """Run everything on this machine.

    Starts an embedded Redis with TimeSeries, an embedded PostgreSQL and a mailbox where no servers are named
    (PENNYWREN_REDIS_URL, PENNYWREN_QUEUE_URL, PENNYWREN_POSTGRES_URL, PENNYWREN_SMTP_URL), and then the API, the
    matcher, the workers and the scheduler. Says what runs where, then one line for each event.

    \b
    Examples:
      pennywren up
      PENNYWREN_HTTP_PORT=8080 PENNYWREN_DATA_DIR=/srv/pennywren pennywren up
    """
    run_system(_announce, crawl=not no_crawl)


@click.command(epilog=_ENDS)
def demo() -> None:
    """Run everything with a demo shop whose prices move.

    Tracks some of the shop's products and a threshold on the first of them; within a minute its price falls and the
    local mailbox has a mail.

    \b
    Example:
      pennywren demo
    """
    run_system(_announce, demo=True)
