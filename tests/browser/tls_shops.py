"""Shops over TLS on one port of this machine, for a browser that takes their hosts to be there."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pennywren.local.ports import free_port
from pennywren.local.shop.server import Shop

HOSTS: Final = ("www.amazon.com", "www.amazon.de", "www.amazon.co.jp")
STRICT: Final = (
    "default-src 'none'; img-src 'none'; style-src 'none'; script-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The policy that every page comes with: no script, nothing from elsewhere, no markup from strings."""


@dataclass
class TlsShops:
    """The demo shop's pages, or `pages` by host and path where it has any."""

    port: int
    shop: Shop
    pages: dict[str, str] = field(default_factory=dict[str, str])
    policy: str = STRICT
    elsewhere: dict[str, int] = field(default_factory=dict[str, int])
    """Further hosts that are here, each on a port of its own."""

    @property
    def browser_arguments(self) -> list[str]:
        """What makes Chromium take the shops' hosts to be here, and every other host to be nowhere."""
        ports = dict.fromkeys(HOSTS, self.port) | self.elsewhere
        maps = ", ".join(f"MAP {host} 127.0.0.1:{port}" for host, port in ports.items())
        return ["--ignore-certificate-errors", f"--host-resolver-rules={maps}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1].partition("?")[0]
            host = next((x[6:].strip() for x in head.split("\r\n") if x.lower().startswith("host: ")), "")
            body, status, kind = self._answer(host, path)
            lines = [
                f"HTTP/1.1 {status} X",
                f"content-type: {kind}",
                f"content-length: {len(body)}",
                f"content-security-policy: {self.policy}",
                "connection: close",
            ]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A proxy for a browser that knows no other way: every host that it asks for is here."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            there, to_there = await asyncio.open_connection("127.0.0.1", self.port)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        await asyncio.gather(_pass_on(reader, to_there), _pass_on(there, writer))

    def _answer(self, host: str, path: str) -> tuple[bytes, int, str]:
        page = self.pages.get(f"{host}{path}")
        if page is not None:
            return page.encode(), 200, "text/html;charset=utf-8"
        answer = self.shop.answer("GET", path, b"", "127.0.0.1", "")
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        return body, answer.status, answer.type


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def tls_shops(shop: Shop, folder: Path) -> AsyncGenerator[TlsShops]:
    """Serve until the block ends; the certificate is made for the occasion."""
    shops = TlsShops(free_port(), shop)
    server = await asyncio.start_server(shops.handle, "127.0.0.1", shops.port, ssl=_tls(folder))
    try:
        yield shops
    finally:
        server.close()


@asynccontextmanager
async def tls_before(port: int, folder: Path) -> AsyncGenerator[int]:
    """The port of a proxy with TLS before what answers at `port`."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, to_there), _pass_on(there, writer))

    outside = free_port()
    server = await asyncio.start_server(relay, "127.0.0.1", outside, ssl=_tls(folder))
    try:
        yield outside
    finally:
        server.close()


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    return context


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "shops.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return pem
