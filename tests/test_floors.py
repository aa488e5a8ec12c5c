"""The house keeps its own rules: floors, a purpose for every module, files one can read in a sitting, clean shell."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
MODULES = sorted((ROOT / "guardsh").rglob("*.py"))
LONGEST = 300


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_go_downward_only() -> None:
    # Exhaustive contracts ([tool.importlinter] in pyproject.toml): a module without a floor is an error too.
    linted = run(TOOLS / "lint-imports", "--no-logo", "--no-cache")
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_every_module_says_what_it_is_for() -> None:
    assert [str(module) for module in MODULES if not ast.get_docstring(ast.parse(module.read_text()))] == []


def test_no_file_is_long() -> None:
    lengths = {str(module): len(module.read_text().splitlines()) for module in MODULES}
    assert {module: length for module, length in lengths.items() if length > LONGEST} == {}


def test_shell_files_are_clean() -> None:
    files = run("scripts/shell-files").stdout.split()
    assert {"./scripts/setup", "./.ci/run"} <= set(files)
    linted = run(TOOLS / "shellcheck", *files)
    assert linted.returncode == 0, linted.stdout + linted.stderr
