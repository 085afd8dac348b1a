"""Running an evaluator of `../shared/eval` as it stands there, with an adapter of ours or with its own rules."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]


def evaluate(evaluator: str, arguments: list[str]) -> list[dict[str, Any]]:
    """What `eval/NAME` of the shared folder (PENNYWREN_SHARED) says, a row for each policy or rule."""
    shared = Path(os.environ.get("PENNYWREN_SHARED") or ROOT.parent / "shared")
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        subprocess.run(
            [sys.executable, str(shared / "eval" / evaluator), *arguments, "--json", str(answer)],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdout=subprocess.DEVNULL,
        )
        return json.loads(answer.read_bytes())["rows"]
