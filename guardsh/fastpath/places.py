"""Where instances are, as far as names, links and running servers tell. Light, as the whole package."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Any of these names in a directory makes it, or a directory above or below it, an instance's business.
MARKS = (
    "PG_VERSION", "archive_status", "backup.manifest", "backup_label", "backup_manifest", "pg_clog", "pg_control",
    "pg_hba.conf", "pg_tblspc", "pg_wal", "pg_xact", "pg_xlog", "postgresql.auto.conf", "postgresql.conf",
    "postmaster.pid", "recovery.conf", "recovery.signal", "standby.signal",
)  # fmt: skip
_MARKS = frozenset(MARKS)

# Any of these below a directory makes it one of backups, or may (observe/backups.py).
BACKUPS = (
    "archive.info", "archive.info.copy", "backup.info", "backup.info.copy", "basebackups_005", "wal_005", "wals",
    "pg_wal.tar", "pg_wal.tar.bz2", "pg_wal.tar.gz", "pg_wal.tar.lz4", "pg_wal.tar.xz", "pg_wal.tar.zst",
)  # fmt: skip
_TELLING = frozenset((*MARKS, *BACKUPS))

_HEXADECIMAL = frozenset("0123456789ABCDEF")
SERVERS = ("postgres", "postmaster", "edb-postgres", "edb-postmaster")

# What below /dev has nothing to lose, or holds files.
_NO_DEVICES = frozenset(
    "console fd full hugepages mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".split()  # noqa: SIM905
)


def is_device(path: str) -> bool:
    """Whether this normal path names a device that has something to lose: not null and its like, and no terminal.

    >>> list(map(is_device, ("/dev/sda", "/dev/disk/by-id/x", "/dev/null", "/dev/pts/3", "/dev/shm/file", "/x")))
    [True, True, False, False, False, False]
    """
    if not path.startswith("/dev/"):
        return False
    name = path.split("/")[2]
    return name not in _NO_DEVICES and not name.startswith(("tty", "vcs"))


class Parents:
    """The directories in which operands lie, each looked at once."""

    def __init__(self) -> None:
        self._seen: dict[str, bool] = {}

    def unrelated_entry(self, operand: str) -> bool:
        """A name that is no link into somewhere, in a directory that no instance is above of."""
        bare = operand.rstrip("/")
        head, _, last = bare.rpartition("/")
        if last in ("", ".", ".."):
            return False
        try:
            mode = os.lstat(operand).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return True
        if last in _MARKS or like_transactions(last) or leads_to_no_file(bare):
            return False
        parent = (head or "/") if bare.startswith("/") or head else "."
        if parent not in self._seen:
            self._seen[parent] = not any(map(inside_instance, {os.path.realpath(parent), os.path.abspath(parent)}))
        return self._seen[parent] and not (stat.S_ISDIR(mode) and last.startswith("PG_"))


def like_transactions(name: str) -> bool:
    """Named as a file of pg_xact is, which a link may have moved to where nothing else tells (slru.c, SlruFileName)."""
    return len(name) == 4 and _HEXADECIMAL.issuperset(name)


def leads_to_no_file(path: str) -> bool:
    """Whether it is a link, and not to a file."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode) and not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def inside_instance(directory: str) -> bool:
    """Whether this directory, or one above it, carries a mark, or is a tablespace's."""
    while True:
        if os.path.basename(directory).startswith("PG_"):
            return True
        prefix = directory if directory == "/" else directory + "/"
        if any(os.path.lexists(prefix + mark) for mark in MARKS):
            return True
        if directory == "/":
            return False
        directory = os.path.dirname(directory)


def unrelated_tree(operand: str, servers: Sequence[str], most: float = float("inf")) -> bool:
    """Nothing below carries a mark, leads to where a server runs, or is where one runs; with more than ``most``
    directories that is not certain."""
    top = os.path.realpath(operand)
    if any(nested(top, server) for server in servers):
        return False
    pending = [operand] if os.path.isdir(operand) else []
    if not pending and os.path.isdir(top):  # file/.. is nothing to the kernel; some programs read it as text
        return False
    while pending:
        most -= 1
        if most < 0:
            return False
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                name = entry.name
                if name in _TELLING or name[:3] == "PG_":  # a slice: this loop is what a large tree pays for
                    return False
                if entry.is_file(follow_symlinks=False):
                    if len(name) == 4 and like_transactions(name):
                        return False
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_symlink() and not _stray_link(entry.path, servers):
                    return False
    return True


def _stray_link(link: str, servers: Sequence[str]) -> bool:
    target = os.path.realpath(link)
    if any(nested(target, server) for server in servers):
        return False
    return not os.path.isdir(target) or not inside_instance(target)


def nested(one: str, other: str) -> bool:
    """Whether one resolved path is the other, or lies below it."""
    return os.path.commonpath((one, other)) in (one, other)


def places_of_servers() -> Iterator[str]:
    """Where servers run, and where the links in their data directories lead (resolved)."""
    for pid in os.listdir("/proc"):
        if pid.isdigit() and name_of(pid) in SERVERS:
            try:
                directory = os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
            except OSError:
                continue
            yield directory
            yield from _links_in(directory)
            yield from _links_in(directory + "/pg_tblspc")


def _links_in(directory: str) -> Iterator[str]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield os.path.realpath(entry.path)
    except FileNotFoundError:
        return


def name_of(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return os.fsdecode(file.read()).rstrip("\n")
    except OSError:
        return ""
