"""`pennywren bounces`: what a mail server of one's own hands back."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from pennywren.cli.shell import shell
from pennywren.notify.return_path import RETURN_KEY, return_address
from tests.unit.notify.test_mail_reports import BACK, bounce

KEY = b"k" * 32


@pytest.fixture
def environ(tmp_path: Path, postgres_url: str) -> dict[str, str]:
    return {"PENNYWREN_DATA_DIR": str(tmp_path / "data"), "PENNYWREN_POSTGRES_URL": postgres_url}


@pytest.fixture
def back(postgres_url: str) -> str:
    """The return address of a mail that we sent to ann@example.net."""

    async def send() -> int:
        connection = await asyncpg.connect(postgres_url)
        try:
            await connection.execute("insert into secrets values ($1, $2)", RETURN_KEY, KEY)
            return await connection.fetchval(
                """
                with person as (insert into people (email) values ('ann@example.net') returning id),
                product as (insert into products (id) values ('us:B08N5WRWNW') returning id),
                watch as (
                    insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type)
                    select person.id, product.id, 'buybox', 1300, 'USD', 'EMAIL' from person, product
                    returning id, person_id
                )
                insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency,
                                    seen_at)
                select id, person_id, 'x', 'us:B08N5WRWNW', 'buybox', 1299, 'USD', now() from watch returning id
                """
            )
        finally:
            await connection.close()

    return return_address(KEY, f"alert-{asyncio.run(send())}", "bounces.example.org")


def suppressed(postgres_url: str) -> list[tuple[str, str]]:
    async def look() -> list[tuple[str, str]]:
        connection = await asyncpg.connect(postgres_url)
        try:
            return [tuple(row) for row in await connection.fetch("select channel, reason from suppressed_addresses")]
        finally:
            await connection.close()

    return asyncio.run(look())


def run(environ: dict[str, str], *args: str, input_: bytes | None = None) -> Result:
    return CliRunner().invoke(shell, ["bounces", *args], env=environ, input=input_)


def test_a_maildir_is_read_once_and_only_our_own_bounces_are_believed(
    environ: dict[str, str], tmp_path: Path, back: str, postgres_url: str
) -> None:
    folder = tmp_path / "bounces"
    (folder / "new").mkdir(parents=True)
    for name, raw in {"1": bounce(to=back), "2": bounce(to=BACK), "3": b"hello"}.items():
        (folder / "new" / name).write_bytes(raw)
    assert run(environ, str(folder), "--json").stdout == '{"mails":3,"taken":1}\n'
    assert suppressed(postgres_url) == [("email", "bounced")]
    assert sorted(path.name for path in (folder / "cur").iterdir()) == ["1:2,S", "2:2,S", "3:2,S"]
    assert run(environ, str(folder)).stdout == "0 of 0 mails were bounces or complaints about mails of ours\n"


def test_a_mail_server_pipes_one_in(environ: dict[str, str], back: str, postgres_url: str) -> None:
    assert "1 of 1" in run(environ, "-", input_=bounce(to=back)).stdout
    assert suppressed(postgres_url) == [("email", "bounced")]


def test_a_folder_that_is_no_maildir_is_said_so(environ: dict[str, str], tmp_path: Path) -> None:
    refused = run(environ, str(tmp_path))
    assert refused.exit_code == 2
    assert "no Maildir" in refused.stderr
