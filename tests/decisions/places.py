"""What lies around on every node of the decision book: homes, backups, configuration of tools, devices."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

DATA = "/var/lib/postgresql/15/main"
CONFIGURATION = "/etc/postgresql/15/main"
TABLESPACE = "/mnt/fast/pg_ts"
# What is in the server of the primary, or of the one that the replica follows: databases, and statements with the
# tablespace's place to fill in. When the last has run, all is there.
SHOP = (
    ("postgres", "create tablespace fast location '{}'"),
    ("postgres", "create database app"),
    ("app", "create table archive (id int) tablespace fast"),
    ("app", "create table orders (id int)"),
)

_OWN = ("/srv", "/var/lib/postgresql", "/run/postgresql", "/root", "/mnt", "/home", "/opt", "/backup")
_DIRECTORIES = (
    *("/root/src/app/node_modules/left-pad", "/root/src/app/build", "/root/src/app/.git", "/root/src/empty"),
    *("/root/src/notes", "/root/.ssh", "/home/anna/tmp", "/home/anna/notes", "/home/anna/work"),
    *("/srv/restore", "/srv/wal", "/srv/www/static", "/opt/wal-g", "/mnt/usb", "/mnt/slow", "/mnt/fast/other"),
    *("/backup/pg", "/backup/wal", "/backup/base/base/1", "/backup/nightly-2025-08-01", "/backup/basebackup"),
    *("/etc/pgbackrest", "/etc/patroni", "/dev/vg0", "/dev/mapper", "/dev/shm"),
)
_FILES = {
    "/root/.bashrc": "x\n",
    "/root/.bash_history": "mkfs.ext4 /dev/sdz\n",
    "/root/destroy.sql": "begin;\ndrop table orders;\ncommit;\n",
    "/root/dump.sql": "select 1;\n",
    "/root/list.txt": "a\nb\n",
    "/root/old.tar.gz": "x\n",
    "/root/pg_hba.conf": "local all all peer\n",
    "/root/report.sql": "-- drop table orders\nselect count(*) from orders;\n",
    "/root/src/app/build/a.o": "x\n",
    "/root/src/app/package.json": "{}\n",
    "/root/src/notes/rm.txt": "x\n",
    "/srv/www/index.html": "x\n",
    "/mnt/usb/x": "x\n",
    "/backup/base/PG_VERSION": "15\n",
    "/backup/base/base/1/1259": "x\n",
    "/backup/pg/app.dump": "x\n",
    "/backup/wal/000000010000000000000001": "x\n",
    "/etc/pgbackrest/pgbackrest.conf": f"[global]\nrepo1-path=/backup/pgbackrest\n\n[main]\npg1-path={DATA}\n",
    "/etc/patroni/config.yml": f"scope: main\nname: db-01\npostgresql:\n  data_dir: {DATA}\n",
    "/etc/repmgr.conf": f"node_id=1\nnode_name='db-01'\ndata_directory='{DATA}'\n",
}
_STANDARD_DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}  # of major 1, random(4), null(4)
_DISK_THAT_IS_NOT_THERE = os.makedev(8, 0xFFFF0)


def make(shared: str) -> None:
    """In a mount namespace of its own, so that nothing of it is seen outside, and of outside only ``shared``."""
    socket.sethostname("db-01")
    for place in _OWN:
        _mount("tmpfs", place)
    _make_tmp(shared)
    _mount("tank/fast", "/mnt/fast")
    _make_etc()
    _make_dev()
    for directory in _DIRECTORIES:
        os.makedirs(directory, exist_ok=True)
    for name, text in _FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    run("tar", "-C", "/backup", "-czf", "/backup/main.tgz", "base")
    run("tar", "-C", "/backup/base", "-cf", "/backup/pg/base.tar", ".")
    os.symlink(DATA, "/srv/data-link")
    _make_devices()
    _make_environment()


def run(*words: str) -> None:
    subprocess.run(words, check=True)


def _mount(source: str, place: str) -> None:
    os.makedirs(place, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755", source, place)


def _make_tmp(shared: str) -> None:
    os.makedirs(f"/srv/.tmp{shared.removeprefix('/tmp')}")
    run("mount", "--bind", shared, f"/srv/.tmp{shared.removeprefix('/tmp')}")
    run("mount", "--rbind", "/srv/.tmp", "/tmp")
    os.chmod("/tmp", 0o1777)


def _make_etc() -> None:
    """A copy, without any configuration of Postgres."""
    shutil.copytree("/etc", "/srv/.etc", symlinks=True, ignore=shutil.ignore_patterns("postgresql", "guardsh"))
    run("mount", "--bind", "/srv/.etc", "/etc")


def _make_dev() -> None:
    """Only what Postgres and shells need."""
    os.makedirs("/srv/.dev")
    for name, minor in _STANDARD_DEVICES.items():
        os.mknod(f"/srv/.dev/{name}", stat.S_IFCHR | 0o666, os.makedev(1, minor))
        os.chmod(f"/srv/.dev/{name}", 0o666)
    os.symlink("/proc/self/fd", "/srv/.dev/fd")
    run("mount", "--bind", "/srv/.dev", "/dev")
    _mount("tmpfs", "/dev/shm")
    os.chmod("/dev/shm", 0o1777)


def _make_devices() -> None:
    """Names for what is mounted: to /proc/self/mountinfo and stat(2) a device is a number, that of a tmpfs, too."""
    for name, number in (
        ("md0", os.stat("/var/lib/postgresql").st_dev),
        ("sda1", os.stat("/home").st_dev),
        ("sdb", _DISK_THAT_IS_NOT_THERE),
    ):
        os.mknod(f"/dev/{name}", stat.S_IFBLK | 0o660, number)
    os.symlink("../md0", "/dev/vg0/pgdata")
    os.symlink("../md0", "/dev/mapper/vg0-pgdata")


def _make_environment() -> None:
    os.environ["HOME"] = "/root"
    for name in [name for name in os.environ if name.startswith(("PG", "WALG", "SUDO", "BARMAN", "REPMGR"))]:
        del os.environ[name]
