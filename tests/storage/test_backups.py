"""Backups on real file systems: a command on the device beneath them, or on their tree, is asked about."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardsh import commands
from guardsh.model.backup import Backup
from guardsh.model.finding import Findings
from guardsh.model.intent import Invocation
from guardsh.model.node import Node
from guardsh.model.observed import Known, Unknown
from guardsh.model.stack import layers
from guardsh.model.verdict import Caller, Decision, Verdict
from guardsh.observe import data_directory, findings, repositories, stack
from guardsh.operations.lab import Lab
from guardsh.policy import config
from guardsh.system.apart import Deadline
from tests.decisions.judging import verdict_on
from tests.storage.loops import attach, detach, run, with_mounts

AT_TERMINAL = Caller(True, "", 0)
FROM_CRON = Caller(False, "no terminal", 0)
SEGMENT = "000000010000000000000002"

# Files as each tool leaves them, and what is said of them.
KEPT = {
    "backups of pgBackRest": (
        "repo/archive/main/archive.info",
        f"repo/archive/main/15-1/0000000100000000/{SEGMENT}-0a.gz",
    ),
    "backups of Barman": ("main/base/20261201T040000/data/x", f"main/wals/0000000100000000/{SEGMENT}"),
    "backups of wal-g": (
        f"x/basebackups_005/base_{SEGMENT}/tar_partitions/part_001.tar.lz4",
        f"x/wal_005/{SEGMENT}.lz4",
    ),
    "a base backup": ("monday/base.tar.gz", "monday/pg_wal.tar.gz"),
    "archived WAL": (f"archive/{SEGMENT}", f"archive/{SEGMENT}.00000028.backup"),
}
HARMLESS = ("archive/2025/photos.tar", "backup/base.tar.gz", "base/a", "wals.txt", "pg_wal.tar.d/x", "data/backup.info")


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[str]:
    """A loop device with an ext4 on it."""
    device = attach(tmp_path / "image")
    try:
        run("mkfs.ext4", "-q", device)
        yield device
    finally:
        detach(device)


def put(top: Path, *files: str) -> None:
    for file in files:
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text("something\n")


def on(device: str, place: Path, work: Callable[[], Verdict | list[Verdict]]) -> list[Verdict]:
    """``work`` with the device mounted at a place."""

    def mounted() -> list[Verdict]:
        place.mkdir(exist_ok=True)
        run("mount", device, str(place))
        done = work()
        return done if isinstance(done, list) else [done]

    return with_mounts(mounted)


@pytest.mark.parametrize("what", KEPT)
def test_backups_are_asked_about(loop: str, tmp_path: Path, what: str) -> None:
    place = tmp_path / "volume"

    def work() -> list[Verdict]:
        put(place, *KEPT[what])
        lines = (f"mkfs.ext4 -F {loop}", f"wipefs -a {loop}", f"dd if=/dev/zero of={loop}")
        return [
            *(verdict_on(line, AT_TERMINAL) for line in lines),
            verdict_on(f"blkdiscard {loop}", FROM_CRON),
            verdict_on(f"chown -R 0:0 {place}/*", AT_TERMINAL),
            verdict_on(f"rm -rf {place}/*", AT_TERMINAL),
        ]

    *asked, unattended, harmless, tree = on(loop, place, work)
    if what != "a base backup":  # which is as one that is being restored
        assert harmless.decision is Decision.ALLOW
    top = place / Path(KEPT[what][0]).parts[0]
    assert {(each.decision, each.phrase.split()[1]) for each in asked} == {(Decision.CHALLENGE, "backup")}
    assert asked[0].summary == f"mkfs.ext4 would overwrite {what}: {top} (under {place})."
    assert {"backups"} == {reason.code for reason in asked[0].reasons}
    assert unattended.decision is Decision.REFUSE
    if what == "archived WAL":  # what a nightly `find -mtime +7 -delete` thins out
        assert tree.decision is Decision.ALLOW
    else:
        assert (tree.decision, tree.summary) == (Decision.CHALLENGE, f"rm -rf would delete {what}: {top}.")


def test_what_only_looks_like_it_passes(loop: str, tmp_path: Path) -> None:
    place = tmp_path / "volume"

    def work() -> list[Verdict]:
        put(place, *HARMLESS)
        return [verdict_on(f"mkfs.ext4 -F {loop}", AT_TERMINAL), verdict_on(f"rm -rf {place}/*", AT_TERMINAL)]

    assert {each.decision for each in on(loop, place, work)} == {Decision.ALLOW}


def test_what_is_mounted_below_stands_elsewhere(loop: str, tmp_path: Path) -> None:
    other = attach(tmp_path / "other")
    place = tmp_path / "volume"

    def work() -> list[Verdict]:
        run("mkfs.ext4", "-q", other)
        (place / "inner").mkdir()
        run("mount", other, str(place / "inner"))
        put(place / "inner", *KEPT["archived WAL"])
        return [verdict_on(f"wipefs -a {device}", AT_TERMINAL) for device in (loop, other)]

    try:
        outer, inner = on(loop, place, work)
        assert (outer.decision, inner.decision) == (Decision.ALLOW, Decision.CHALLENGE)
    finally:
        detach(other)


_WHOLE_MACHINE = """
import os, subprocess, sys
from pathlib import Path
from guardsh.model.verdict import Caller
from tests.decisions.judging import verdict_on
device, place, *needed = sys.argv[1:]
subprocess.run(["mount", device, place], check=True)
for directory in needed:
    os.makedirs(place + directory, exist_ok=True)
    subprocess.run(["mount", "--rbind", directory, place + directory], check=True)
for directory in ("/tmp", "/var"):  # where the files of the machine's other loop devices are
    os.mkdir(place + directory)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place + directory], check=True)
os.mkdir(f"{place}/proc")
subprocess.run(["mount", "-t", "proc", "proc", f"{place}/proc"], check=True)
os.chroot(place)
os.chdir("/")
for link in ("bin", "lib", "lib64", "sbin"):
    os.symlink(f"usr/{link}", f"/{link}")
os.makedirs("/srv/repo/archive/main")
Path("/srv/repo/archive/main/archive.info").write_text("x")
os.mkdir("/etc")
for line in ("", "repo1-path=/nothing", "repo1-path=/srv/repo"):
    Path("/etc/pgbackrest.conf").write_text(f"[global]\\n{line}\\n")
    verdict = verdict_on(f"wipefs -a {device}", Caller(True, "", 0))
    print(verdict.decision.name, verdict.summary, *(reason.sources for reason in verdict.reasons))
"""


def test_on_the_file_system_of_the_whole_machine(loop: str, tmp_path: Path) -> None:
    """Which is not searched: the configuration tells. A backup host has no data directory that would."""
    (tmp_path / "root").mkdir()
    needed = dict.fromkeys(("/usr", "/sys", "/dev", os.path.dirname(sys.prefix), sys.base_prefix))
    own = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
    words = (*own, sys.executable, "-c", _WHOLE_MACHINE, loop, str(tmp_path / "root"), *needed)
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [
        "ALLOW ",
        "ALLOW ",
        "CHALLENGE wipefs would overwrite backups of pgBackRest: /srv/repo (under /). "
        "('repo1-path in /etc/pgbackrest.conf',)",
    ]


def test_a_look_that_does_not_end_is_not_known(loop: str, tmp_path: Path) -> None:
    place = tmp_path / "volume"

    def work() -> Findings:
        place.mkdir()
        run("mount", loop, str(place))
        invocation = Invocation(("wipefs", "-a", loop), "/", {})
        return findings.look(commands.understand(invocation), invocation, replace(config.builtin(), deadline=0.001))

    assert any(with_mounts(work).unseen)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[str]:
    """One that holds a backup and its WAL."""
    device = attach(tmp_path / "large", 256 << 20)
    try:
        run("mkfs.ext4", "-q", device)
        yield device
    finally:
        detach(device)


def test_a_real_repository(large: str, lab: Lab) -> None:
    """Compressed, as pgBackRest has it: its names end in .gz, and nothing else tells."""
    if shutil.which("pgbackrest") is None or lab.account is None:
        pytest.skip("needs pgBackRest, and root")
    place = Path(lab.directory, "volume")

    def work() -> list[Verdict]:
        _back_up(lab, place)
        [label] = (place / "repo/backup/main").glob("2*F")
        lines = (f"mkfs.ext4 -F {large}", f"rm -rf {place}/repo", f"rm -rf {label}")
        return [verdict_on(line, AT_TERMINAL) for line in lines]

    device, tree, label = on(large, place, work)
    assert device.summary == f"mkfs.ext4 would overwrite backups of pgBackRest: {place}/repo (under {place})."
    assert {each.decision for each in (device, tree, label)} == {Decision.CHALLENGE}
    assert "backups of pgBackRest" in label.summary


def _back_up(lab: Lab, place: Path) -> None:
    """A full backup of a running primary, which archives to the repository."""
    assert lab.account is not None
    lab.give(str(place))
    file = Path(lab.directory, "pgbackrest.conf")
    tool = f"pgbackrest --config={file} --stanza=main"
    server = lab.primary(settings={"archive_mode": "on", "archive_command": f"{tool} archive-push %p"})
    own = {"log-path": lab.sockets, "spool-path": lab.sockets, "lock-path": lab.sockets, "repo1-path": f"{place}/repo"}
    of = {"path": server.directory, "port": server.port, "socket-path": lab.sockets, "user": "postgres"}
    lines = [*(f"{key}={value}" for key, value in own.items()), "[main]", *(f"pg1-{key}={of[key]}" for key in of)]
    file.write_text("\n".join(["[global]", "start-fast=y", *lines, ""]))
    for verb in ("stanza-create", "backup"):
        subprocess.run(
            [*tool.split(), verb], user=lab.account.uid, group=lab.account.gid, capture_output=True, check=True
        )


def test_who_says_where_backups_are(tmp_path: Path) -> None:
    put(tmp_path, "etc/barman.d/x.conf", "etc/wal-g.d/env/WALG_FILE_PREFIX", "etc/wal-g/main.json", "etc/wal-g/x.yaml")
    (tmp_path / "etc/barman.conf").write_text("[barman]\nbarman_home = /b\n;barman_home = /c\n")
    (tmp_path / "etc/barman.d/x.conf").write_text("[x]\nwals_directory = /w\nbackup_directory = %(home)s/x\n")
    (tmp_path / "etc/wal-g.d/env/WALG_FILE_PREFIX").write_text("/g\n")
    (tmp_path / "etc/wal-g/main.json").write_text('{"WALG_FILE_PREFIX": "/h", "WALG_S3_PREFIX": "/s"}')
    (tmp_path / "etc/wal-g/x.yaml").write_text("WALG_FILE_PREFIX: /i\nother: /j\n")
    put(tmp_path, "data/PG_VERSION", "data/global/pg_control")
    (tmp_path / "data/postgresql.conf").write_text(
        "archive_command = 'test ! -f \"/a b/%f\" && gzip < %p > /a/%f.gz'\n"
    )
    pairs = [(data_directory.look(str(tmp_path / "data"), root=str(tmp_path)), None)]
    said = dict(repositories.told(pairs, {"WALG_FILE_PREFIX": "/e"}, str(tmp_path)))
    assert set(said) == {"/a", "/e", "/b", "/w", "/g", "/h", "/i"}
    assert said["/a"] == f"archive_command of {tmp_path}/data"
    assert said["/h"] == f"WALG_FILE_PREFIX in {tmp_path}/etc/wal-g/main.json"


def test_status_says_what_they_stand_on(loop: str, tmp_path: Path) -> None:
    place = tmp_path / "volume"

    def work() -> Node:
        place.mkdir()
        run("mount", loop, str(place))
        put(place, *KEPT["archived WAL"])
        bare = Node("db-01", (), Unknown("not looked at"), 0.0)
        environment = {"WALG_FILE_PREFIX": str(place / "archive")}
        return stack.beneath(repositories.on(bare, environment, Deadline(20.0)), Deadline(20.0))

    seen = with_mounts(work).backups
    assert isinstance(seen, Known)
    [found] = [each for each in seen.value if each.path == str(place / "archive")]
    assert found.stack is not None
    assert isinstance(found.stack.top, Known)
    assert [each.name for each in layers(found.stack.top.value)][:2] == [str(place), os.path.basename(loop)]


def test_a_configured_place_counts_by_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, f"full/{SEGMENT}", "other/x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("full")

    def known(name: str) -> tuple[Backup, ...]:
        return repositories.holding([(str(tmp_path / name), "said")], Deadline(20.0))

    assert [each.path for each in known("link")] == [str(tmp_path / "full")]
    assert not any(map(known, ("empty", "other", "absent")))
