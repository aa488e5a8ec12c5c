"""What the shim lets pass, the engine would have allowed: over random trees, paths, links and arguments."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guardsh import fastpath, judge
from guardsh.fastpath.first_word import LOOKS
from guardsh.fastpath.places import BACKUPS
from guardsh.model.verdict import Caller, Decision
from tests.install.shim import SHELLS, Shim

ATTENDED = Caller(True, "", 0)
Tree: TypeAlias = "dict[str, Tree | str]"  # a directory; a text is a link's target, or "" for a file

NAMES = (
    "a",
    "00A7",
    "b c",
    "-rf",
    "log",
    "*",
    "[",
    "ä",
    "\udcff",
    ".hid",
    "base",
    "global",
    "x\ny",
    "PG_15_202209061",
    "1",
)
ordinary = st.sampled_from(NAMES)
marks = st.sampled_from(fastpath.MARKS)
targets = st.sampled_from(["..", ".", "/", "/tmp", "a", "../a", "../cluster", "../cluster/base", "nowhere"])
leaves: st.SearchStrategy[Tree | str] = st.one_of(st.just(""), st.just(""), targets)
# A tenth of all names is a mark, and sometimes there is what looks like a whole data directory.
CLUSTER: Tree = {
    **dict.fromkeys(("PG_VERSION", "postgresql.conf", "postmaster.opts"), ""),
    **{"base": {"1": {"PG_VERSION": "", "1259": ""}, "5": {"2610": ""}}, "global": {"pg_control": "", "1260": ""}},
    **{"pg_wal": {"000000010000000000000001": "", "archive_status": {}}, "log": {"server.log": ""}},
}
# A link that leads nowhere is a mark only under these names; each other test would cost every rm some microseconds.
LINKED = ("pg_clog", "pg_tblspc", "pg_wal", "pg_xact", "pg_xlog")


def sensible(tree: Tree) -> Tree:
    """No links under the names of other marks."""
    return {
        name: sensible(what) if isinstance(what, dict) else "" if name in OTHERS else what
        for name, what in tree.items()
    }


OTHERS = set(fastpath.MARKS) - set(LINKED)
trees: st.SearchStrategy[Tree] = st.recursive(
    st.dictionaries(ordinary, leaves, max_size=4),
    lambda below: st.dictionaries(
        st.one_of(*[ordinary] * 9, marks), st.one_of(leaves, below, below, st.just(CLUSTER)), max_size=4
    ),
    max_leaves=12,
).map(lambda tree: sensible(tree) | {"cluster": CLUSTER})

options = st.sampled_from(
    ["-f", "-r", "-rf", "-Rf", "-d", "-i", "-v", "--", "-", "--recursive", "--force", "--recu", "-x", "--dir", "-fd"]
)


@st.composite
def operands(draw: st.DrawFn, tree: Tree) -> str:
    """A path into the tree, or beside it, with the spellings that people and scripts use."""
    path: list[str] = []
    here: Tree | str = tree
    while isinstance(here, dict) and here and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(here)))
        path.append(name)
        here = here[name]
    path += draw(st.sampled_from([[], [], [], [".."], ["absent"], ["."], ["..", *path[-1:]], ["", *path[-1:]]]))
    return "/".join(path) + draw(st.sampled_from(["", "", "", "/", "//"]))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Tree, tuple[str, ...], tuple[str, ...]]:
    """A tree, where in it one stands, and the words after rm."""
    tree = draw(trees)
    words = [*draw(st.lists(options, max_size=2)), *draw(st.lists(operands(tree), min_size=1, max_size=3))]
    inside: list[str] = []
    here: Tree | str = tree
    while isinstance(here, dict) and draw(st.integers(0, 2)):
        directories = [name for name in sorted(here) if isinstance(here[name], dict)]
        if not directories:
            break
        inside.append(draw(st.sampled_from(directories)))
        here = here[inside[-1]]
    return tree, tuple(inside), tuple(words)


def plant(tree: Tree, at: str) -> None:
    for name, what in tree.items():
        path = f"{at}/{name}"
        if isinstance(what, dict):
            os.mkdir(path)
            plant(what, path)
        elif what:
            os.symlink(what, path)
        else:
            Path(path).write_text("15\n" if name == "PG_VERSION" else "something")


@contextlib.contextmanager
def planted(tree: Tree, inside: tuple[str, ...]) -> Iterator[None]:
    """Stand in the tree; not below pytest's own directory, whose name is long, nor in a scratch place of root."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="guardsh-shim-") as place:
        plant(tree, place)
        os.chdir(os.path.join(place, *inside))
        try:
            yield
        finally:
            os.chdir(before)


@pytest.fixture(scope="module", params=SHELLS)
def shim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shim:
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"no {request.param[0]} on this machine")
    return Shim.make(tmp_path_factory.mktemp("shim"), request.param)


FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(lines())
@example(({"cluster": CLUSTER}, ("cluster", "base", "5"), ("2610",)))
@example(({"cluster": CLUSTER, "way": "cluster/base"}, (), ("-r", "way/5")))
@example(({"PG_15_202209061": {"5": {"16": ""}}, "way": "PG_15_202209061/5"}, (), ("way/16",)))
@example(({"PG_15_202209061": {"5": {"16": ""}}}, ("PG_15_202209061", "5"), ("16",)))
@example(({"a": {"b c": {"base": {"cluster": CLUSTER}}}}, (), ("a", "-r")))
@example(({"leaf": {"a": ""}}, (), ("leaf", "-r")))
@example(({"cluster": {"moved": "../away", "PG_VERSION": ""}, "away": {"f": ""}}, (), ("cluster/moved/f",)))
@example(({"leaf": {"00A7": ""}}, (), ("-r", "leaf")))
@example(({"leaf": {"PG_VERSION": ""}}, (), ("-r", "leaf")))
@example(({"leaf": {".hid": ".."}}, (), ("-r", "leaf")))
def test_what_the_shim_passes_the_front_door_passes(
    shim: Shim, line: tuple[Tree, tuple[str, ...], tuple[str, ...]]
) -> None:
    tree, inside, words = line
    with planted(tree, inside):
        if shim.passes("rm", *words):
            assert fastpath.certainly_unrelated("rm", words)


@FEW
@given(lines())
@example(({"a": {"b c": {"base": {"cluster": CLUSTER}}}}, (), ("-rf", "a")))
@example(({"cluster": CLUSTER, "way": "cluster/base"}, (), ("-r", "way/5", "way")))
def test_what_the_shim_passes_the_engine_allows(
    shim: Shim, line: tuple[Tree, tuple[str, ...], tuple[str, ...]]
) -> None:
    tree, inside, words = line
    with planted(tree, inside):
        if shim.passes("rm", *words):
            assert judge.together(judge.words(["rm", *words], caller=ATTENDED)).verdict.decision is Decision.ALLOW


words_of_tools = st.lists(
    st.one_of(
        st.sampled_from(["wal-push", "wal-fetch", "backup-list", "backup-fetch", "delete", "help", "--config", "-v"]),
        st.sampled_from(["start", "stop", "status", "reload", "promote", "initdb", "logrotate", "-D", "-w", "--turbo"]),
        st.sampled_from(["--config=x", "-Dx", "--config=", "cluster", "--", "-", "", "--walg-file-prefix", "a b"]),
        st.sampled_from(["archive-push", "backup", "info", "--stanza=main", "expire", "--stanza", "restore", "a=b"]),
    ),
    max_size=5,
)


@MANY
@given(st.sampled_from(["wal-g", "pg_ctl", "pg_basebackup", "pgbackrest"]), words_of_tools)
def test_the_verbs_that_pass_are_those_of_the_front_door(shim: Shim, name: str, words: list[str]) -> None:
    assert shim.passes(name, *words) == fastpath.certainly_unrelated(name, words)


def test_the_first_words_that_pass_are_those_of_the_front_door(shim: Shim) -> None:
    verbs = {*set().union(*LOOKS.values()), "destroy", "--stop", "", "-f"}
    for name, looks in LOOKS.items():
        assert {verb for verb in verbs if shim.passes(name, verb, "/dev/md0")} == looks
        assert not shim.passes(name)


def test_the_marks_are_those_of_the_front_door(shim: Shim) -> None:
    text = shim.file("rm").read_text()
    tested = set(text.split('"$1/')[1:])
    assert {each.split('"')[0] for each in tested} >= set(fastpath.MARKS)
    assert all(not _passes_named(shim, mark) for mark in fastpath.MARKS)


def _passes_named(shim: Shim, mark: str) -> bool:
    with planted({mark: "", "d": {"f": ""}}, ("d",)):
        return shim.passes("rm", "f") or shim.passes("rm", "../" + mark)


@pytest.mark.parametrize("name", sorted(set(BACKUPS) - {"basebackups_005", "wal_005", "wals"}))
def test_a_directory_with_a_file_of_backups_does_not_pass(shim: Shim, name: str) -> None:
    with planted({"leaf": {name: "", "x": ""}}, ()):
        assert not shim.passes("rm", "-rf", "leaf")


@pytest.mark.parametrize(
    "words", [("note",), ("-f", "note"), ("-rf", "leaf"), ("absent",), ("-rf", "absent"), ("./note", "leaf/x"), ("-",)]
)
def test_it_is_of_use(shim: Shim, words: tuple[str, ...]) -> None:
    with planted({"note": "", "leaf": {"x": "", ".y": ""}}, ()):
        assert shim.passes("rm", *words)


def test_where_a_server_runs_or_its_links_lead_is_found(
    shim: Shim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for directory in ("emptied/leaf", "elsewhere/leaf", "tablespace/leaf", "unrelated", "emptied/pg_tblspc"):
        os.makedirs(directory)
    os.symlink("../elsewhere", "emptied/some")
    os.symlink("../../tablespace", "emptied/pg_tblspc/16384")
    shutil.copy("/bin/sleep", "postgres")
    running = subprocess.Popen([tmp_path / "postgres", "60"], cwd=tmp_path / "emptied")
    try:
        os.rename("emptied/pg_tblspc", "emptied/tblspc")  # a mark: that would be enough
        for directory in ("emptied/leaf", "emptied", "elsewhere/leaf", "elsewhere"):
            assert not shim.passes("rm", "-r", directory)
        assert shim.passes("rm", "-r", "unrelated")
        os.rename("emptied/tblspc", "emptied/pg_tblspc")
        assert not shim.passes("rm", "-r", "tablespace/leaf")
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize(
    ("name", "line", "passes"),
    [
        ("postgres", "wal-g wal-fetch a b", True),
        ("postgres", "pg_ctl stop", False),
        ("patroni", "pg_ctl stop", True),
        ("patroni", "rm -rf cluster", True),
        ("patroni", "pg_basebackup -D cluster", True),
        ("patroni", "pg_rewind -D cluster", True),
        ("postgres", "pgbackrest --stanza=main archive-get a b", True),
        ("postgres", "pg_archivecleanup archive 000000010000000000000010", True),
        ("postgres", "pg_rewind -D cluster", False),
        ("somebody", "wal-g wal-fetch a b", False),
        ("somebody", "pgbackrest --stanza=main archive-get a b", False),
    ],
)
def test_who_asks_is_told_by_the_program_and_not_by_a_scripts_name(
    shim: Shim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str, passes: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cluster" / "global").mkdir(parents=True)
    shutil.copy("/bin/dash", tmp_path / name)
    command = " ".join((*shim.started_by, f"{shim.place}/shims/{line}"))
    environment = {"PATH": f"{shim.place}/real:/usr/bin:/bin"}
    for words, expected in (([f"./{name}", "-c"], passes), (["/bin/sh", "./script"], False)):
        (tmp_path / "script").write_text(f"#!/bin/sh\nprintf {name} >/proc/self/comm\n{command}; exit $?\n")
        script = [] if expected is False and words[0] == "/bin/sh" else [f"{command}; exit $?"]
        done = subprocess.run([*words, *script], env=environment, capture_output=True, check=False, timeout=30)
        assert (done.returncode == 0) == expected, done
