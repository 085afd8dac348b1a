"""What docker/ names exists: commands, settings, secrets, files, users, pins; and it is as tight as it says."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from pennywren.cli.health import health
from pennywren.cli.shell import shell
from pennywren.pipeline.metrics import FAMILIES
from pennywren.settings import PREFIX, Settings, load_settings
from pennywren.store.counters import Counter, Histogram
from tests.deploy.compose import DOCKER, ROOT, SECRETS, of_pennywren, services

COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
PINS = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script makes."""
    folder = tmp_path_factory.mktemp("docker") / "secrets"
    subprocess.run([str(DOCKER / "secrets.sh"), str(folder)], check=True, capture_output=True, env={**os.environ})
    return folder


@pytest.mark.parametrize("name", services())
def test_every_service_is_pinned_limited_and_can_change_nothing_of_itself(name: str) -> None:
    service = services()[name]
    image, _, tag = service["image"].rpartition(":")
    assert image
    assert re.search(r"\d+\.\d+", tag), f"{tag} is no release"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
    # The proxy binds ports below 1024; whoever else there is runs as nobody in particular.
    assert name == "proxy" or not str(service["user"]).startswith("0")


def test_servers_are_reached_from_inside_alone() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("redis", "queue", "postgres", "prometheus"):
        assert services()[name]["networks"] == ["inside"]
        assert "ports" not in services()[name]
    assert [name for name, service in services().items() if "ports" in service] == ["proxy", "grafana"]
    assert all(port.startswith("127.0.0.1:") for port in services()["grafana"]["ports"])


@pytest.mark.parametrize("name", [name for name in services() if name not in ("migrate", "operator")])
def test_everything_that_stays_has_a_health_check(name: str) -> None:
    check = services()[name]["healthcheck"]
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()
    kind, program, *words = check["test"]
    if program == "pennywren":
        assert kind == "CMD"
        assert words == ["health", "-".join(word for word in services()[name]["command"] if word != "run")]
        with health.make_context("health", words[1:]) as asked:
            assert asked.params == {"part": words[1]}
    elif program == "wget":
        assert httpx.URL(words[-1]).host == "127.0.0.1", "localhost may be ::1, where nobody listens"


@pytest.mark.parametrize("name", of_pennywren())
def test_commands_and_settings_are_real_ones(name: str) -> None:
    service = of_pennywren()[name]
    word = service["command"][0]
    assert word == "--help" or shell.get_command(None, word) is not None  # pyright: ignore[reportArgumentType]
    known = {PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)}
    for setting, value in service["environment"].items():
        assert setting.removesuffix("_FILE") in known
        if setting.endswith("_FILE"):
            assert value.removeprefix(SECRETS) in service["secrets"]
        else:
            assert "password" not in value.lower()


def test_every_secret_is_declared_made_and_used(secrets: Path) -> None:
    declared: dict[str, dict[str, str]] = COMPOSE["secrets"]
    used = {secret for service in services().values() for secret in service.get("secrets", [])}
    assert used == set(declared)
    assert [name for name, of in declared.items() if of["file"] != f"./secrets/{name}"] == []
    assert [name for name in declared if not (secrets / name).read_text().strip()] == []
    assert secrets.stat().st_mode & 0o077 == 0, "nobody else on the machine passes through"


def test_secrets_stay_when_they_are_made_again(secrets: Path) -> None:
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    subprocess.run([str(DOCKER / "secrets.sh"), str(secrets)], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_every_mounted_file_exists(secrets: Path) -> None:
    made = {f"./secrets/{path.name}" for path in secrets.iterdir()}
    mounts = [mount for service in services().values() for mount in service.get("volumes", [])]
    files = {mount.split(":")[0] for mount in mounts if mount.startswith("./")}
    assert [file for file in files - made if not (DOCKER / file).exists()] == []
    volumes = {mount.split(":")[0] for mount in mounts if not mount.startswith("./")}
    assert volumes == set(COMPOSE["volumes"])


def test_volumes_are_where_the_images_have_a_folder_that_their_user_owns() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text()
    (owned,) = re.findall(r"install -d -o pennywren .* (/data .*)$", dockerfile, re.MULTILINE)
    for name, service in of_pennywren().items():
        for mount in service.get("volumes", []):
            assert mount.split(":")[1] in owned.split(), name
    # Pictures would not have room in the memory that others have there.
    assert services()["api"]["volumes"] == services()["api-b"]["volumes"] == ["images:/data"]
    assert not [mount for mount in services()["api"]["tmpfs"] if mount.startswith("/data")]
    # From 18 on the image has no /var/lib/postgresql/data: a volume there would be root's, and PostgreSQL is not root.
    assert services()["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert "PGDATA" not in services()["postgres"]["environment"]


def test_the_image_copies_what_there_is_and_pins_what_is_tested() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert [name for name in line.split() if not (ROOT / name).exists()] == []
    tested = dict(PINS.findall((ROOT / "requirements.lock").read_text()))
    shipped = dict(PINS.findall((DOCKER / "requirements.lock").read_text()))
    assert shipped.items() <= tested.items()
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {found[0].lower() for each in needed if (found := re.match(r"[\w-]+", each))} <= shipped.keys()
    assert "pytest" not in shipped
    assert "USER 10001" in dockerfile


def test_the_proxy_leads_to_the_api_and_hides_what_is_for_inside() -> None:
    caddy = (DOCKER / "Caddyfile").read_text()
    port = services()["api"]["environment"]["PENNYWREN_HTTP_PORT"]
    assert f"reverse_proxy api:{port} api-b:{port} {{" in caddy
    assert "/metrics" in caddy
    assert caddy.count("{") == caddy.count("}")
    assert services()["api"]["environment"]["PENNYWREN_TRUSTED_PROXIES"] == "1"


def _names_of_metrics() -> set[str]:
    names: set[str] = set()
    for family in FAMILIES:
        names.add(family.name)
        if isinstance(family, Histogram):
            names |= {f"{family.name}_bucket", f"{family.name}_sum", f"{family.name}_count"}
    return names


def _expressions() -> dict[str, str]:
    rules: Any = yaml.safe_load((DOCKER / "watch" / "alerts.yaml").read_text())
    found = {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    board: Any = json.loads((DOCKER / "watch" / "dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


@pytest.mark.parametrize(("title", "expression"), _expressions().items(), ids=_expressions().keys())
def test_rules_and_dashboard_ask_for_metrics_that_exist(title: str, expression: str) -> None:
    asked = set(re.findall(r"pennywren_[a-z_]+", expression))
    assert asked, title
    assert asked <= _names_of_metrics()
    families = [family for family in FAMILIES if any(name.startswith(family.name) for name in asked)]
    labels = {label for family in families for label in family.labels}
    named = set(re.findall(r"[{,]\s*([a-z]+)\s*(?:=|!=|=~)", expression)) | {
        label.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(",")
    }
    assert named - {"le"} <= labels
    counted = {family.name for family in FAMILIES if isinstance(family, Counter)}
    rated = re.findall(r"(?:rate|increase)\((pennywren_\w+)", expression)
    assert [name for name in rated if name not in counted and not name.endswith("_bucket")] == []


def test_every_metric_is_on_the_dashboard_or_in_a_rule() -> None:
    asked = set(re.findall(r"pennywren_[a-z_]+", " ".join(_expressions().values())))
    asked = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    assert {family.name for family in FAMILIES} - asked == set()


def test_every_rule_says_what_to_do() -> None:
    rules: Any = yaml.safe_load((DOCKER / "watch" / "alerts.yaml").read_text())
    headings = {
        "#" + re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    }
    for rule in rules["groups"][0]["rules"]:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert f"#{anchor}" in headings, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_prometheus_asks_the_api_where_it_listens() -> None:
    found: Any = yaml.safe_load((DOCKER / "watch" / "prometheus.yaml").read_text())
    port = services()["api"]["environment"]["PENNYWREN_HTTP_PORT"]
    assert found["scrape_configs"][0]["static_configs"][0]["targets"] == [f"api:{port}"]


def test_the_settings_of_every_service_can_be_read(secrets: Path, tmp_path: Path) -> None:
    for name, service in of_pennywren().items():
        given = {word: value.replace(SECRETS, f"{secrets}/") for word, value in service["environment"].items()}
        settings = load_settings(given, tmp_path)
        assert (settings.postgres_url or "").startswith("postgresql://pennywren:") == (name != "schedule"), name


def test_each_service_has_the_secrets_that_it_uses_and_no_others() -> None:
    having = {
        secret: {name for name, service in of_pennywren().items() if secret in service["secrets"]}
        for secret in ("smtp_url", "postgres_url", "mail_events_secret", "queue_url_work")
    }
    assert having["smtp_url"] == {"api", "api-b", "worker-deliver", "operator"}
    assert set(of_pennywren()) - having["postgres_url"] == {"schedule"}
    assert having["mail_events_secret"] == {"api", "api-b"}
    assert having["queue_url_work"] == {"worker-crawl", "worker-deliver", "worker-upkeep"}
    for name, service in of_pennywren().items():
        given = {value.removeprefix(SECRETS) for value in service["environment"].values() if SECRETS in value}
        assert given == set(service["secrets"]), name
