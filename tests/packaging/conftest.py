"""One wheel for all tests here, and what it takes to install it without a package index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"


def run(*command: str | Path) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", directory, ROOT)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def wheels(wheel: Path) -> Path:
    """A directory with the wheel and everything that installing or building it asks for."""
    needs = ("click", "psycopg[binary]", "sqlglot", "tree-sitter", "tree-sitter-bash", "hatchling")
    pip = (sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", "-d", wheel.parent, *needs)
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no package index to be reached: {done.stderr.splitlines()[-1]}")
    return wheel.parent


@pytest.fixture(scope="session")
def installed(wheel: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment in which the wheel was installed by its own pip."""
    environment = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", environment)
    run(environment / "bin" / "pip", "install", "-q", "--no-index", "--find-links", wheels, wheel)
    return environment
