"""`migrate`: the database's schema."""

import click

from pennywren.cli.parts import required
from pennywren.postgres.migrate import migrate
from pennywren.settings import load_settings


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema.

    Safe to run again, and from several machines at once. `pennywren up` does it by itself.

    \b
    Example:
      PENNYWREN_POSTGRES_URL=postgresql://user:password@db/pennywren pennywren migrate
    """
    migrate(required(load_settings(), "postgres_url"))
