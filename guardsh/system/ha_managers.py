"""Who would end or restart a server that stands still: HA managers of this instance, and watchdogs, found in /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guardsh.model.instance import Server
from guardsh.system import proc
from guardsh.system.suspension import Member

# The name a program goes by, and its product. A Python program's comes after the interpreter.
_NAMES = {
    "patroni": "Patroni",
    "pg_autoctl": "pg_auto_failover",
    "repmgrd": "repmgrd",
    "stolon-keeper": "Stolon",
}
_CLUSTER_NODES = frozenset({"pacemakerd", "pacemaker-execd", "pacemaker-exec", "lrmd", "corosync"})
_OPTIONS = re.compile(r"(?:-D|--pgdata|--data-dir)(?:=(.*))?")
_VARIABLES = ("PATRONI_POSTGRESQL_DATA_DIR", "STKEEPER_DATA_DIR", "PGDATA")
# Of patroni.yml, repmgr.conf, pg_autoctl.cfg. Patroni's raft section has a data_dir of its own.
_SETTING = re.compile(r"""(?:data_dir|data_directory|pgdata)["']?\s*[:=]\s*["']?([^"'\s,}]+)""")
_LONGEST = 1 << 20  # bytes of a configuration file that are read
_WATCHDOG = re.compile(r"/dev/watchdog\d*")


@dataclass(frozen=True, slots=True)
class Manager:
    """One process. ``watchdog`` is the device that it holds open, if any: stopped, it would have the machine reset."""

    member: Member
    name: str
    watchdog: str = ""

    @property
    def pid(self) -> int:
        return self.member.pid


def managers(directory: str, postmaster: int | None = None, root: str = "/proc") -> tuple[Manager, ...]:
    """The managers of the instance whose data directory is, or was, ``directory``.

    One whose configuration names only other directories is another instance's; one whose configuration cannot be
    read counts as this one's. An ancestor of the postmaster is.
    """
    listed = {process.pid: process for process in proc.processes(root)}
    above = proc.ancestors(postmaster, listed) if postmaster is not None else frozenset()
    named = ((process, _product(process.pid, root)) for process in listed.values())
    return tuple(
        Manager(Member(process.pid, process.ticks), product, _watchdog(process.pid, root))
        for process, product in named
        if product and (process.pid in above or _may_manage(process.pid, directory, root))
    )


def warnings(server: Server, root: str = "/proc") -> tuple[str, ...]:
    """Sentences about what else would end a server that stands still, and that guardsh must leave alone."""
    return tuple(_warnings(server, root))


def _warnings(server: Server, root: str) -> Iterator[str]:
    if any(process.name in _CLUSTER_NODES for process in proc.processes(root)):
        yield (
            "Pacemaker runs on this node and would end or restart a server that does not answer; stopped, it would"
            " have the node fenced. Now: pcs property set maintenance-mode=true"
            " (or: crm configure property maintenance-mode=true)"
        )
    if "WATCHDOG_USEC" in _environment(server.pid, root):  # sd_watchdog_enabled(3)
        yield (
            "systemd ends a server of this unit that does not report in (WatchdogSec). Now: systemctl service-watchdogs"
            " no (afterwards: yes)"
        )
    if "kubepods" in proc.read(f"{root}/{server.pid}/cgroup"):
        yield "the server is in a pod: a liveness probe may end its container while it stands still"


def _product(pid: int, root: str) -> str:
    """By the command line; pg_autoctl's processes have titles (``pg_autoctl: start/stop postgres``)."""
    program, *others = proc.words(pid, root) or [""]
    if _base(program).startswith("python"):
        program = next((word for word in others if not word.startswith("-")), "")
    return _NAMES.get(_base(program), "")


def _base(word: str) -> str:
    return os.path.basename(word.partition(":")[0])


def _may_manage(pid: int, directory: str, root: str) -> bool:
    places = set(_places(pid, root))
    return not places or any(_same(place, directory) for place in places)


def _same(place: str, directory: str) -> bool:
    return os.path.realpath(place) == directory or os.path.normpath(place) == directory


def _places(pid: int, root: str) -> Iterator[str]:
    """Every data directory that its words, its environment and its configuration files name."""
    words = proc.words(pid, root)
    environment = _environment(pid, root)
    yield from (environment[name] for name in _VARIABLES if environment.get(name))
    yield from _options(words)
    for file in _files(words, f"{root}/{pid}/cwd"):
        yield from _SETTING.findall(_beginning(file))


def _options(words: list[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        found = _OPTIONS.fullmatch(word)
        if found:
            yield found[1] or following


def _files(words: Iterable[str], cwd: str) -> Iterator[str]:
    """The files that its words name, and those of a directory (patroni takes one)."""
    for word in words:
        path = os.path.join(cwd, word.partition("=")[2] if word.startswith("--") else word)
        if os.path.isfile(path):
            yield path
        elif path.endswith((".d", ".conf", "patroni")) and os.path.isdir(path):
            yield from (entry.path for entry in os.scandir(path) if entry.is_file())


def _beginning(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read(_LONGEST))
    except OSError:
        return ""


def _environment(pid: int, root: str) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in proc.read(f"{root}/{pid}/environ").split("\0"))
    return {name: value for name, _, value in pairs if name}


def _watchdog(pid: int, root: str) -> str:
    try:
        numbers = os.listdir(f"{root}/{pid}/fd")
    except OSError:
        return ""
    links = (proc.link(f"{root}/{pid}/fd/{number}") or "" for number in numbers)
    return next((link for link in links if _WATCHDOG.fullmatch(link)), "")
