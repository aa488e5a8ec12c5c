"""What the file tools touch of a real data directory, and how little of what people do beside one is worth a word."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from guardsh.model.verdict import Caller, Decision
from guardsh.policy import config
from guardsh.policy.assess import assess
from tests.observe.test_targets import cluster as cluster  # noqa: PLC0414 (a fixture of both)
from tests.observe.test_targets import look

AT_TERMINAL = Caller(attended=True, why="", uid=0)


@pytest.fixture
def node(cluster: Path) -> Path:
    """Beside the data directory ``data``: a restored copy, a home with archives, and a configuration directory."""
    here = cluster.parent
    (cluster / "pg_hba.conf").write_text("local all all peer\n")
    (cluster / "old.txt").write_text("somebody's")
    shutil.copytree(cluster, here / "copy", symlinks=True)
    for file in (
        "home/notes.txt",
        "home/conf/postgresql.conf",
        "home/src/a",
        "home/data-2024.sql",
        "home/.bash_history",
    ):
        (here / file).parent.mkdir(parents=True, exist_ok=True)
        (here / file).write_text("x")
    for name, member in (("harmless", "home/src/a"), ("dangerous", "copy/global/pg_control"), ("conf", "home/conf")):
        with tarfile.open(here / "home" / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(here / member, member.replace("copy/", "data/").removeprefix("home/conf"))
    (here / "current").symlink_to("data")
    return here


# From the directory above the data directory, which is also where a home and a copy are: what is touched.
TOUCHED = {
    "mv data data.old": "delete ALL",
    "mv data/base home/": "delete DATA",
    "mv data/pg_wal/000000010000000000000001 home/": "delete WAL",
    "mv home/notes.txt data/": "configure FOREIGN",
    "mv home/notes.txt data/PG_VERSION": "overwrite DATA",
    "mv -t data/global home/notes.txt copy/global/pg_control": "overwrite DATA",
    "mv data/log/x.log home/": "delete DISPOSABLE",
    "mv data/postgresql.conf data/postgresql.conf.orig": "configure CONFIGURATION, configure FOREIGN",
    "cp home/notes.txt data": "configure FOREIGN",
    "cp home/notes.txt current/": "configure FOREIGN",
    "cp home/conf/postgresql.conf data/": "configure CONFIGURATION",
    "cp data/pg_hba.conf data/pg_hba.conf.bak": "configure FOREIGN",
    "cp -r home/conf data": "configure FOREIGN",
    "cp -r home/conf/. data": "configure CONFIGURATION",
    "cp -r copy/. data/": "overwrite ALL",
    "cp -rT copy data": "overwrite ALL",
    "cp copy/global/pg_control data/global/": "overwrite DATA",
    "cp -r copy/base data/": "overwrite DATA",
    "install -m 600 home/conf/postgresql.conf data/postgresql.conf": "configure CONFIGURATION",
    "install -d -m 755 data": "configure ALL",
    "ln -sfn home/src data/pg_wal": "overwrite WAL",
    "truncate -s 0 data/base/5/1259": "overwrite DATA",
    "truncate -s 0 data/log/x.log": "overwrite DISPOSABLE",
    "shred -u wal/000000010000000000000001": "overwrite WAL",
    "dd if=/dev/zero of=data/global/pg_control bs=8k count=1": "overwrite DATA",
    "tee data/restore.log": "configure FOREIGN",
    "tee -a data/postgresql.conf": "configure CONFIGURATION",
    "sed -i s/a/b/ data/postgresql.conf": "configure CONFIGURATION",
    "sed -i s/a/b/ data/base/5/1259": "overwrite DATA",
    "perl -pi -e s/a/b/ current/pg_hba.conf": "configure CONFIGURATION",
    "touch data/standby.signal": "signal file SIGNAL",
    "touch data/base/5/1259": "",
    "find data -type f -delete": "delete ALL",
    "find . -name '*.conf' -delete": "delete ALL",
    "find current/ -delete": "delete ALL",
    "find data/pg_wal/ -mtime +1 -delete": "delete WAL",
    "find data/log -mtime +7 -delete": "delete DISPOSABLE",
    "find . -name '*.log' -mtime +7 -delete": "",
    "find data -type f": "",
    "rsync -a home/notes.txt data/": "configure FOREIGN",
    "rsync -a copy/ data/": "overwrite ALL",
    "rsync -a --delete copy/ data/": "delete ALL, overwrite ALL",
    "rsync -a --delete home/conf/ data/": "configure CONFIGURATION, delete ALL",
    "rsync -a --delete home/src/ .": "delete ALL",
    "rsync -a --delete db-02:/var/lib/pg/data .": "delete ALL, overwrite ALL",
    "rsync -a --remove-source-files data/ db-02:/backup/": "delete ALL",
    "rsync -a data/ db-02:/backup/": "",
    "rsync -an --delete copy/ data/": "",
    "chmod -R 755 data": "overwrite ALL",
    "chmod -R 755 .": "overwrite ALL",
    "chmod -R 0700 data": "configure ALL",
    "chmod 755 data": "configure ALL",
    "chown -R root: data/pg_wal/": "overwrite WAL",
    "chown -R root space": "overwrite TABLESPACE",
    "tar xzf home/dangerous.tar.gz": "overwrite DATA",
    "tar xzf home/conf.tar.gz -C data": "configure CONFIGURATION",
    "tar xzf home/harmless.tar.gz -C data": "configure FOREIGN",
    "tar xz -C data": "overwrite ALL",
    "tar xz": "overwrite ALL",
    "tar czf data/base.tgz home": "configure FOREIGN",
    "tar -cf home/d.tar --remove-files data": "delete ALL",
    "git -C data clean -fdx": "delete ALL",
    "rename s/1259/1260/ data/base/5/1259": "delete DATA",
    "rmdir data/pg_tblspc": "",
    "rmdir data/pg_xact": "delete TRANSACTIONS",
    "unlink data/pg_wal": "delete WAL",
    "unlink data/PG_VERSION": "delete DATA",
}

SILENT = [
    *("cp home/notes.txt home/notes.bak", "cp -r home/src home/new"),
    *("cp -a data/. home/backup", "cp data/postgresql.conf home"),
    *("cp -r data home/", "cp -r home/src ."),
    *("mv home/notes.txt .", "mv home/src home/old", "mv home/data-2024.sql home/x.sql"),
    *("tee home/out.log", "tee restore.log"),
    *("sed -i s/a/b/ home/notes.txt", "sed -n 1,5p data/postgresql.conf", "dd of=home/x"),
    *("truncate -s 0 home/.bash_history", "shred -u home/notes.txt"),
    *("touch home/standby.md", "ln -s data/log home/pglog"),
    *("tar xzf home/harmless.tar.gz", "tar xzf home/harmless.tar.gz -C home"),
    *("tar czf home/x.tgz data", "tar tzf home/conf.tar.gz"),
    *("rsync -a data/ home/backup/", "rsync -a home/src ."),
    *("rsync -a --delete home/src/ home/mirror/", "rsync -av home/src/ ."),
    *("find home -type f -delete", "find . -name '*.tmp'"),
    *("chmod 600 home/notes.txt", "chmod -R u+w home", "chown -R root home/src"),
    *("git -C home clean -fd", "rmdir home/src"),
    *("unlink home/notes.txt", "rename s/a/b/ home/src/a", "find data -name x -print"),
    *("ln -sfn data home/current", "cp home/notes.txt /dev/null"),
    *("dd if=data/PG_VERSION of=/dev/null", "tee /dev/stderr"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), TOUCHED.items())
def test_what_is_touched(node: Path, line: str, expected: str) -> None:
    seen = look(shlex.split(line), node, node / "data")
    assert seen.unseen == ((),) * len(seen.unseen)
    touched = {
        f"{one.effect.value} {one.part.name}"
        for each in seen.touches
        for one in each
        if os.path.basename(one.instance.directory.place.path) == "data"
    }
    assert ", ".join(sorted(touched)) == expected


@pytest.mark.parametrize("line", SILENT)
def test_what_is_not_worth_a_word(node: Path, line: str) -> None:
    seen = look(shlex.split(line), node, node / "data")
    verdict = assess(seen, AT_TERMINAL, config.builtin())
    assert verdict.decision is Decision.ALLOW, verdict.summary


def test_an_archive_that_is_too_long_to_read_may_hold_anything(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardsh.observe.members._LONGEST", -1.0)
    seen = look(["tar", "xzf", "home/harmless.tar.gz"], node, node / "data")
    assert {
        one.part.name for each in seen.touches for one in each if one.instance.directory.place.path.endswith("/data")
    } == {"ALL"}


def test_a_pipe_is_not_read(node: Path) -> None:
    """What comes through it is the tool's."""
    os.mkfifo(node / "pipe")
    seen = look(["tar", "xf", "pipe", "-C", "data"], node, node / "data")
    assert [one.part.name for each in seen.touches for one in each] == ["ALL"]


def test_hostile_archives_are_unknown_and_end(node: Path) -> None:
    for content in (
        b"",
        b"PK\x03\x04" + b"\xff" * 60,
        b"\x1f\x8b\x08" + b"\0" * 30,
        b"BZh9" + b"\xff" * 99,
        b"x" * 1024,
    ):
        (node / "home" / "a.tar").write_bytes(content)
        seen = look(["tar", "xf", "home/a.tar", "-C", "data"], node, node / "data")
        parts = {one.part.name for each in seen.touches for one in each}
        done = subprocess.run(["tar", "xf", "home/a.tar", "-C", "home"], cwd=node, capture_output=True, check=False)
        assert parts == {"ALL"} or (done.returncode == 0 and not parts), content
