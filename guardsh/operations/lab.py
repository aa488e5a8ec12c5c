"""Throwaway servers below one directory, on private sockets: a primary, its replicas, and every way they can end."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from guardsh.operations.binaries import Binaries, LabError, find_binaries, within_reach
from guardsh.system.apart import Account

__all__ = ["Lab", "LabError", "LabServer", "unprivileged"]

FIRST_PORT = 54320  # only a file name below the lab's own socket directory
PATIENCE = 60.0  # seconds for a server to get ready or to end
_GRACE = 2.0  # seconds for one to take its shared memory away

# A lab proves roles, not durability; it listens on no network.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "wal_keep_size": "64MB",
    "logging_collector": "off",
}


def unprivileged() -> Account | None:
    """The account that servers run as: PostgreSQL refuses root, so there ``postgres`` or ``nobody``; else our own."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise LabError("could not find an unprivileged account to run a server as")


class Lab:
    """A directory with servers in it. Leaving the ``with`` block ends the servers; the directory is the caller's."""

    def __init__(self, directory: str, binaries: Binaries | None = None) -> None:
        self.directory = directory
        self.sockets = os.path.join(directory, "sockets")
        self.account = unprivileged()
        self.servers: list[LabServer] = []
        for made in (directory, self.sockets):
            os.makedirs(made, mode=0o755, exist_ok=True)
            self.give(made)
        self.binaries = within_reach(binaries or find_binaries(), self.account, directory)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.end()

    def give(self, path: str) -> None:
        """Make a file or directory the servers' own."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the servers' account; what it printed.

        Raises:
            LabError: it failed, with what it said.
        """
        finished: subprocess.CompletedProcess[str] = subprocess.run(
            [self.binaries.path(program), *arguments],
            env=self.environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._identity(),
        )
        if finished.returncode:
            raise LabError(f"{program}: {finished.stderr.strip()}")
        return finished.stdout

    def start(self, program: str, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs as the servers' account, in a session of its own."""
        with open(log, "ab") as output:
            return subprocess.Popen(
                [self.binaries.path(program), *arguments],
                env=self.environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self._identity(),
            )

    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.binaries.directory}:/usr/bin:/bin", "LC_ALL": "C", **self.binaries.environment}

    def _identity(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": ()}

    def primary(self, name: str = "primary", settings: Mapping[str, str] | None = None) -> LabServer:
        """A new primary, running; its superuser is ``postgres``, whoever connects through the private socket."""
        server = self.add(name)
        self.initialise(server.directory)
        server.configure({**SETTINGS, **self._own_settings(server), **(settings or {})})
        server.start()
        return server

    def replica(self, of: LabServer, name: str = "replica", settings: Mapping[str, str] | None = None) -> LabServer:
        """A streaming replica of ``of``, running."""
        server = self.add(name)
        self.copy(of, server.directory, "-R")
        server.configure({**self._own_settings(server), **(settings or {})})
        server.start()
        return server

    def add(self, name: str) -> LabServer:
        """A server that has no data directory yet."""
        server = LabServer(self, name, FIRST_PORT + len(self.servers))
        self.servers.append(server)
        return server

    def initialise(self, directory: str) -> None:
        self.run("initdb", "-D", directory, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")

    def copy(self, of: LabServer, directory: str, *options: str) -> None:
        """A base backup of a running server."""
        source = ("-h", self.sockets, "-p", str(of.port), "-U", "postgres")
        self.run("pg_basebackup", *source, "-D", directory, "-c", "fast", "-X", "stream", "--no-sync", *options)

    def _own_settings(self, server: LabServer) -> dict[str, str]:
        return {"unix_socket_directories": self.sockets, "port": str(server.port), "cluster_name": server.name}


class LabServer:
    """One server of a lab; the postmaster is our own child, and ends by its process id."""

    def __init__(self, lab: Lab, name: str, port: int) -> None:
        self.lab = lab
        self.name = name
        self.port = port
        self.directory = os.path.join(lab.directory, name)
        self.log = os.path.join(lab.directory, f"{name}.log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def path(self, *names: str) -> str:
        return os.path.join(self.directory, *names)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Append to postgresql.auto.conf, where the last line wins; it counts from the next start or reload."""
        with open(self.path("postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def touch(self, name: str) -> None:
        """Create an empty file in the data directory, as its owner."""
        with open(self.path(name), "a", encoding="utf-8"):
            self.lab.give(self.path(name))

    def start(self, *options: str, wait: bool = True) -> None:
        """Start the postmaster; with ``wait`` until it is ready, or, in recovery, consistent.

        Raises:
            LabError: it ended, or was not ready in time; with the end of its log.
        """
        self.process = self.lab.start("postgres", "-D", self.directory, *options, log=self.log)
        if wait:
            self._await(lambda: self.ready() or self.process is None or self.process.poll() is not None)
            if not self.ready():
                raise LabError(f"{self.name} did not start:\n{self._said()}")

    def ready(self) -> bool:
        """Whether postmaster.pid (line 8, padded; src/include/utils/pidfile.h) is this server's and says so."""
        try:
            with open(self.path("postmaster.pid"), encoding="utf-8") as file:
                lines = [line.strip() for line in file]
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7] in ("ready", "standby")

    def stop(self, mode: str = "fast") -> None:
        """End the server as ``pg_ctl stop -m`` would: smart, fast or immediate."""
        number = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(PATIENCE)

    def crash(self) -> None:
        """SIGKILL to the postmaster and all its children, as a power cut or the kernel's memory killer would."""
        family = self.family()
        for pid in family:
            _signal(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE)
        # A zombie has ended, though somebody else may be slow to reap it.
        self._await(lambda: all(_state(pid) in "ZX" for pid in family))

    def kill(self) -> None:
        """End the server whatever its state; nothing happens where it has ended."""
        if self.process is not None and self.process.poll() is None:
            self.crash()

    def end(self) -> None:
        """As ``kill``; by an immediate shutdown (pg_ctl(1)) where it still can, which takes its shared memory away."""
        if self.process is not None and self.process.poll() is None:
            for pid in self.family():
                _signal(pid, signal.SIGCONT)
            _signal(self.pid, signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_GRACE)
        self.kill()

    def suspend(self) -> None:
        """SIGSTOP to the postmaster alone: connections are taken by the kernel, and never answered."""
        _signal(self.pid, signal.SIGSTOP)
        self._await(lambda: _state(self.pid) == "T")

    def resume(self) -> None:
        _signal(self.pid, signal.SIGCONT)

    def promote(self) -> None:
        self.sql("select pg_promote()")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What ``psql -XAt`` prints for it."""
        where = ("-h", self.lab.sockets, "-p", str(self.port), "-U", "postgres", "-d", database)
        return self.lab.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *where, "-c", statement).strip()

    def family(self) -> tuple[int, ...]:
        """The postmaster's process id, and its children's."""
        return (self.pid, *_children(self.pid))

    def child(self, title: str) -> int:
        """The process id of the child with this word in its title, once there is one."""

        def found() -> list[int]:
            return [pid for pid in _children(self.pid) if title in _title(pid)]

        self._await(lambda: bool(found()))
        return found()[0]

    def until(self, statement: str, answer: str = "t") -> None:
        """Wait until the statement gives this answer."""
        self._await(lambda: self.sql(statement) == answer)

    def _await(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise LabError(f"{self.name}: nothing happened in {PATIENCE:.0f} s:\n{self._said()}")
            time.sleep(0.02)

    def _said(self) -> str:
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-20:])


def _children(pid: int) -> Sequence[int]:
    with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]
    return []


def _title(pid: int) -> str:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
        return file.read().replace("\0", " ").strip()
    return ""


def _state(pid: int) -> str:
    """The letter of proc(5); "X" where there is no such process."""
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]
    return "X"


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
