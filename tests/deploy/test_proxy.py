"""Caddy and Prometheus themselves, with the files that docker/ gives them, before two processes of the API."""

import asyncio
import itertools
import shutil
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port
from tests.deploy.compose import DOCKER, Stack, both_redis, health_address, program_of

ELSEWHERE = "203.0.113.77"
WITHIN_S = 60


@dataclass
class Behind:
    """The API twice, as compose.yaml has it, and the proxy before them."""

    stack: Stack
    folder: Path
    running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = field(
        default_factory=dict[str, "tuple[Program, subprocess.Popen[bytes]]"]
    )
    ports: dict[str, int] = field(default_factory=dict[str, int])

    def start_api(self, service: str) -> None:
        """One of the two, at the same port each time."""
        port = self.ports.setdefault(service, free_port())
        program = self.stack.program(service)
        given = {"PENNYWREN_HTTP_PORT": str(port), "PENNYWREN_HTTP_HOST": "127.0.0.1"}
        program = replace(program, env={**(program.env or {}), **given})
        self.running[service] = (program, start(program))

    def wait_for_api(self, service: str) -> None:
        """Until it should be sent requests."""
        wait_until_ready(*self.running[service], lambda: _answers(self.ports[service], "/readyz"))

    def start_proxy(self) -> int:
        """Caddy with docker/Caddyfile, whose hosts are ports here; where it serves TLS."""
        plain, secure, self.ports["proxy"] = free_port(), free_port(), free_port()
        text = (DOCKER / "Caddyfile").read_text()
        for service in ("api", "api-b"):
            text = text.replace(f" {service}:8080", f" 127.0.0.1:{self.ports[service]}")
        ports = f"\tadmin localhost:{self.ports['proxy']}\n\thttp_port {plain}\n\thttps_port {secure}\n"
        options = f"{{\n\tskip_install_trust\n{ports}}}\n"
        file = self.folder / "Caddyfile"
        file.write_text(options + text)
        homes = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        argv = [program_of("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
        program = Program(
            name="caddy", argv=argv, env={**homes, "PENNYWREN_HOST": "localhost"}, log=self.folder / "caddy.log"
        )
        process = start(program)
        self.running["caddy"] = (program, process)
        wait_until_ready(program, process, lambda: _answers(secure, "/healthz", self.authority))
        return secure

    @property
    def authority(self) -> Path:
        """The certificate of Caddy's own authority, by which it signs for localhost."""
        return self.folder / "caddy/pki/authorities/local/root.crt"

    async def replace(self, service: str) -> None:
        """SIGTERM, until it has ended, and the same again."""
        process = self.running[service][1]
        process.terminate()
        assert await asyncio.to_thread(process.wait, WITHIN_S) == 0
        # Here and not in that thread: children end with the thread that started them.
        self.start_api(service)
        await asyncio.to_thread(self.wait_for_api, service)


def _answers(port: int, path: str, authority: Path | None = None) -> bool:
    where = f"http://127.0.0.1:{port}" if authority is None else f"https://localhost:{port}"
    try:
        return httpx.get(f"{where}{path}", verify=_trusting(authority)).is_success
    except (httpx.TransportError, OSError):
        return False


def _trusting(authority: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, migrated_database: str) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("proxy")
    # All people of this test come from one network.
    given = {"PENNYWREN_REQUESTS_PER_NETWORK": "1000000"}
    with both_redis(folder, migrated_database, 25, given) as stack, ExitStack() as ending:
        made = Behind(stack, folder)
        ending.callback(lambda: stop({process.pid: (program, process) for program, process in made.running.values()}))
        for service in ("api", "api-b"):
            made.start_api(service)
            made.wait_for_api(service)
        yield made


@pytest.fixture(scope="module")
def proxied(behind: Behind) -> Iterator[httpx.Client]:
    """Whoever comes from outside."""
    secure = behind.start_proxy()
    tls = _trusting(behind.authority)
    with httpx.Client(base_url=f"https://localhost:{secure}", verify=tls, timeout=WITHIN_S) as client:
        yield client


def test_people_come_by_tls_and_do_not_see_what_is_for_inside(proxied: httpx.Client) -> None:
    page = proxied.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert page.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
    assert [proxied.get(path).status_code for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]


def test_the_proxy_answers_its_health_check(behind: Behind, proxied: httpx.Client) -> None:
    assert proxied.get("/healthz").is_success
    assert httpx.get(health_address("proxy", behind.ports["proxy"])).is_success


def test_nobody_says_where_they_come_from(behind: Behind, proxied: httpx.Client) -> None:
    made = proxied.post("/installs", json={}, headers={"x-forwarded-for": ELSEWHERE})
    assert made.status_code == 201
    with behind.stack.redis("operator") as client:
        (counted,) = cast("Iterator[str]", client.scan_iter("{limit}:installs*"))
    assert counted.endswith(":127.0.0.0/24")


async def test_each_api_is_replaced_while_people_come_and_nobody_is_refused(
    behind: Behind, proxied: httpx.Client
) -> None:
    answers, enough = Counter[int](), asyncio.Event()

    async def come(turns: Iterator[int]) -> None:
        tls = _trusting(behind.authority)
        async with httpx.AsyncClient(base_url=proxied.base_url, verify=tls, timeout=WITHIN_S) as one:
            while not enough.is_set():
                path = ("/healthz", "/", "/status")[next(turns) % 3]
                answers[(await one.get(path)).status_code] += 1

    async def until_answered(more: int) -> None:
        goal = answers.total() + more
        while answers.total() < goal:
            await asyncio.sleep(0.02)

    turns = itertools.count()
    async with asyncio.TaskGroup() as people:
        for _ in range(4):
            people.create_task(come(turns))
        for service in ("api", "api-b"):
            await until_answered(20)
            await behind.replace(service)
        await until_answered(20)
        enough.set()
    assert set(answers) == {200}


def test_prometheus_reads_our_metrics_and_understands_every_rule(behind: Behind) -> None:
    folder, port = behind.folder / "prometheus", free_port()
    folder.mkdir()
    text = (DOCKER / "watch" / "prometheus.yaml").read_text().replace("api:8080", f"127.0.0.1:{behind.ports['api']}")
    (folder / "prometheus.yaml").write_text(text.replace("interval: 15s", "interval: 1s"))
    shutil.copy(DOCKER / "watch" / "alerts.yaml", folder)
    argv = [program_of("prometheus"), f"--config.file={folder}/prometheus.yaml"]
    argv += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    program = Program(name="prometheus", argv=argv, log=folder / "log")
    process = start(program)
    behind.running["prometheus"] = (program, process)
    wait_until_ready(program, process, lambda: _answers(port, "/-/ready"))

    def ask(path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/{path}").raise_for_status().json()["data"]

    def rules() -> list[Any]:
        return [rule for group in ask("rules")["groups"] for rule in group["rules"]]

    wait_until_ready(program, process, lambda: {rule["health"] for rule in rules()} <= {"ok", "err"})
    assert [(rule["name"], rule["lastError"]) for rule in rules() if rule["health"] != "ok"] == []
    wait_until_ready(program, process, lambda: ask("query?query=pennywren_part_up")["result"] != [])
    (target,) = ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    said = subprocess.run(
        [program_of("promtool"), "check", "metrics"],
        input=httpx.get(f"http://127.0.0.1:{behind.ports['api']}/metrics").text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
