"""Certainly unrelated: decided in about a millisecond, and never wrong in that direction.

Light by contract: nothing but os and stat may be imported here (tests/test_imports.py). Every doubt is answered
"not certain", and the engine decides. What passes here, the engine would have allowed (tests/properties).
"""

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

_HEXADECIMAL = frozenset("0123456789ABCDEF")
_RM_LETTERS = frozenset("dfiIrRv")
_RM_WORDS = frozenset(
    "--dir --force --interactive --one-file-system --preserve-root --recursive --verbose".split()  # noqa: SIM905
)
_WAL_G_HARMLESS = frozenset(
    "backup-list backup-push catchup-list completion flags help wal-push wal-receive wal-show wal-verify".split()  # noqa: SIM905
)
_WAL_G_WITHOUT_VALUE = frozenset("--help --turbo -h".split())  # noqa: SIM905
_PG_CTL_HARMLESS = frozenset("logrotate reload status".split())  # noqa: SIM905
_PG_CTL_WITHOUT_VALUE = frozenset("-s --silent -w --wait -W --no-wait".split())  # noqa: SIM905
_PG_CTL_WITH_VALUE = frozenset("-D --pgdata -l --log -m --mode -t --timeout".split())  # noqa: SIM905
_SERVERS = ("postgres", "postmaster", "edb-postgres", "edb-postmaster")
_SHELLS = ("bash", "dash", "ksh", "sh", "zsh")
_HA_MANAGERS = ("patroni", "pg_autoctl", "repmgrd", "stolon-keeper")


def certainly_unrelated(name: str, arguments: Sequence[str]) -> bool:
    """Whether the guarded command ``name`` with ``arguments`` cannot touch anything of an instance.

    Looks at the working directory and the files as they are; an error while looking is a doubt.
    """
    prefilter = {"pg_ctl": _pg_ctl, "rm": _rm, "wal-g": _wal_g}.get(name)
    if prefilter is None:
        return False
    try:
        return prefilter(arguments) or _run_by_the_server(name, arguments)
    except (OSError, ValueError):
        return False


# rm


def _rm(arguments: Sequence[str]) -> bool:
    recursive, operands = _rm_words(arguments)
    if operands is None:
        return False
    if not recursive:
        return all(map(_Parents().unrelated_entry, operands))
    servers = tuple(_places_of_servers())
    parents = _Parents()
    return all(parents.unrelated_entry(operand) and _unrelated_tree(operand, servers) for operand in operands)


def _rm_words(arguments: Sequence[str]) -> tuple[bool, list[str] | None]:
    """Whether it is recursive, and the operands; None for a spelling that is not certain here."""
    recursive = False
    operands: list[str] = []
    options = True
    if "POSIXLY_CORRECT" in os.environ:
        return False, None
    for word in arguments:
        if not options or not word.startswith("-") or word == "-":
            operands.append(word)
        elif word == "--":
            options = False
        elif word.startswith("--"):
            if word.partition("=")[0] not in _RM_WORDS:
                return False, None
            recursive = recursive or word == "--recursive"
        elif not _RM_LETTERS.issuperset(word[1:]):
            return False, None
        else:
            recursive = recursive or "r" in word or "R" in word
    return recursive, operands


class _Parents:
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
        if last in _MARKS or _like_transactions(last) or _leads_to_no_file(bare):
            return False
        parent = (head or "/") if bare.startswith("/") or head else "."
        if parent not in self._seen:
            self._seen[parent] = not any(map(_inside_instance, {os.path.realpath(parent), os.path.abspath(parent)}))
        return self._seen[parent] and not (stat.S_ISDIR(mode) and last.startswith("PG_"))


def _like_transactions(name: str) -> bool:
    """Named as a file of pg_xact is, which a link may have moved to where nothing else tells (slru.c, SlruFileName)."""
    return len(name) == 4 and _HEXADECIMAL.issuperset(name)


def _leads_to_no_file(path: str) -> bool:
    """Whether it is a link, and not to a file."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode) and not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def _inside_instance(directory: str) -> bool:
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


def _unrelated_tree(operand: str, servers: Sequence[str]) -> bool:
    """Nothing below carries a mark, leads to where a server runs, or is where one runs."""
    top = os.path.realpath(operand)
    if any(_nested(top, server) for server in servers):
        return False
    pending = [operand] if os.path.isdir(operand) else []
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                name = entry.name
                if name in _MARKS or name[:3] == "PG_":  # a slice: this loop is what a large tree pays for
                    return False
                if entry.is_file(follow_symlinks=False):
                    if len(name) == 4 and _like_transactions(name):
                        return False
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_symlink() and not _stray_link(entry.path, servers):
                    return False
    return True


def _stray_link(link: str, servers: Sequence[str]) -> bool:
    target = os.path.realpath(link)
    if any(_nested(target, server) for server in servers):
        return False
    return not os.path.isdir(target) or not _inside_instance(target)


def _nested(one: str, other: str) -> bool:
    """Whether one resolved path is the other, or lies below it."""
    return os.path.commonpath((one, other)) in (one, other)


def _places_of_servers() -> Iterator[str]:
    """Where servers run, and where the links in their data directories lead (resolved)."""
    for pid in os.listdir("/proc"):
        if pid.isdigit() and _comm(pid) in _SERVERS:
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


# wal-g and pg_ctl


def _wal_g(arguments: Sequence[str]) -> bool:
    """Whether the verb is one that only reads, or writes to the archive what is not there yet.

    The verb is the first word that is neither an option nor an option's value; an option whose value may be the next
    word is a doubt, but for --config.
    """
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word in _WAL_G_HARMLESS
        if word in _WAL_G_WITHOUT_VALUE or "=" in word:
            continue
        if word != "--config":
            return False
        next(words, None)
    return False


def _pg_ctl(arguments: Sequence[str]) -> bool:
    """Whether the only word that is no common option nor the value of one is a harmless action (it may stand
    anywhere, src/bin/pg_ctl/pg_ctl.c)."""
    words = iter(arguments)
    others = []
    for word in words:
        if word in _PG_CTL_WITH_VALUE:
            next(words, None)
        elif word not in _PG_CTL_WITHOUT_VALUE:
            others.append(word)
    return len(others) == 1 and others[0] in _PG_CTL_HARMLESS


# who asks


def _run_by_the_server(name: str, arguments: Sequence[str]) -> bool:
    """Whether an HA manager runs this, or Postgres itself (archive_command, restore_command).

    A server never has a reason to remove a tree or to stop itself: that stays with the engine even then.
    """
    recursive, operands = _rm_words(arguments)
    harmless_for_server = name == "wal-g" or (name == "rm" and operands is not None and not recursive)
    return any(
        _is_ha_manager(comm, words) or (comm in _SERVERS and harmless_for_server)
        for comm, words in _lineage()
        if os.path.basename(words[0]) not in _SHELLS  # a shell's script has any name that somebody gave it
    )


def _is_ha_manager(comm: str, words: list[str]) -> bool:
    """By its own name, or by its script's where an interpreter runs it; never by what somebody else has open."""
    script = words[1] if len(words) > 1 and os.path.basename(words[0]).startswith("python") else ""
    return comm in _HA_MANAGERS or os.path.basename(script) in _HA_MANAGERS


def _lineage() -> Iterator[tuple[str, list[str]]]:
    """Name and words of the processes above this one, up to process 1."""
    pid = os.getppid()
    while pid > 1:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = os.fsdecode(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
        yield data[data.index("(") + 1 : data.rindex(")")], words
        pid = int(data[data.rindex(")") + 2 :].split()[1])


def _comm(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return os.fsdecode(file.read()).rstrip("\n")
    except OSError:
        return ""
