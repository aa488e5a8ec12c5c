"""A primary with a replica under load, insured, and accidents that happen to it: a process in a mount namespace of its
own (`unshare -m`), since an insured directory is mounted on itself. Prints what came of it as JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import psycopg

from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies import insured
from guardsh.remedies.insured import Mode
from guardsh.system import kernel, proc
from guardsh.watch.keeper import Keeper

ACCIDENTS = {
    "rm DIR": "rm -rf {d}",
    "rm DIR/*": "rm -rf {d}/*",
    "find": "find {d} -delete",
    "rm base": "rm -rf {d}/base",
    "mv DIR": "mkdir -p {e} && mv {d} {e}/",
    "mv DIR/*": "mkdir -p {e} && mv {d}/* {e}/",
    "rmtree": f"{sys.executable} -c 'import shutil, sys; shutil.rmtree(sys.argv[1])' {{d}}",
}
SETTINGS = {"max_wal_size": "48MB", "min_wal_size": "32MB", "checkpoint_timeout": "30s", "wal_keep_size": "32MB"}
_BAD = re.compile(r"\b(ERROR|FATAL|PANIC)\b.*")


class Load:
    """pgbench, single inserts whose acknowledgements are counted, and DDL, each until the end of the block."""

    def __init__(self, server: LabServer) -> None:
        self.server = server
        self.acknowledged = 0
        self.failed: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._insert, self._define)]

    def __enter__(self) -> Load:
        lab, where = self.server.lab, connection(self.server)
        lab.run("pgbench", "-i", "-q", "-s", "2", *where, "postgres")
        self.server.sql("create table acknowledged (n int primary key)")
        self._log = os.path.join(lab.directory, "pgbench.log")
        self._bench = lab.start("pgbench", "-n", "-c", "4", "-T", "900", *where, "postgres", log=self._log)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._bench.terminate()
        self._bench.wait()
        for thread in self._threads:
            thread.join()
        with open(self._log, encoding="utf-8") as file:
            self.failed += [line.strip() for line in file if "error" in line.lower() or "abort" in line]

    def _insert(self) -> None:
        try:
            with psycopg.connect(
                host=self.server.lab.sockets, port=self.server.port, user="postgres", dbname="postgres", autocommit=True
            ) as session:
                while not self._over.is_set():
                    session.execute("insert into acknowledged values (%s)", (self.acknowledged + 1,))
                    self.acknowledged += 1
        except psycopg.Error as error:
            self.failed.append(f"insert: {error}")

    def _define(self) -> None:
        """Each statement in a session of its own: its backend has ended when one would ask who it was."""
        count = 0
        while not self._over.wait(0.02):
            count += 1
            for statement in statements(count):
                try:
                    self.server.sql(statement)
                except Exception as error:
                    self.failed.append(f"{statement}: {error}")


def statements(count: int) -> Iterator[str]:
    yield f"create table t{count} as select generate_series(1, 1000) a"
    yield f"drop table if exists t{count - 1}"
    if count % 5 == 0:
        yield "checkpoint"
    if count % 3 == 0:
        yield "select pg_switch_wal()"
    if count % 6 == 0:
        yield "vacuum full pgbench_branches"
    if count % 7 == 3:
        yield "create database d1"
    if count % 7 == 6:
        yield "drop database if exists d1"


def connection(server: LabServer) -> tuple[str, ...]:
    return ("-h", server.lab.sockets, "-p", str(server.port), "-U", "postgres")


@contextlib.contextmanager
def kept(directory: str, told: str, mode: Mode = Mode.HEAL) -> Iterator[int]:
    """The keeper of a directory, a process; what it tells goes line by line into a file."""
    insured.want({directory: mode})
    pid = os.fork()
    if pid == 0:
        keep(directory, told, mode)
    try:
        until(lambda: covered() is not None)
        yield pid
    finally:
        insured.want({})
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def covered() -> insured.Report | None:
    return next((each for each in insured.reports() if each.files and not each.trouble), None)


def until(condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(str(insured.reports()))
        time.sleep(0.02)


def keep(directory: str, told: str, mode: Mode) -> None:
    def tell(_: str, outcome: Any) -> None:
        with open(told, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")

    try:
        Keeper(directory, mode, tell).run()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


@contextlib.contextmanager
def place() -> Iterator[str]:
    """A directory that is gone in the end, with all that is mounted in it."""
    directory = tempfile.mkdtemp(prefix="guardsh-insured-")
    os.chmod(directory, 0o755)
    try:
        yield directory
    finally:
        for line in reversed(proc.read("/proc/self/mountinfo").splitlines()):
            mounted = line.split(" ")[4]
            if mounted.startswith(directory):
                kernel.umount(mounted, kernel.MNT_DETACH)
        shutil.rmtree(directory)


def own_world() -> None:
    """What guardsh writes down of the node, and the terminals that it tells of accidents, for this namespace alone."""
    for place in ("/run", "/var/lib", "/var/log"):
        kernel.mount("tmpfs", place, "tmpfs", 0, "mode=755")
    kernel.mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
    kernel.mount("/dev/pts/ptmx", "/dev/ptmx", None, kernel.MS_BIND)


def told(path: str) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def complaints(server: LabServer) -> list[str]:
    with open(server.log, encoding="utf-8", errors="replace") as file:
        return [found[0] for line in file if (found := _BAD.search(line)) and "connection to client lost" not in line]


def run(lab: Lab, accidents: list[str]) -> dict[str, Any]:
    """Accidents at random moments, one after the other, to one server."""
    primary = lab.primary(settings=SETTINGS)
    replica = lab.replica(primary)
    primary.until("select count(*) = 1 from pg_stat_replication where state = 'streaming'")
    pid, heard, elsewhere = primary.pid, f"{lab.directory}/told", f"{lab.directory}/elsewhere"
    lines: list[dict[str, Any]] = []
    with kept(primary.directory, heard), Load(primary) as load:
        time.sleep(0.5)
        for number, accident in enumerate(accidents):
            time.sleep(random.uniform(0.3, 1.5))
            before = len(told(heard))
            bad = len(complaints(primary)) + len(load.failed)
            command = ACCIDENTS[accident].format(d=primary.directory, e=f"{elsewhere}{number}")
            ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
            with contextlib.suppress(TimeoutError):
                until(lambda b=before: len(told(heard)) > b, 3.0)
            time.sleep(0.3)
            lines.append(
                {
                    "accident": accident,
                    "status": ran.returncode,
                    "heals": told(heard)[before:],
                    "bad": (complaints(primary) + load.failed)[bad:],
                    "alive": primary.process is not None and primary.process.poll() is None,
                }
            )
            shutil.rmtree(f"{elsewhere}{number}", ignore_errors=True)
            if not lines[-1]["alive"]:
                break
        time.sleep(0.5)
    return {"moments": lines, **_afterwards(primary, replica, load, pid)}


def _afterwards(primary: LabServer, replica: LabServer, load: Load, pid: int) -> dict[str, Any]:
    after: dict[str, Any] = {"failed": load.failed, "complaints": complaints(primary)}
    after["acknowledged"] = load.acknowledged
    try:
        primary.sql("checkpoint")
        after["rows"] = int(primary.sql("select count(*) from acknowledged"))
        primary.lab.run("pg_amcheck", *connection(primary), "--install-missing", "-a")
        primary.until("select bool_and(replay_lsn = sent_lsn and state = 'streaming') from pg_stat_replication")
        digest = "select count(*), sum(abalance), (select count(*) from acknowledged) from pgbench_accounts"
        after["replica_equal"] = primary.sql(digest) == replica.sql(digest)
        after["same_postmaster"] = primary.pid == pid and primary.process is not None and primary.process.poll() is None
        primary.stop()
        primary.start()
        after["rows_after_restart"] = int(primary.sql("select count(*) from acknowledged"))
    except Exception as error:
        after["broken"] = str(error)
    return after


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("accident", choices=["each", *ACCIDENTS])
    parser.add_argument("--moments", type=int, default=1)
    given = parser.parse_args()
    own_world()
    kinds = list(ACCIDENTS) if given.accident == "each" else [given.accident]
    with place() as directory, Lab(directory) as lab:
        print(json.dumps(run(lab, kinds * given.moments)))


if __name__ == "__main__":
    main()
