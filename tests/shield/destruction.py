"""Every way of ``ways.py``, run for real: on a copy in the open, and in a shield against a live primary.

Started in a mount namespace of its own, which takes all mounts and loop devices with it. Prints one JSON object.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from guardsh.operations.lab import Lab, LabServer
from tests.shield.ways import DEVICES, FILES, PROBES, WAYS

HERE = os.path.dirname(os.path.abspath(__file__))
GUARDSH = os.path.join(os.path.dirname(sys.executable), "guardsh")
COPIED = ("PG_VERSION", "pg_hba.conf", "postgresql.conf", "global/pg_control", "base/1/1259", "base/1/PG_VERSION")
PATIENCE = 15
_GETFLAGS = 0x80086601  # FS_IOC_GETFLAGS


@dataclass
class Target:
    """A data directory, its device, and processes outside that work in it."""

    directory: str
    device: str = "/dev/null"
    volume: str = "/nowhere"
    server: int = 0
    outside: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def occupy(self, owner: os.stat_result) -> None:
        """Processes that stand in it, with it open as descriptor 3: root's, and one of the server's account."""
        work = ["sh", "-c", "exec 3<.; exec sleep 600"]
        accounts = ((0, 0), (owner.st_uid, owner.st_gid))
        self.started = [
            subprocess.Popen(work, cwd=self.directory, user=user, group=group, extra_groups=())
            for user, group in accounts
        ]
        self.outside = self.started[0].pid
        self.server = self.server or self.started[1].pid

    def leave(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()

    def environment(self, scratch: str) -> dict[str, str]:
        places = {"D": self.directory, "DEV": self.device, "V": self.volume, "S": scratch, "M": f"{scratch}/mount"}
        return {**places, "O": str(self.outside), "Q": str(self.server), "HERE": HERE}


def fingerprint(directory: str, parts: tuple[str, ...] = ("base/1", "base/4", "global")) -> dict[str, Any]:
    """What Postgres itself does not change in databases that nobody uses, and that everything is there; of a copy,
    which has no other ``parts``, all of it."""
    found: dict[str, Any] = {"pg_wal": len(_names(f"{directory}/pg_wal")) > 1}
    for path in (*COPIED, *(f"{part}/{name}" for part in parts for name in _names(f"{directory}/{part}"))):
        found[path] = _seen(f"{directory}/{path}", is_used=bool(parts) and path.startswith("global/"))
    return found


def _names(directory: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [name for name in os.listdir(directory) if not name.startswith(("pg_internal", "pgstat"))]
    return []


def _seen(path: str, is_used: bool) -> object:
    try:
        status = os.lstat(path)
        if is_used:
            return status.st_mode, status.st_uid, status.st_ino
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            flags = array.array("l", [0])
            with contextlib.suppress(OSError):
                fcntl.ioctl(file, _GETFLAGS, flags)
            content = hashlib.sha256(file.read()).hexdigest()
        return status.st_mode, status.st_uid, status.st_mtime_ns, tuple(os.listxattr(path)), flags[0] & 0x10, content
    except OSError as error:
        return error.errno


@contextlib.contextmanager
def scratch(base: str) -> Iterator[str]:
    directory = tempfile.mkdtemp(dir=base)
    os.chmod(directory, 0o777)
    os.mkdir(os.path.join(directory, "mount"))
    try:
        yield directory
    finally:
        while subprocess.run(["umount", "-l", f"{directory}/mount"], capture_output=True, check=False).returncode == 0:
            pass
        subprocess.run(["chattr", "-R", "-i", directory], capture_output=True, check=False)
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def volume(image: str, point: str, megabytes: int) -> Iterator[str]:
    """A file system on a loop device, which is gone with its mount."""
    os.makedirs(point, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-E", "nodiscard", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    device = subprocess.check_output(["findmnt", "-no", "SOURCE", "-T", point], text=True).strip().splitlines()[-1]
    held = os.open(device, os.O_RDONLY)  # it would be gone with the mount, and what is done to it too
    try:
        yield device
    finally:
        os.close(held)
        while subprocess.run(["umount", "-l", point], capture_output=True, check=False).returncode == 0:
            pass


def copy_of(server: LabServer, directory: str) -> None:
    for path in COPIED:
        os.makedirs(os.path.dirname(f"{directory}/{path}"), exist_ok=True)
        shutil.copy2(server.path(path), f"{directory}/{path}")
    os.makedirs(f"{directory}/pg_wal/archive_status")
    for number in range(3):
        with open(f"{directory}/pg_wal/00000001000000000000000{number}", "wb") as file:
            file.write(bytes(8192))
    status = os.stat(server.directory)
    subprocess.run(["chown", "-R", f"{status.st_uid}:{status.st_gid}", directory], check=True)


def in_the_open(server: LabServer, base: str, name: str, **environment: str) -> bool:
    """Whether the way destroys a copy: so it would the original."""
    with scratch(base) as place, contextlib.ExitStack() as after:
        point, image = f"{place}/volume", f"{place}/image"
        device = "/dev/null" if name in FILES else after.enter_context(volume(image, point, 8))
        target = Target(f"{point}/data", device, point)
        copy_of(server, target.directory)
        before = fingerprint(target.directory, ())
        if name not in DEVICES:
            target.occupy(os.stat(server.directory))
        try:
            run(name, {**os.environ, **target.environment(place), **environment})
        finally:
            target.leave()
        if name in DEVICES:  # what the kernel still has in memory does not count
            os.sync()
            subprocess.run(["umount", "-l", point], capture_output=True, check=False)
            subprocess.run(["umount", "-l", point], capture_output=True, check=False)
            with open(image, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            subprocess.run(["mount", "-o", "loop", image, point], capture_output=True, check=False)
        return fingerprint(target.directory, ()) != before


def run(name: str, environment: dict[str, str]) -> int:
    """Its exit status; a way that hangs is ended."""
    work = subprocess.Popen(
        ["sh", "-c", WAYS[name]],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return work.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(work.pid, signal.SIGKILL)
        return work.wait()


class Shielded:
    """One shield, in which the ways are run one after the other, each by a shell of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [GUARDSH, "shell", "--", "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert self._process.stdin and self._process.stdout
        self._in: IO[bytes] = self._process.stdin
        self._out: IO[bytes] = self._process.stdout

    def run(self, script: str) -> int:
        """Its exit status."""
        file = f"{os.environ['SCRIPTS']}/way"
        with open(file, "w") as out:
            out.write(script)
        self._in.write(f"timeout -k 1 {PATIENCE} sh {file} </dev/null >/dev/null 2>&1; echo $?\n".encode())
        self._in.flush()
        return int(self._out.readline() or -1)

    def end(self) -> int:
        self._in.close()
        return self._process.wait(PATIENCE)


def pgbench(server: LabServer) -> subprocess.Popen[bytes]:
    where = ("-h", server.lab.sockets, "-p", str(server.port), "-U", "postgres")
    server.lab.run("pgbench", "-i", "-q", *where, "postgres")
    return server.lab.start("pgbench", "-n", "-c", "2", "-T", "3600", *where, "postgres", log=server.log + ".bench")


def main() -> None:
    base = tempfile.mkdtemp(prefix="gshw-")
    os.chmod(base, 0o755)
    only = sys.argv[1:]
    try:
        with volume(f"{base}/image", f"{base}/volume", 700) as device, Lab(f"{base}/volume") as lab:
            print(
                json.dumps(
                    experiment(lab, base, device, [name for name in (*WAYS, *PROBES) if not only or name in only])
                )
            )
    finally:
        shutil.rmtree(base, ignore_errors=True)


def experiment(lab: Lab, base: str, device: str, names: list[str]) -> dict[str, Any]:
    os.mkdir(f"{lab.directory}/instances")  # so that nothing of the lab's own lies beside the data directory
    lab.give(f"{lab.directory}/instances")
    server = lab.primary("instances/data", {"autovacuum": "off"})
    server.log = f"{base}/server.log"
    server.sql("checkpoint")
    os.environ["PGBIN"] = lab.binaries.directory
    os.environ["SCRIPTS"] = base
    destroyed = {name: in_the_open(server, base, name) for name in names if name in WAYS}
    bench = pgbench(server)
    try:
        target = Target(server.directory, device, lab.directory, server=server.pid)
        target.occupy(os.stat(server.directory))
        with scratch(base) as place:
            held = shielded(server, target, place, names)
    finally:
        target.leave()
        bench.kill()
        bench.wait()
    server.stop()
    server.start()
    rows = int(server.sql("select count(*) from pgbench_history"))
    server.stop()
    return {"destroyed": destroyed, "held": held, "rows": rows, "log": crashes(server)}


def shielded(server: LabServer, target: Target, place: str, names: list[str]) -> dict[str, str]:
    """By way, what was found afterwards: nothing where all is as before and the primary has gone on committing."""
    before = fingerprint(target.directory)
    environment = {**os.environ, **target.environment(place)}
    shield = Shielded(environment)
    held: dict[str, str] = {}
    committed = commits(server)
    for name in names:
        status = shield.run({**WAYS, **PROBES}[name])
        now = fingerprint(target.directory)
        changed = [path for path in before if now[path] != before[path]]
        held[name] = f"exit status {status}: {changed[:3]}" if changed else ""
        if changed:
            break
    until = time.monotonic() + 10
    while commits(server) <= committed and time.monotonic() < until:
        time.sleep(0.1)
    if commits(server) <= committed:
        held["pgbench"] = "no more commits"
    shield.end()
    return held


def commits(server: LabServer) -> int:
    return int(server.sql("select xact_commit from pg_stat_database where datname = 'postgres'"))


def crashes(server: LabServer) -> list[str]:
    with open(server.log, errors="replace") as file:
        return [
            line
            for line in file
            if any(word in line for word in ("PANIC", "could not open", "could not write", "read-only", "corrupt"))
        ]


if __name__ == "__main__":
    main()
