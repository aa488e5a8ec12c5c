"""A registry of the test's own, and a data directory to move about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guardsh.remedies import store


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "_OF_NODE", str(tmp_path / "registry"))
    monkeypatch.setattr(store, "_OF_ACCOUNT", str(tmp_path / "registry"))
    return tmp_path / "registry"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return planted(tmp_path / "above" / "data")


def planted(data: Path) -> Path:
    """Files, an empty directory, names that no terminal should see, a link to nowhere, an attribute, old times."""
    for name in ("base/5", "global", "pg_wal", "pg_tblspc"):
        (data / name).mkdir(parents=True)
        (data / name / "1").write_text(name)
    (data / "PG_VERSION").write_text("15\n")
    (data / "a name\nwith \x1b[31m").write_text("strange")
    (data / os.fsdecode(b"\xff not UTF-8")).write_text("stranger")
    (data / "a directory, empty").mkdir()
    (data / "pg_tblspc" / "16390").symlink_to("/nowhere")
    os.setxattr(data / "global", "user.note", b"kept")
    os.chmod(data, 0o750)
    os.utime(data / "PG_VERSION", ns=(1, 2))
    return data
