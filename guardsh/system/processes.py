"""The live postmasters of this machine, and who has files open below a directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from guardsh.model.instance import Server
from guardsh.model.place import Place
from guardsh.system import proc

# The kernel's name of the process. EDB Advanced Server prefixes its binaries.
_NAMES = frozenset({"postgres", "postmaster", "edb-postgres", "edb-postmaster"})
_TITLE = "postgres: "  # set_ps_display, src/backend/utils/misc/ps_status.c: every child, never the postmaster
_DELETED = " (deleted)"
_VALUED = "BCcDdfhkNprStvW"  # getopt strings of PostmasterMain and process_postgres_switches, PostgreSQL 12 to 18
_ANSWERS = ("-C", "--describe-config", "--help", "--version", "-V", "-?")  # prints something and exits
_FROZEN = ("refrigerator", "freezer")  # in the wchan of a task that a cgroup freezer holds (v1, v2)
_AS_MANY_AS_ANYONE_READS = 16


@dataclass(frozen=True, slots=True)
class _Options:
    """The command line of a postmaster: one-letter options, and settings given by -c name=value or --name=value."""

    letters: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


def servers(root: str = "/proc") -> tuple[Server, ...]:
    """Every live postmaster, by pid. One pass over ``root``; whatever vanishes meanwhile is left out.

    A process that is single-user or bootstrapping counts: it has the directory to itself. An orphan whose postmaster
    died does not (``open_files_below`` finds it).
    """
    found = {process.pid: process for process in proc.processes(root) if _is_postgres(process, root)}
    booted = proc.booted(root)
    made = (
        _server(process, _titles(process.pid, found, root), booted, root)
        for process in found.values()
        if process.parent not in found and _serves(process.pid, root)
    )
    return tuple(sorted((server for server in made if server is not None), key=lambda server: server.pid))


def open_files_below(place: Place, root: str = "/proc") -> tuple[int, ...]:
    """Process ids (at most 16) that have a file open below the directory, or work in it.

    Best effort: processes that this account may not look into are left out. The caller's own process group is not
    looked at. A shell that merely stands in the directory does not count: session leaders and the caller's ancestors.
    """
    listed = {process.pid: process for process in proc.processes(root)}
    ancestors = proc.ancestors(os.getpid(), listed)
    found = (
        process.pid
        for process in listed.values()
        if process.group != os.getpgrp()
        and (
            _has_open(process.pid, place.path, root)
            or (not _is_shell(process) and process.pid not in ancestors and _works_in(process.pid, place.path, root))
        )
    )
    return tuple(islice(found, _AS_MANY_AS_ANYONE_READS))


def _is_postgres(process: proc.Process, root: str) -> bool:
    """By name, and by executable where that may be read (a script called ``postgres`` is not one)."""
    if process.name not in _NAMES:
        return False
    executable = proc.link(f"{root}/{process.pid}/exe")
    return executable is None or "postgres" in executable or "postmaster" in executable


def _serves(pid: int, root: str) -> bool:
    words = proc.words(pid, root)
    return bool(words) and not words[0].startswith(_TITLE) and not any(word.startswith(_ANSWERS) for word in words[1:])


def _server(process: proc.Process, titles: tuple[str, ...], booted: float, root: str) -> Server | None:
    here = f"{root}/{process.pid}"
    owner = proc.owner(here)
    if owner is None:
        return None
    started = booted + process.ticks / os.sysconf("SC_CLK_TCK")
    options = _options(proc.words(process.pid, root)[1:])
    lock = _lock_file(here, process.pid, started)
    given = options.letters.get("D") or options.settings.get("data_directory")
    directory, deleted = _directory(here, lock) if lock or _entered(here, given) else (_named(given), False)
    executable = proc.link(f"{here}/exe")
    return Server(
        pid=process.pid,
        owner=owner,
        started=started,
        directory=directory,
        executable=executable and executable.removesuffix(_DELETED),  # deleted: the package was upgraded
        directory_argument=given,
        configuration_file=options.settings.get("config_file"),
        socket_directory=_socket_directory(options, lock),
        port=_port(options, lock),
        titles=titles,
        suspended=process.state in "Tt" or any(word in proc.read(f"{here}/wchan") for word in _FROZEN),
        directory_deleted=deleted,
    )


def _titles(postmaster: int, found: dict[int, proc.Process], root: str) -> tuple[str, ...]:
    """What the children call themselves, without ``postgres: `` and the cluster name: the part that all share."""
    children = sorted(process.pid for process in found.values() if process.parent == postmaster)
    lines = (proc.words(pid, root) for pid in children)
    titles = [words[0].removeprefix(_TITLE) for words in lines if words and words[0].startswith(_TITLE)]
    shared = os.path.commonprefix(titles)  # noqa: RUF071 (these are no paths)
    name = shared.rfind(": ") + 2 if ": " in shared else 0
    return tuple(title[name:] for title in titles)


def _directory(here: str, lock: Sequence[str]) -> tuple[Place | None, bool]:
    """The working directory, and whether it has been removed.

    A postmaster in a container sees another tree: where its path does not lead here to the same directory, the path
    goes through /proc/PID/root, which the kernel follows (but realpath(3) must not). Where its mount was taken
    away from under it (umount -l), the kernel shows a part of the path only; the lock file has all of it.
    """
    shown = proc.link(f"{here}/cwd")
    identity = proc.identity(f"{here}/cwd")
    if shown is None or identity is None:
        return None, False
    if proc.identity(shown) == identity:
        return Place(shown, identity), False
    if len(lock) > 1 and proc.identity(lock[1]) == identity:
        return Place(lock[1], identity), False
    if shown.endswith(_DELETED) and proc.identity(f"{here}/root{shown}") != identity:
        return Place(shown.removesuffix(_DELETED), identity), True
    return Place(f"{here}/root{shown}", identity), False


def _entered(here: str, given: str | None) -> bool:
    """Whether a postmaster without a lock file has gone into its data directory.

    It does so within milliseconds of its start, unless the disk hangs. A directory whose contents are gone from under
    it is told from the one it was started in by -D, which may also name a configuration directory. One that was
    removed is it, whoever has put a new one in its place.
    """
    shown = proc.link(f"{here}/cwd")
    if shown is None or os.path.lexists(f"{here}/cwd/PG_VERSION"):
        return True
    if given is not None and shown in (f"{given}{_DELETED}", f"{os.path.realpath(given)}{_DELETED}"):
        return True
    if given is not None and os.path.isabs(given) and os.path.lexists(f"{given}/PG_VERSION"):
        return proc.identity(given) == proc.identity(f"{here}/cwd")
    return shown != "/"


def _named(given: str | None) -> Place | None:
    return Place(os.path.realpath(given), proc.identity(given)) if given and os.path.isabs(given) else None


def _lock_file(here: str, pid: int, started: float) -> list[str]:
    """The lines of this postmaster's own postmaster.pid (src/include/utils/pidfile.h); none where it is another's.

    In a container the process id in it is not ours; then the start time tells. Single-user mode writes it negative.
    """
    lines = proc.read(f"{here}/cwd/postmaster.pid").splitlines()
    try:
        own = abs(int(lines[0])) == pid or abs(int(lines[2]) - started) < 5
    except (IndexError, ValueError):
        own = False
    return lines if own else []


def _socket_directory(options: _Options, lock: list[str]) -> str | None:
    """The first one. In the lock file it is absolute; empty there: no Unix socket."""
    if len(lock) >= 5:
        return lock[4] or None
    given = options.letters.get("k") or options.settings.get("unix_socket_directories", "")
    return given.partition(",")[0].strip().strip('"') or None


def _port(options: _Options, lock: list[str]) -> int | None:
    given = lock[3] if len(lock) >= 4 else options.letters.get("p") or options.settings.get("port", "")
    return int(given) if given.strip().isdecimal() else None


def _options(words: Sequence[str]) -> _Options:
    options = _Options()
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            _set(options, word[2:])
        elif word.startswith("-"):
            _take_letters(options, word[1:], rest)
    return options


def _take_letters(options: _Options, letters: str, rest: Iterator[str]) -> None:
    for index, letter in enumerate(letters):
        if letter in _VALUED:
            value = letters[index + 1 :] or next(rest, "")
            options.letters[letter] = value
            if letter == "c":
                _set(options, value)
            return


def _set(options: _Options, assignment: str) -> None:
    """``name=value``; ParseLongOption turns dashes of the name into underscores. Names ignore case.

    ``-p`` and ``-k`` and their settings overwrite one another in order; both at once is nobody's habit.
    """
    name, _, value = assignment.partition("=")
    options.settings[name.replace("-", "_").lower()] = value


def _is_shell(process: proc.Process) -> bool:
    """Leads a session, as the processes of a postmaster do too (InitPostmasterChild)."""
    return process.session == process.pid and process.name not in _NAMES


def _has_open(pid: int, path: str, root: str) -> bool:
    try:
        descriptors = os.listdir(f"{root}/{pid}/fd")
    except OSError:
        return False
    return any(_is_below(proc.link(f"{root}/{pid}/fd/{number}"), path) for number in descriptors)


def _works_in(pid: int, path: str, root: str) -> bool:
    return _is_below(proc.link(f"{root}/{pid}/cwd"), path)


def _is_below(path: str | None, directory: str) -> bool:
    return path is not None and (path == directory or path.startswith(directory.rstrip("/") + "/"))
