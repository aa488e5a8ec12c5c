"""`guardsh status` as text, compared whole."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from guardsh.model.backup import Backup
from guardsh.model.boot import Assembly, Boot, Obstacle
from guardsh.model.data_directory import Contents, DataDirectory, Size
from guardsh.model.instance import (
    Archiver,
    Instance,
    Receiver,
    Replication,
    Role,
    Server,
    Slot,
    Standby,
    State,
    Witness,
)
from guardsh.model.node import Node
from guardsh.model.observed import Known, Unknown
from guardsh.model.place import Place
from guardsh.model.stack import Kind, Layer, Stack
from guardsh.model.storage import Array, Health, Member
from guardsh.screen.status import status

NOW = time.mktime((2024, 5, 14, 16, 0, 0, 0, 0, -1))
SQL = "on /run/postgresql:5432"

DIRECTORY = DataDirectory(
    place=Place("/mnt/data/postgresql-14", None),
    owner=26,
    contents=Known(Contents.CLUSTER, "PG_VERSION and global/pg_control"),
    version=Known("14", "PG_VERSION"),
    control=Unknown("not looked at"),
    files=Known(frozenset(), "directory listing"),
    primary_conninfo=Known("", ""),
    restore_command=Known("", ""),
    size=Known(Size(51_200_000_000_000, 1204, True), "pg_database_size()"),
)
SERVER = Server(4711, 26, NOW - 11_000, None, None, None, None, None, None, (), False)
REPLICATION = Replication(
    standbys=Known((Standby("db_02", "10.0.0.2", "streaming", "async", 16_000_000),), f"pg_stat_replication {SQL}"),
    slots=Known((Slot("db_03", "physical", False, 214_000_000_000),), f"pg_replication_slots {SQL}"),
    archiver=Known(Archiver("on", True, NOW - 9300, NOW - 9180, 1204, 19_000_000_000), f"pg_stat_archiver {SQL}"),
    receiver=Known(None, f"pg_stat_wal_receiver {SQL}"),
    clients=Known(412, f"pg_stat_activity {SQL}"),
    timeline=Known(3, f"pg_control_checkpoint() {SQL}"),
)
PRIMARY = Instance(
    DIRECTORY,
    SERVER,
    Known(State.RUNNING, "postmaster 4711"),
    Known(Role.PRIMARY, f"pg_is_in_recovery() = false {SQL}"),
    (
        Witness("processes", Known(Role.PRIMARY, "walwriter is running")),
        Witness("sql", Known(Role.PRIMARY, f"pg_is_in_recovery() = false {SQL}")),
        Witness("signal files", Unknown("standby.signal beside a running primary")),
    ),
    Known(REPLICATION, SQL),
    ("standby.signal exists: at its next start this primary would become a replica",),
)
NO_ARRAYS = Known((), "/proc/mdstat: no md driver")
NODE = Node("db-01", (PRIMARY,), NO_ARRAYS, NOW)


def text(node: Node, width: int = 110) -> str:
    return "\n".join(status(node, width))


def seen(replication: Replication) -> Node:
    return replace(NODE, instances=(replace(PRIMARY, replication=Known(replication, SQL)),))


def test_a_primary() -> None:
    assert (
        text(NODE)
        == """
  db-01  PRIMARY     PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h
  warning: standby.signal exists: at its next start this primary would become a replica

    role            primary      pg_is_in_recovery() = false on /run/postgresql:5432
      processes     primary      walwriter is running
      sql           primary      pg_is_in_recovery() = false on /run/postgresql:5432
      signal files  not known    standby.signal beside a running primary
    state           running      postmaster 4711
    size            51.2 TB      pg_database_size()
    replicas        1            pg_stat_replication on /run/postgresql:5432
                    db_02        streaming, async, from 10.0.0.2, 16 MB behind
    slots           1            pg_replication_slots on /run/postgresql:5432
                    db_03        physical, inactive, 214 GB of WAL kept for it
    archive         failing      since 13:27; last segment 2 h ago; 1 204 segments (19 GB) only on this host
    source          none         pg_stat_wal_receiver on /run/postgresql:5432
    timeline        3            pg_control_checkpoint() on /run/postgresql:5432
    clients         412          pg_stat_activity on /run/postgresql:5432
    only copy       no           pg_stat_replication on /run/postgresql:5432

    arrays     none         /proc/mdstat: no md driver
"""
    )


def test_nothing_found_is_said() -> None:
    assert (
        text(Node("db-01", (), Unknown("could not read /proc/mdstat: permission denied"), NOW))
        == """
  db-01  NO INSTANCE  no data directory of PostgreSQL was found

    arrays     not known    could not read /proc/mdstat: permission denied
"""
    )


def test_a_stopped_instance_of_unknown_role() -> None:
    stopped = Instance(
        replace(DIRECTORY, size=None, version=Unknown("could not read PG_VERSION"), contents=Unknown("denied")),
        None,
        Known(State.STOPPED, "no postmaster"),
        Unknown("could not read global/pg_control: permission denied"),
        (),
        Unknown("not running"),
    )
    assert (
        text(replace(NODE, instances=(stopped,)))
        == """
  db-01  UNKNOWN     /mnt/data/postgresql-14 · stopped

    role       not known    could not read global/pg_control: permission denied
    state      stopped      no postmaster
    contents   not known    denied

    arrays     none         /proc/mdstat: no md driver
"""
    )


def test_a_live_instance_that_does_not_answer() -> None:
    silent = replace(PRIMARY, replication=Unknown("no answer in 1.0 s"))
    lines = text(replace(NODE, instances=(silent,)))
    assert "    replication     not known    no answer in 1.0 s" in lines
    assert "    only copy       not known    no answer in 1.0 s" in lines


def test_no_replica_is_the_only_copy() -> None:
    lines = text(seen(replace(REPLICATION, standbys=Known((), f"pg_stat_replication {SQL}"))))
    assert "    replicas        none         pg_stat_replication" in lines
    assert "    only copy       yes          pg_stat_replication" in lines


@pytest.mark.parametrize(
    ("archiver", "value", "details"),
    [
        (Archiver("off", False, None, None, None, None), "off ", "SHOW archive_mode"),
        (Archiver("on", False, None, None, None, None), "no command ", "no archive_command or archive_library"),
        (Archiver("on", True, NOW - 60, None, 0, 0), "working ", "last segment 1 min ago"),
        (
            Archiver("on", True, None, None, None, None),
            "working ",
            "archived yet; segments only on this host: not known",
        ),
        (Archiver("on", True, None, NOW - 200_000, 3, None), "failing ", "since 2024-05-12 08:26; "),
    ],
)
def test_the_archive(archiver: Archiver, value: str, details: str) -> None:
    lines = text(seen(replace(REPLICATION, archiver=Known(archiver, "SHOW archive_mode"))))
    assert f"archive         {value}" in lines
    assert details in lines


def test_a_receiver() -> None:
    receiver = Receiver("streaming", "10.0.0.1", 5432, "db_02", 3.0)
    lines = text(seen(replace(REPLICATION, receiver=Known(receiver, "pg_stat_wal_receiver"))))
    assert "    source          10.0.0.1:5432  streaming, slot db_02; last heard of 3 s ago" in lines


def test_arrays_with_their_members() -> None:
    array = Array(
        name="md0",
        level="raid1",
        health=Health.DEGRADED,
        expected=2,
        working=1,
        members=(Member("sda1", 0, "in_sync"), Member("sdb1", None, "faulty")),
        progress=None,
        read_only="",
        source="/sys/block/md0/md",
        doubts=("could not read sync_action: input/output error",),
    )
    lines = text(replace(NODE, instances=(), arrays=Known((array,), "/proc/mdstat")))
    assert lines.endswith("""
    array      md0          raid1 1 of 2 in sync, degraded (/sys/block/md0/md)
                 sda1       in_sync, slot 0
                 sdb1       faulty
                            could not read sync_action: input/output error
""")


def test_what_the_next_boot_would_not_bring_back() -> None:
    array = Array("md0", "raid1", Health.CLEAN, 2, 2, (), None, "", "/proc/mdstat")
    gone = Obstacle("the superblock of sdb1 (member 1 of md0) is not there", "mdadm --examine /dev/sdb1")
    ahead = Boot(
        (
            Assembly("md0", (gone,), ("1 of 2 superblocks cannot be seen: no answer",), ("md0 is not in mdadm.conf",)),
            Assembly("md1", (gone,)),
        ),
        Known((), "/proc"),
        Known(("/mnt/data",), "/etc/fstab"),
    )
    lines = text(replace(NODE, instances=(), arrays=Known((array,), "/proc/mdstat"), boot=ahead), 140)
    assert lines.endswith("""
    array      md0          raid1 2 of 2 in sync (/proc/mdstat)
                            at boot: the superblock of sdb1 (member 1 of md0) is not there (to see it: mdadm --examine /dev/sdb1)
                            at boot: not known whether it comes up: 1 of 2 superblocks cannot be seen: no answer
                            at boot: md0 is not in mdadm.conf
    mounts     /mnt/data    by hand: nothing mounts it at boot (/etc/fstab)
""")  # noqa: E501


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    hostile = replace(PRIMARY, warnings=("\x1b]0;owned\x07",), directory=replace(DIRECTORY, place=Place("/a\nb", None)))
    lines = text(replace(NODE, host="db\x9b31m", instances=(hostile,)))
    assert lines.replace("\n", "").isprintable()


def test_backups_and_what_they_stand_on() -> None:
    stack = Stack("/mnt/b/repo", Known(Layer(Kind.FILE_SYSTEM, "/mnt/b", "xfs"), "/sys"))
    backup = Backup("/mnt/b/repo", "backups of pgBackRest", "repo1-path in /etc/pgbackrest.conf", stack=stack)
    lines = status(replace(NODE, backups=Known((backup,), "their configuration")), 100)
    first = next(number for number, line in enumerate(lines) if "backups" in line)
    assert [" ".join(line.split()) for line in lines[first : first + 2]] == [
        "backups /mnt/b/repo backups of pgBackRest (repo1-path in /etc/pgbackrest.conf)",
        "stands on /mnt/b xfs",
    ]
    unknown = "\n".join(status(replace(NODE, backups=Unknown("no answer in 0.2 s")), 100))
    assert "backups not known no answer in 0.2 s" in " ".join(unknown.split())


def test_the_stack_is_drawn_as_a_tree() -> None:
    disk = Layer(Kind.DISK, "nvme3n1", role="slot 3, in sync", size=15_360_000_000_000)
    array = Layer(
        Kind.ARRAY,
        "md0",
        "raid10 7 of 8 in sync, degraded",
        below=(Layer(Kind.MISSING, "-", role="slot 2, missing"), disk),
    )
    volume = Layer(Kind.VOLUME, "vg0/data", "linear", size=61_440_000_000_000, below=(array,))
    top = Layer(Kind.FILE_SYSTEM, "/mnt/data", "ext4", below=(volume,), doubts=("dm-1 disappeared",))
    stacks = (Stack("/mnt/data/postgresql-14", Known(top, "/sys")), Stack("/mnt/wal", Unknown("no answer in 0.2 s")))
    found = replace(PRIMARY, directory=replace(DIRECTORY, stacks=stacks))
    lines = status(Node("db-02", (found,), Unknown("not looked at"), NOW), 100)
    first = next(number for number, line in enumerate(lines) if "stands on" in line)
    assert [" ".join(line.split()) for line in lines[first : first + 7]] == [
        "stands on /mnt/data ext4",
        "dm-1 disappeared",
        "└ vg0/data volume, linear, 61.4 TB",
        "└ md0 raid10 7 of 8 in sync, degraded",
        "└ - missing; slot 2, missing",
        "└ nvme3n1 disk, 15.4 TB; slot 3, in sync",
        "wal not known no answer in 0.2 s",
    ]
    assert lines[first + 4].index("└") == lines[first + 3].index("└") + 2
