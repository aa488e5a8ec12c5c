"""The decision book: every line of tests/decisions/lines/*.toml, on four real nodes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guardsh.operations.lab import Lab, LabError, LabServer
from tests.decisions.places import SHOP, TABLESPACE

BOOK = Path(__file__).with_name("lines")
NODES = ("primary", "replica", "aborted", "none")
_SAID = {"allow": "-", "notice": "notice", "challenge": "ask", "refuse": "refuse"}
_OWN_NODE = ("unshare", "--mount", "--pid", "--uts", "--mount-proc", "--fork", "--kill-child")
# What guardsh is imported from must not be hidden by what places.py makes.
HIDDEN = ("/tmp/", "/root/", "/home/", "/srv/", "/mnt/", "/opt/", "/backup/")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as typed in a directory, and what is expected on each of the four nodes."""

    family: str
    text: str
    directory: str
    expected: tuple[str, str, str, str]


def lines() -> Iterator[Line]:
    for path in sorted(BOOK.glob("*.toml")):
        for family in tomllib.loads(path.read_text(encoding="utf-8"))["family"]:
            directory = family.get("in", "/root")
            for text in family.get("harmless", ()):
                yield Line(path.stem, text, directory, ("-", "-", "-", "-"))
            for text, *expected in family.get("lines", ()):
                primary, replica, aborted, none = expected
                yield Line(path.stem, text, directory, (primary, replica, aborted, none))


LINES = tuple(lines())


def test_the_book_is_large_enough() -> None:
    harmless = [line for line in LINES if set(line.expected) == {"-"}]
    assert len(LINES) >= 600
    assert len(harmless) >= 300


def test_every_family_says_where_it_comes_from() -> None:
    for path in BOOK.glob("*.toml"):
        for family in tomllib.loads(path.read_text(encoding="utf-8"))["family"]:
            assert family["from"], path.name
            assert family.keys() <= {"from", "in", "lines", "harmless"}, path.name


@pytest.mark.slow
@pytest.mark.parametrize("node", NODES)
def test_lines(node: str, lab: Lab) -> None:
    """Everything that is said otherwise than the book says, in one message."""
    said = _on_node(node, lab)
    column = NODES.index(node)
    wrong = [
        f"{line.family}: {line.text!r} in {line.directory}: {_SAID[told['verdict']]}, expected {line.expected[column]}"
        f" | {told['summary']} {' '.join(told['reasons'])}"
        for line, told in zip(LINES, said, strict=True)
        if _SAID[told["verdict"]] != line.expected[column]
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(LINES)} on a {node}:", *wrong])


def _on_node(node: str, lab: Lab) -> list[dict[str, str]]:
    _need_namespaces()
    os.chmod(lab.sockets, 0o777)
    if node == "replica":
        _upstream(lab)
    typed = Path(lab.directory, "lines.json")
    typed.write_text(json.dumps([{"line": line.text, "in": line.directory} for line in LINES]), encoding="utf-8")
    there = [*_OWN_NODE, sys.executable, "-m", "tests.decisions.node", node, lab.sockets]
    root = Path(__file__).parents[2]
    with (
        typed.open() as given,
        subprocess.Popen(
            there, cwd=root, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as ran,
    ):
        try:
            if node == "primary":
                _follow(lab, ran)
            said, errors = ran.communicate(timeout=900)
        finally:
            ran.kill()
    assert ran.returncode == 0, errors
    told: list[dict[str, str]] = json.loads(said)
    return told


def _follow(lab: Lab, primary: subprocess.Popen[str]) -> None:
    """A standby of the primary, outside of its node: there it is seen by pg_stat_replication only."""
    upstream, standby = lab.add("upstream"), lab.add("standby")
    upstream.port = 5432
    while primary.poll() is None and not _has_shop(upstream):
        time.sleep(0.05)
    if primary.poll() is not None:
        return
    lab.copy(upstream, standby.directory, "-R", "-T", f"{TABLESPACE}={lab.directory}/fast")
    for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"):  # the primary's lie where Debian has them
        standby.touch(name)
    Path(standby.path("pg_hba.conf")).write_text("local all all trust\n", encoding="utf-8")
    standby.configure({"unix_socket_directories": lab.directory, "cluster_name": standby.name})
    standby.start()


def _has_shop(server: LabServer) -> bool:
    with contextlib.suppress(LabError):
        return server.sql("select count(*) from orders", SHOP[-1][0]) == "0"
    return False


def _upstream(lab: Lab) -> None:
    """What the replica follows, outside of its node."""
    server = lab.primary("upstream", {"port": "5432"})
    server.port = 5432
    os.mkdir(f"{lab.directory}/fast")
    lab.give(f"{lab.directory}/fast")
    for database, statement in SHOP:
        server.sql(statement.format(f"{lab.directory}/fast"), database)


def _need_namespaces() -> None:
    if os.geteuid() or subprocess.run([*_OWN_NODE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a node of its own takes root and namespaces")
    if any(path.startswith(HIDDEN) for path in (str(Path(__file__)), sys.prefix, sys.base_prefix)):
        pytest.skip("these tests lie where the nodes have directories of their own: run them from elsewhere")
