"""What has come home so far, on disk in DEST: one line for each file, written only once the file itself is on disk."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardsh.model.place import Identity
from guardsh.model.salvage import Copy, Rank, Source, State
from guardsh.operations.salvage.accident import Accident
from guardsh.operations.salvage.destination import Destination, Refused
from guardsh.system import kernel, proc

SCHEMA = 1  # of the lines, of manifest.json and of --json (docs/json.md)
NAME = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose files they are: an instance by its data directory and system identifier, or by its very postmaster."""

    directory: str
    postmaster: str  # boot, process id and its start; "" where none lived
    system_identifier: int | None

    def is_also(self, other: Origin) -> bool:
        if self.directory != other.directory:
            return False
        if self.system_identifier is not None and other.system_identifier is not None:
            return self.system_identifier == other.system_identifier
        return self.postmaster == other.postmaster or not (self.postmaster and other.postmaster)


def origin_of(accident: Accident, system_identifier: int | None) -> Origin:
    boot = proc.read("/proc/sys/kernel/random/boot_id").strip()
    first = accident.members[0] if accident.server is not None else None
    return Origin(accident.directory, f"{boot} {first.pid} {first.ticks}" if first else "", system_identifier)


class Journal:
    """The journal of an open DEST. One salvage at a time: raises Refused where another is writing, or where DEST
    holds something else."""

    def __init__(self, destination: Destination, origin: Origin) -> None:
        others = [name for name in destination.names() if name != NAME]
        if others and NAME not in destination.names():
            raise Refused(f"{destination.path} is not empty", "name a new directory, or one below it")
        self._destination = destination
        self._descriptor = destination.append(NAME)
        self._waiting: list[Copy] = []
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.copies = self._begun(origin)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise Refused(f"another salvage is writing to {destination.path}") from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def has(self, source: Source) -> Copy | None:
        """The copy of this very source as it is now, from an earlier run; None where it has to be copied."""
        copy = self.copies.get(source.name)
        if copy is None or not copy.is_home or self._destination.size(source.name) != source.size:
            return None
        before = copy.source
        same = (before.identity, before.size, before.mtime_ns) == (source.identity, source.size, source.mtime_ns)
        return copy if same else None

    def add(self, copy: Copy) -> None:
        """To be written at the next ``flush``."""
        self.copies[copy.source.name] = copy
        self._waiting.append(copy)

    def flush(self) -> None:
        """First the files, then the lines about them. Raises OSError."""
        if not self._waiting:
            return
        kernel.syncfs(self._descriptor)
        lines = "".join(json.dumps(record(copy)) + "\n" for copy in self._waiting)
        self._write(lines)
        self._waiting.clear()

    def close(self) -> None:
        os.close(self._descriptor)

    def _begun(self, origin: Origin) -> dict[str, Copy]:
        lines = list(self._lines())
        if not lines:
            self._write(json.dumps(_head(origin)) + "\n")
            return {}
        head = lines.pop(0)
        if not _origin(head).is_also(origin):
            raise Refused(
                f"{self._destination.path} holds what was saved of another instance, {_origin(head).directory}",
                "name a new directory",
            )
        return {copy.source.name: copy for copy in map(_copy, lines)}

    def _lines(self) -> Iterator[dict[str, Any]]:
        """A line that was cut short by the end of an earlier run is passed over, and ended."""
        size = os.fstat(self._descriptor).st_size
        with open(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            text = file.read(size)
        if text and not text.endswith(b"\n"):
            self._write("\n")
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _write(self, text: str) -> None:
        data = text.encode("ascii")
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fsync(self._descriptor)


def record(copy: Copy) -> dict[str, Any]:
    """One file as JSON values (docs/json.md)."""
    source = copy.source
    return {
        "name": source.name,
        "path": source.path,
        "was": "deleted" if source.deleted else "present",
        "size": source.size,
        "sha256": copy.sha256,
        "state": copy.state.value,
        "detail": copy.detail,
        "mode": f"{source.mode:04o}",
        "uid": source.uid,
        "gid": source.gid,
        "mtime_ns": source.mtime_ns,
        "device": source.identity.device,
        "inode": source.identity.inode,
        "rank": source.rank.name.lower(),
    }


def _copy(line: dict[str, Any]) -> Copy:
    source = Source(
        name=line["name"],
        path=line["path"],
        door="",
        deleted=line["was"] == "deleted",
        rank=Rank[line["rank"].upper()],
        identity=Identity(line["device"], line["inode"]),
        size=line["size"],
        allocated=0,
        mtime_ns=line["mtime_ns"],
        mode=int(line["mode"], 8),
        uid=line["uid"],
        gid=line["gid"],
    )
    return Copy(source, State(line["state"]), line["sha256"], line["detail"])


def _head(origin: Origin) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "directory": origin.directory,
        "postmaster": origin.postmaster,
        "system_identifier": origin.system_identifier,
    }


def _origin(head: dict[str, Any]) -> Origin:
    try:
        return Origin(head["directory"], head["postmaster"], head["system_identifier"])
    except KeyError as error:
        raise Refused("the journal in DEST is not one of a salvage", "name a new directory") from error
