"""What the fast path passes of the file tools, the engine would have allowed: random trees, options, operands."""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from guardsh import fastpath
from guardsh.commands import COMMANDS
from tests.properties.test_fastpath import (
    Entry,
    Operand,
    _below,
    _spelled,
    cluster,
    laid_out,
    objections,
    operands,
    spread,
    standing_in,
    trees,
    unharmed_words,
)

# For each tool how a line may begin, and what may stand among its operands.
LINES = {
    ">": ("", ""),
    "7z": ("x a.zip|a new.7z|x", "-ob -y -spf -oa a.zip"),
    "bsdtar": ("-xf a.tar|xf a.tar|-cf new.tar|-xf a.tar -C", "-C -P -k"),
    "chmod": ("700|-R 755|-R 700|755", "-R -v u+x"),
    "chown": ("1|-R 1|-hR 2", "-R -H -L -h"),
    "cp": ("|-r|-a|-f|-rT", "-r -T -v -t -tdata --parents -P"),
    "cpio": ("-idu|-idu -Fx|-idD", "-D --absolute-filenames -p -d"),
    "dd": ("if=x", "of=a of=b of=data/b of=/dev/null count=1"),
    "find": ("", "-delete -name *.log *.c -L -H -o -type f -fprint"),
    "git": ("clean -fdx|clean -fd|status|-C", "clean -fd -C -n :/ *.o"),
    "install": ("-m644|-D|-d", "-T -d -D -t -v"),
    "ln": ("-s|-sf|-sfn|", "-T -v -n -t"),
    "mv": ("||-v", "-T -t -f -S --target-directory=data --exchange"),
    "perl": ("-pi -e s/a/b/|-ne print", "-i -pi.bak -e"),
    "rename": ("s/a/b/|-n s/a/b/", "-v -n"),
    "rmdir": ("", "-p"),
    "rsync": ("-a|-a --delete|-a --remove-source-files|-aR", "--del -n -r --force host:x"),
    "sed": ("-i s/a/b/|-n p|-e s/a/b/ -i", "-i.bak --in-place -e"),
    "setfacl": ("-R -m u:7:r|-m u:7:r", "-R -L --restore=a"),
    "shred": ("-u|", "-n1"),
    "tar": (
        "xf a.tar|-xf a.tar -C|czf new.tgz|xfC a.tar|-x|tf",
        "-C -P --strip-components=1 --remove-files -k --one-top-level",
    ),
    "tee": ("|-a", "-a"),
    "touch": ("", "-c standby.signal"),
    "truncate": ("-s0", "-r"),
    "unlink": ("", ""),
    "unzip": ("a.zip|-o a.zip -d|-l", "-d -o -j"),
}


def options(name: str) -> st.SearchStrategy[tuple[list[str], list[str]]]:
    begins, among = LINES[name]
    inserted = st.lists(st.sampled_from(among.split()), max_size=2) if among else st.just([])
    return st.tuples(st.sampled_from([begin.split() for begin in begins.split("|")]), inserted)


def test_every_file_tool_is_known_to_both() -> None:
    assert COMMANDS.keys() >= fastpath.FILE_TOOLS
    modules = {COMMANDS[name] for name in fastpath.FILE_TOOLS}
    assert {name for name, module in COMMANDS.items() if module in modules} - fastpath.FILE_TOOLS == set()
    assert {COMMANDS[name] for name in LINES} == modules


# A plain tree beside them: enough lines have nothing to do with an instance.
plain = st.just(
    [[("a", "file", "x")], [("b/a", "file", "x")], [("data/build/x.log", "file", "")], [("out", "directory", "")]]
)


@pytest.mark.parametrize("name", sorted(LINES))
@given(st.one_of(trees, plain), st.data(), st.lists(operands, min_size=1, max_size=3), st.integers(0, 9))
@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_file_tools(name: str, tree: list[list[Entry]], data: st.DataObject, named: list[Operand], where: int) -> None:
    begin, among = data.draw(options(name))
    with laid_out(tree) as top:
        directories = sorted(path for path in _below(top) if os.path.isdir(path))
        directory = os.path.realpath(directories[where % len(directories)])
        _pack(top, directory)
        typed = [word for operand in named for word in _spelled(top, directory, operand)]
        typed = [f"of={word}" for word in typed[:1]] if name == "dd" else typed
        words = [*begin, *typed[:1], *among, *typed[1:]]
        with standing_in(directory):
            passed = unharmed_words(name, words)
            event(f"{name}: {'passed' if passed else 'left to the engine'}")
            if passed:
                assert objections([name, *words], directory) == [], (name, words)


def _pack(top: str, directory: str) -> None:
    """Archives of the tree, where the tool stands."""
    if not os.access(directory, os.W_OK):
        return
    with tarfile.open(f"{directory}/a.tar", "w") as tar, zipfile.ZipFile(f"{directory}/a.zip", "w") as archive:
        for path in sorted(_below(top))[:12]:
            if os.path.isfile(path) and not path.endswith(("a.tar", "a.zip")):
                tar.add(path, os.path.relpath(path, top))
                archive.write(path, os.path.relpath(path, top))


# What people type all day, far from any instance; and what they type beside one.
HARMLESS = [
    *("cp notes.txt notes.bak", "cp -r src new", "cp -r src dst", "cp src/a src/b dst/", "cp notes.txt dst"),
    *("cp -a src/. dst",),
    *("mv notes.txt old.txt", "mv src new", "mv src/a dst/", "mv -f src/a src/b dst", "ln -s src current"),
    *("ln -sf src/a a",),
    *("install -m 755 src/a dst/a", "install -d new/dir", "truncate -s 0 x.log", "shred -u notes.txt", "tee out.log"),
    *("tee -a x.log", "touch new", "dd if=/dev/zero of=big bs=1M count=1", "dd if=notes.txt of=/dev/null"),
    *("> out.log",),
    *(">> /dev/null", "> /dev/stderr", "sed s/a/b/ notes.txt", "sed -i s/a/b/ notes.txt"),
    *("sed -n -e 1,10p /etc/passwd",),
    *("perl -pe s/a/b/ notes.txt", "perl -pi -e s/a/b/ notes.txt", "find . -name x", "find src -type f -delete"),
    *("find . -mtime +7 -name *.log -delete", "find / -name core", "rsync -a src/ dst/"),
    *("rsync -a --delete src/ dst/",),
    *("rsync -av src host:/srv/backup/", "rsync -a host:/srv/x .", "chmod 644 notes.txt", "chmod -R u+w src"),
    *("chmod +x src/a",),
    *("chown -R root src", "chgrp root notes.txt", "tar czf x.tgz src", "tar -czf x.tgz --exclude=.git src"),
    *("tar tf a.tar",),
    *("tar xf a.tar", "tar -xf a.tar -C dst", "unzip -o a.zip", "unzip a.zip -d dst", "git status"),
    *("git commit -m clean-up",),
    *("git clean -fdx", "git checkout -f", "rmdir empty", "unlink notes.txt", "rename s/a/b/ src/a"),
    *("cpio -idm", "7z x a.zip"),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory in which there is nothing of Postgres, and no mark above it."""
    for file in ("notes.txt", "x.log", "src/a", "src/b", "src/deep/c", "dst/a", "dst/src/b"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")
    (tmp_path / "empty").mkdir()
    _pack(str(tmp_path), str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("line", HARMLESS)
def test_it_is_of_use(home: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    name, *words = line.split()
    assert fastpath.certainly_unrelated(name, words)


def test_it_is_fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few milliseconds for each of these lines, in the median (and the machine may be busy)."""
    monkeypatch.chdir(home)
    took = sorted(_seconds(partial(fastpath.certainly_unrelated, *_parted(line))) for line in HARMLESS)
    assert took[len(took) // 2] < 0.02


def _parted(line: str) -> tuple[str, list[str]]:
    name, *words = line.split()
    return name, words


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@pytest.mark.parametrize(
    "line",
    [
        *("cp x data", "cp -r x data/", "cp x data/new", "mv data old", "mv x data/base/5/16384"),
        *("mv -t data x", "ln -sfn x way"),
        *("mv x way", "tee data/restore.log", "tee way/restore.log", "> data/PG_VERSION", ">> data/new"),
        *("dd of=data/base/5/16384",),
        *("truncate -s 0 data/pg_wal/000000010000000000000001", "sed -i s/a/b/ data/postgresql.conf"),
        *("find . -delete",),
        *("find data -name x -delete", "find . -exec rm {} +", "rsync -a x/ data/", "rsync -a --delete x/ ."),
        *("chmod -R 755 .",),
        *("chmod 755 data", "chown -R root data/", "tar xf a.tar -C data", "tar -xC data", "tar xf a.tar"),
        *("unzip a.zip -d data",),
        *("git clean -fdx", "git -C data clean -fd", "rename s/a/b/ data/base", "cpio -iD data"),
        *("install -d data", "shred -u link"),
        *("cp x link", "mv space x", "mv -T x data", "cp -rT x data", "cp -r x/. .", "tar -cf data/x.tar x"),
        *("dd of=/dev/sda",),
        *("tee /dev/nvme0n1", "> /dev/md0", "touch data/standby.signal", "touch new/standby.signal", "mv wal x"),
        *("cp x/f out", "mv x/f out", "install -t out x/f"),
    ],
)  # fmt: skip
def test_what_may_be_related_is_left_to_the_engine(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = [
        *([entry] for entry in (*cluster("data"), *spread("far", "disk"))),
        [
            ("way", "link", "data"),
            ("link", "link", "data/base/5/16384"),
            ("x/f", "file", "x"),
            ("space", "link", "disk/space"),
        ],
        [("wal", "link", "disk/wal"), ("out/f", "link", "../data/base/5/16384")],
    ]
    with laid_out(tree) as top, standing_in(top):
        _pack(top, top)
        name, *words = line.split()
        assert not fastpath.certainly_unrelated(name, words)
