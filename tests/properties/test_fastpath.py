"""What the fast path passes, the engine would have allowed: over random trees, words, and places to stand in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from guardsh import commands, fastpath
from guardsh.model.intent import Invocation
from guardsh.model.verdict import Caller, Decision
from guardsh.observe import findings as observation
from guardsh.policy import config
from guardsh.policy.assess import assess

# Never a deadline: a busy machine must not look like a doubt.
POLICY = replace(config.builtin(), deadline=20.0, scratch=())
# Path; "file", "directory" or "link"; what is in it, or where it leads.
Entry: TypeAlias = tuple[str, str, str]
# A name, or the number of what is there; its spelling; whether it is absolute.
Operand: TypeAlias = tuple[int | str, str, bool]
AT_TERMINAL = Caller(attended=True, why="at /dev/pts/0", uid=os.getuid())

# Names that say nothing, names that look as if, and names that say something of an instance.
PLAIN = ["a", "b", "build", "16384", "x y", ".hidden", "log", "base", "data", "-rf", "postgresql"]
MARKED = [
    *("PG_VERSION", "global", "pg_wal", "pg_xact", "pg_tblspc", "postmaster.pid", "standby.signal", "PG_notes"),
    *("archive.info", "backup.info", "wal_005", "wals", "pg_wal.tar.gz", "base.tar.gz"),
    *("postgresql.conf", "pg_control", "archive_status", "backup_label", "PG_15_202209061", "000000010000000000000001"),
]
plain = st.lists(st.sampled_from(PLAIN), min_size=1, max_size=4).map("/".join)
paths = st.lists(st.sampled_from([*PLAIN, *PLAIN, *MARKED]), min_size=1, max_size=4).map("/".join)


def cluster(name: str) -> list[Entry]:
    """A data directory as initdb makes it, as far as either of the two looks."""
    return [
        (f"{name}/PG_VERSION", "file", "15\n"),
        (f"{name}/base/5/16384", "file", "data"),
        (f"{name}/base/5/PG_VERSION", "file", "15\n"),
        (f"{name}/global/pg_control", "file", "control"),
        (f"{name}/pg_wal/archive_status", "directory", ""),
        (f"{name}/pg_wal/000000010000000000000001", "file", "wal"),
        (f"{name}/pg_xact/0000", "file", "xact"),
        (f"{name}/pg_tblspc", "directory", ""),
        (f"{name}/log/postgresql.log", "file", "log"),
        (f"{name}/postgresql.conf", "file", ""),
    ]


def spread(name: str, at: str) -> list[Entry]:
    """One whose pg_wal and tablespace lie elsewhere."""
    return [
        (f"{at}/wal/archive_status", "directory", ""),
        (f"{at}/space/PG_15_202209061/5/16384", "file", "data"),
        (f"{name}/pg_wal", "link", f"/{at}/wal"),
        (f"{name}/pg_tblspc/16390", "link", f"/{at}/space"),
        *cluster(name),
    ]


kinds = st.sampled_from([("file", ""), ("file", "data"), ("directory", "")])
leads = st.one_of(paths, paths.map(lambda path: f"/{path}"), st.just("."), st.just(".."))
strewn = st.builds(lambda path, kind: [(path, *kind)], plain, kinds)
marked = st.builds(lambda path, kind: [(path, *kind)], paths, kinds)
linked = st.builds(lambda path, target: [(path, "link", target)], plain, leads)
telling = st.one_of(marked, plain.map(cluster), st.builds(spread, plain, plain))
trees = st.one_of(
    st.lists(st.one_of(strewn, strewn, strewn, linked), min_size=1, max_size=6),
    st.builds(lambda one, rest: [one, *rest], telling, st.lists(st.one_of(strewn, linked, marked), max_size=3)),
)

# An operand: something that is there (by its number), or another name; in one of its spellings.
operands = st.tuples(
    st.one_of(st.integers(0, 40), st.integers(0, 40), paths),
    st.sampled_from(["{}", "{}", "{}", "{}", "{}/", "{}/", "./{}", "{}/.", "{}/..", "{}/*", "{}//", "../{}"]),
    st.booleans(),
)
oddities = st.sampled_from([[], [], [], [], ["."], [".."], [""], ["/"], ["//"], ["*"], ["-"]])
odd_options = st.lists(
    st.sampled_from(
        [
            *("-r", "-f", "-rf", "-rf", "-rf", "-R", "-d", "-i", "-v", "--recursive", "--force", "--dir", "--rec"),
            *("--interactive=never", "--one-file-system", "--no-preserve-root", "--preserve-root=all"),
            *("-x", "--help", "--"),
        ]
    ),
    max_size=2,
)


rm_options: st.SearchStrategy[list[str]] = st.one_of(st.just(["-rf"]), st.just(["-r"]), st.just([]), odd_options)


@contextmanager
def laid_out(tree: list[list[Entry]]) -> Iterator[str]:
    """The tree in a directory of its own; what cannot be made where it should be is left out."""
    top = os.path.realpath(tempfile.mkdtemp(prefix="fastpath-"))
    try:
        for path, kind, what in (entry for group in tree for entry in group):
            with suppress(OSError):  # a file where a directory should be, a link that leads nowhere
                _make(top, os.path.join(top, path), kind, _within(top, what))
        yield top
    finally:
        shutil.rmtree(top)


def _make(top: str, path: str, kind: str, what: str) -> None:
    above = os.path.dirname(path)
    if not f"{os.path.realpath(above)}/".startswith(f"{top}/"):
        return  # through a link, out of the tree
    os.makedirs(above, exist_ok=True)
    if kind == "link":
        os.symlink(what, path)
    elif kind == "directory":
        os.mkdir(path)
    elif not os.path.islink(path):
        Path(path).write_text(what)


def _within(top: str, path: str) -> str:
    return top + path if path.startswith("/") and path.strip("/") else path


def _spelled(top: str, directory: str, operand: Operand) -> list[str]:
    """The words that the shell hands over for it."""
    which, spelling, absolute = operand
    there = sorted(_below(top))
    path = os.path.join(top, which) if isinstance(which, str) else there[which % len(there)]
    word = spelling.format(path if absolute or spelling[0] == "." else os.path.relpath(path, directory))
    if not word.endswith("/*"):
        return [word]
    found = sorted(name for name in _listed(os.path.join(directory, word[:-2])) if not name.startswith("."))
    return [word[:-1] + name for name in found] or [word]


def _below(top: str) -> Iterator[str]:
    yield top
    for here, directories, files in os.walk(top):
        yield from (os.path.join(here, name) for name in (*directories, *files))


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def objections(words: list[str], cwd: str) -> list[str]:
    """Why the engine would not let it pass in silence, for somebody at a terminal."""
    invocation = Invocation(tuple(words), cwd, {})
    findings = observation.look(commands.understand(invocation), invocation, POLICY)
    verdict = assess(findings, AT_TERMINAL, POLICY)
    return [] if verdict.decision is Decision.ALLOW else [verdict.summary, *(each.sentence for each in verdict.reasons)]


@contextmanager
def standing_in(directory: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


MANY = settings(
    max_examples=int(os.environ.get("EXAMPLES", "200")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@MANY
@given(
    trees,
    rm_options,
    st.lists(operands, min_size=1, max_size=3),
    oddities,
    st.integers(0, 9),
)
def test_rm(tree: list[list[Entry]], options: list[str], named: list[Operand], odd: list[str], where: int) -> None:
    with laid_out(tree) as top:
        directories = sorted(path for path in _below(top) if os.path.isdir(path))
        directory = os.path.realpath(directories[where % len(directories)])
        words = [*options, *odd, *(word for operand in named for word in _spelled(top, directory, operand))]
        with standing_in(directory):
            passed = unharmed_words("rm", words)
            if passed and any(os.path.lexists(word) for word in words):
                event("passed, with something to delete")
            if passed:
                assert objections(["rm", *words], directory) == []


def unharmed_words(name: str, words: list[str]) -> bool:
    """Whether the fast path passes it; it leaves the words as they are."""
    before = list(words)
    passed = fastpath.certainly_unrelated(name, words)
    assert words == before
    event("passed" if passed else "left to the engine")
    return passed


# Words of wal-g and pg_ctl in any order: verbs, options with and without values, what may be either.
wal_g_words = st.sampled_from(
    [
        *("backup-fetch", "backup-list", "backup-push", "catchup-fetch", "delete", "everything", "help", "st", "rm"),
        *("wal-push", "wal-fetch", "wal-show", "wal-verify", "completion", "flags", "copy", "daemon", "before", "x"),
        *("--confirm", "--config", "--config=x", "--help", "-h", "--turbo", "--version", "-v", "--walg-s3-prefix"),
        *("--walg-s3-prefix=s3://b", "--pgdata", "--unknown", "--unknown=x", "-x", "-f", "--", "-", "", "LATEST"),
        *("--json", "--pretty", "--detail", "--full", "--delta-from-user-data", "-c", "-t", "DATA", "--mask"),
    ]
)
pgbackrest_words = st.sampled_from(
    [
        *("restore", "backup", "archive-push", "archive-get", "expire", "info", "stop", "help", "x", "--stanza=main"),
        *("--pg1-path=DATA", "--pg1-path", "DATA", "--stanza", "--delta", "--no-delta", "--dry-run", "--help", "--"),
        *("-x", "-", "", "--unknown", "--unknown=x", "--force", "--db-path=DATA", "--reset-stanza"),
    ]
)
pg_ctl_words = st.sampled_from(
    [
        *(
            "start",
            "stop",
            "restart",
            "reload",
            "status",
            "promote",
            "logrotate",
            "init",
            "initdb",
            "kill",
            "x",
            "TERM",
        ),
        *("-D", "-DDATA", "DATA", "-D", "-m", "fast", "-mi", "-w", "-W", "-t", "10", "-s", "-sD", "-l", "log", "-o"),
        *("-c", "-c", "--", "-", "", "--pgdata=DATA", "--pgdata", "--pg", "--mode", "--unknown", "--unknown=x", "-x"),
        *("--help", "-?", "--version", "-V", "--silent", "--wait", "-e", "-N", "-P", "-S", "-U", "-p", "1"),
    ]
)


# As people type it, and as nobody does.
typed = st.tuples(
    st.lists(
        st.sampled_from(["-D DATA", "-DDATA", "-s", "-w", "-t 10", "-m fast", "-l log", "--pgdata DATA"]), max_size=3
    ),
    st.sampled_from(["start", "stop", "status", "reload", "logrotate", "promote", "-D status"]),
).map(lambda words: " ".join((*words[0], words[1])).split())


@MANY
@given(st.lists(wal_g_words, min_size=1, max_size=6))
def test_wal_g(words: list[str]) -> None:
    judged_alike("wal-g", words)


@MANY
@given(st.lists(pgbackrest_words, min_size=1, max_size=6))
def test_pgbackrest(words: list[str]) -> None:
    judged_alike("pgbackrest", words)


@MANY
@given(st.one_of(typed, st.lists(pg_ctl_words, min_size=1, max_size=6)))
def test_pg_ctl(words: list[str]) -> None:
    judged_alike("pg_ctl", words)


def judged_alike(name: str, words: list[str]) -> None:
    """DATA is a data directory with something in it."""
    with laid_out([cluster("data")]) as top, standing_in(top):
        words = [word.replace("DATA", f"{top}/data") for word in words]
        if unharmed_words(name, words):
            assert objections([name, *words], top) == []
