"""Let a server that was held still go on: with the lock file that it looks for, and asked about where that ends it."""

from __future__ import annotations

import os
import sys
from functools import partial

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Unknown
from guardsh.model.verdict import Decision, Reason, Rejected, Subject, Verdict
from guardsh.observe.node import host_name
from guardsh.operations.salvage import accident, evidence
from guardsh.operations.salvage.accident import Accident
from guardsh.operations.salvage.hold import Held
from guardsh.operations.salvage.recording import put_on_record
from guardsh.screen import dialogue
from guardsh.screen.plain import safe
from guardsh.system import ha_managers, suspension, terminal
from guardsh.system.apart import Deadline, apart

DONE, REFUSED = 0, 77
_PATIENCE = 120.0  # seconds
_WRITING = 2.0  # seconds for one small file
_GROUP_MAY_READ = 0o050  # PG_DIR_MODE_GROUP, src/include/common/file_perm.h


def go_on(directory: str, pid: int | None = None) -> int:
    """`guardsh salvage --continue DIR`; the exit status."""
    found = [server for server in accident.find(directory) if pid in (None, server.pid)]
    if len(found) != 1:
        which = "more than one server is, or was," if found else "no server is, or was,"
        return _refuse(f"{which} in {directory}{'; choose with --pid' if found else ''}")
    server = found[0]
    where = server.directory.path if server.directory else os.path.abspath(directory)
    members = suspension.family(server.pid)
    held = Held(
        Accident(where, f"/proc/{server.pid}/cwd", server, members),
        ha_managers.managers(where, server.pid),
        (),
        (),
        frozenset(),
    )
    if not any(map(suspension.is_still, members)):
        return _refuse(f"process {server.pid}, the server of {where}, is not stopped")
    return ask_and_let_go(held)


def ask_and_let_go(held: Held) -> int:
    """Host and role are typed where the server would end itself, and its open files with it: without its WAL and
    pg_control it PANICs, within 15 seconds where WAL was written lately (LogStandbySnapshot of the background
    writer)."""
    harmless = accident.missing(held.accident) in ((), accident.LOCK_FILE_ONLY)
    if held.accident.server is not None and not harmless and not _confirmed(held):
        return REFUSED
    put_on_record(held, "", "continue", True)
    return let_go(held)


def let_go(held: Held) -> int:
    """SIGCONT to all of the family; to the HA manager only where nothing is missing: it would end this server."""
    server = held.accident.server
    gone = accident.missing(held.accident)
    if server is not None and not server.directory_deleted and not _has_lock_file(held.accident):
        written = apart(partial(make_lock_file, held.accident), Deadline(_WRITING))
        if isinstance(written, Unknown):
            return _refuse(f"could not create postmaster.pid again: {written.why}; the server stays stopped")
    try:
        suspension.resume(held.accident.members)
        if not gone:
            suspension.resume([manager.member for manager in held.managers])
    except PermissionError:
        return _refuse("the server belongs to another account; it stays as it was")
    _say(_said(held, gone))
    return DONE


def make_lock_file(hit: Accident) -> None:
    """postmaster.pid as the postmaster wrote it, as far as it can be known: the first line is what it checks once a
    minute (RecheckDataDirLockFile in miscinit.c). Raises OSError; FileExistsError where there is one."""
    server = hit.server
    assert server is not None
    directory = os.open(hit.door, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        above = os.fstat(directory)
        shared = above.st_mode & _GROUP_MAY_READ == _GROUP_MAY_READ
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open("postmaster.pid", flags, 0o600, dir_fd=directory)
        try:
            os.fchown(file, server.owner, above.st_gid)
            os.fchmod(file, 0o640 if shared else 0o600)
            os.write(file, os.fsencode("".join(f"{line}\n" for line in _lines(hit, server))))
            os.fsync(file)
        finally:
            os.close(file)
    finally:
        os.close(directory)


def _lines(hit: Accident, server: Server) -> list[str]:
    """Process id, data directory, start, port, socket directory (src/include/utils/pidfile.h)."""
    known = [str(server.pid), hit.directory, str(int(server.started))]
    if server.port is not None:
        known += [str(server.port), server.socket_directory or ""]
    return known


def _has_lock_file(hit: Accident) -> bool:
    return os.path.lexists(f"{hit.door}/postmaster.pid")


def _confirmed(held: Held) -> bool:
    """Whether a person typed host and role."""
    verdict = _verdict(held)
    try:
        with terminal.Terminal() as asking:
            answer = dialogue.ask(asking, verdict, _PATIENCE)
    except OSError:
        _refuse(f"{verdict.summary} It stays stopped: this is asked at a terminal")
        return False
    if isinstance(answer, Rejected):
        put_on_record(held, "", f"continue: {answer.why}", False)
        return False
    return True


def _verdict(held: Held) -> Verdict:
    server = held.accident.server
    assert server is not None
    role = evidence.role_of(server)
    summary = (
        f"Process {server.pid}, the server of {held.accident.directory}, would end itself, within seconds or a minute,"
        " as soon as it needs a file that is gone; and the deleted files that it has open would be lost with it."
    )
    subject = Subject(role.value if isinstance(role, Known) else "unknown", held.accident.directory, False)
    reason = Reason("held", "It stands still, and its files are safe as long as it does.")
    return Verdict(Decision.CHALLENGE, host_name(), subject, summary, (reason,))


def _said(held: Held, gone: tuple[str, ...]) -> list[str]:
    server = held.accident.server
    lines = [f"guardsh: process {server.pid if server else held.accident.members[0].pid} and its children go on"]
    if gone:
        lines += [
            f"hint: {each.name} (process {each.pid}) stays stopped: it would end this server; kill -CONT {each.pid}"
            for each in held.managers
        ]
    return lines


def _refuse(why: str) -> int:
    _say([f"guardsh: {why}"])
    return REFUSED


def _say(lines: list[str]) -> None:
    sys.stderr.write("".join(f"{safe(line)}\n" for line in lines))
