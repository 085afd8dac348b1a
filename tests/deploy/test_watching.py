"""Prometheus and Alertmanager themselves, with the files of docker/watch: a rule that fires is a mail."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import httpx

from pennywren.local.children import Program, start, stop
from pennywren.local.ports import free_port
from tests.deploy.compose import DOCKER, health_address, program_of
from tests.postgres.notify.mailserver import mail_server

WATCH = DOCKER / "watch"
WITHIN_S = 120


def _is_ready(service: str, port: int) -> bool:
    try:
        return httpx.get(health_address(service, port)).is_success
    except httpx.TransportError:
        return False


def _alertmanager(folder: Path, port: int, smtp: int) -> Program:
    """As compose.yaml starts it; its mail server wants no password, and it waits for no more of a group."""
    lines = (WATCH / "alertmanager.yaml").read_text().splitlines()
    text = "\n".join(line for line in lines if "smtp_auth" not in line).replace("group_wait: 30s", "group_wait: 0s")
    file = folder / "alertmanager.yaml"
    file.write_text(text.replace("mail.example.org:587", f"127.0.0.1:{smtp}\n  smtp_require_tls: false"))
    argv = [program_of("alertmanager", "prometheus-alertmanager"), f"--config.file={file}"]
    argv += [f"--storage.path={folder}/told", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    return Program(name="alertmanager", argv=argv, log=folder / "alertmanager.log")


def _prometheus(folder: Path, port: int, alertmanager: int) -> Program:
    """Where it should find the API is nobody, and no rule has to hold for minutes."""
    text = (WATCH / "prometheus.yaml").read_text().replace("api:8080", f"127.0.0.1:{free_port()}")
    text = text.replace("alertmanager:9093", f"127.0.0.1:{alertmanager}").replace("interval: 15s", "interval: 1s")
    (folder / "prometheus.yaml").write_text(text)
    (folder / "alerts.yaml").write_text((WATCH / "alerts.yaml").read_text().replace("for: 2m", "for: 0s"))
    argv = [program_of("prometheus"), f"--config.file={folder}/prometheus.yaml"]
    argv += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    # What fires before it has found Alertmanager is told again after this, and not after a minute.
    argv += ["--rules.alert.resend-delay=1s"]
    return Program(name="prometheus", argv=argv, log=folder / "prometheus.log")


async def test_an_api_that_is_away_is_a_mail_to_whoever_is_woken(tmp_path: Path) -> None:
    port, other = free_port(), free_port()
    async with mail_server() as server, asyncio.timeout(WITHIN_S):
        with ExitStack() as ending:
            for program, at in (
                (_alertmanager(tmp_path, port, server.port), port),
                (_prometheus(tmp_path, other, port), other),
            ):
                process = start(program)
                ending.callback(stop, {process.pid: (program, process)})
                while not await asyncio.to_thread(_is_ready, program.name, at):
                    assert process.poll() is None, program.log.read_text()
                    await asyncio.sleep(0.05)
            while not server.mails:
                await asyncio.sleep(0.05)
    mail = server.mails[0]
    assert mail["to"] == "on-call@example.org"
    assert "NothingAnswers" in mail["subject"]
    assert "docs/operations.md#nothing-answers" in mail.as_string().replace("=\n", "")
