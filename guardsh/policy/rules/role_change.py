"""Reasons that lie in the role an instance would come up in or be promoted to.

Which file means what: src/backend/access/transam/xlogrecovery.c, readRecoverySignalFile and
validateRecoveryParameters, PostgreSQL 12 to 18; recovery.conf up to 11 counts as standby.signal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardsh.model.data_directory import DataDirectory
from guardsh.model.figures import duration
from guardsh.model.instance import Role
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.policy import Standing
from guardsh.model.verdict import Decision
from guardsh.model.wording import archive_state
from guardsh.policy.case import Case, Ruling, replication

_STANDBY = frozenset({"standby.signal", "recovery.conf"})
_HINT = "add to postgresql.auto.conf: primary_conninfo = 'host=PRIMARY port=5432 user=replication'"
_HOST = re.compile(r"(?:^|\s)(host|hostaddr|port)\s*=\s*'?([^\s']*)")
_URI = re.compile(r"postgres(?:ql)?://(?:[^@/]*@)?([^/?]*)")


def comes_up(case: Case) -> Iterator[Ruling]:
    """In which role it will start, and from where it will stream."""
    directory = _starting(case)
    if directory is None or isinstance(directory.files, Unknown) or _lacks_source(case, directory):
        return
    if _STANDBY & directory.files.value:
        yield Ruling(f"It will come up as a replica, {_source(directory)}.")
    elif "recovery.signal" in directory.files.value:
        yield Ruling("It will recover from the archive, and then be a primary on a new timeline.")
    elif case.standing is Standing.STOPPED_PRIMARY:
        yield Ruling(f"It will come up as a primary{_last_wrote(case, directory)}.")


def no_source(case: Case) -> Iterator[Ruling]:
    """A replica without a source waits for ever ("specified neither primary_conninfo nor restore_command"); a copy
    without a signal file comes up as a primary of its own."""
    directory = _starting(case)
    if directory is None or not _lacks_source(case, directory):
        return
    if isinstance(directory.files, Unknown):
        yield Ruling(f"In which role it would come up is not known: {directory.files.why}.", least=Decision.CHALLENGE)
    elif _STANDBY & directory.files.value:
        yield Ruling(_waits_for_ever(directory), least=Decision.CHALLENGE, hint=_HINT)
    else:
        yield Ruling(
            "Without standby.signal or recovery.signal it would come up as a primary of its own.",
            least=Decision.CHALLENGE,
            hint="for a replica: create standby.signal and set primary_conninfo first",
        )


def no_restore_command(case: Case) -> Iterator[Ruling]:
    """FATAL: must specify restore_command when standby mode is not enabled."""
    directory = _starting(case)
    if directory is None or _set(directory.restore_command) or not isinstance(directory.files, Known):
        return
    if "recovery.signal" in directory.files.value and not _STANDBY & directory.files.value:
        yield Ruling(
            "recovery.signal without restore_command: the server will refuse to start.",
            least=Decision.NOTICE,
            hint="set restore_command, or remove recovery.signal",
        )


def already_primary(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if case.effect is Effect.PROMOTE and one and one.live and _is_primary(one.role):
        yield Ruling("It is the primary already.")


def new_timeline(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if case.effect is Effect.PROMOTE and one and not _is_primary(one.role) and case.standing is not Standing.NOTHING:
        yield Ruling("It would become a primary on a new timeline; if the old primary still runs, there are two.")


def not_archiving(case: Case) -> Iterator[Ruling]:
    """What an instance lacks as a primary: the night of the incident began with an archive that nobody saw fail."""
    one = case.instance
    if case.effect is not Effect.PROMOTE or one is None or _is_primary(one.role):
        return
    archiver = replication(one, lambda seen: seen.archiver)
    if isinstance(archiver, Unknown):
        yield Ruling(f"Whether it would archive as a primary is not known: {archiver.why}.")
    elif archive_state(archiver.value) in ("off", "no command"):
        missing = "archive_mode is off" if archiver.value.mode == "off" else "there is no archive_command"
        yield Ruling(
            f"As a primary it would not archive: {missing}.", hint="set archive_mode and archive_command first"
        )


def _starting(case: Case) -> DataDirectory | None:
    if case.effect is not Effect.START or case.instance is None or case.standings == (Standing.NOTHING,):
        return None
    return case.instance.directory


def _lacks_source(case: Case, directory: DataDirectory) -> bool:
    """Whether it needs somewhere to take WAL from, and may have nothing."""
    if isinstance(directory.files, Unknown):
        return True
    if _STANDBY & directory.files.value:
        return not (_set(directory.primary_conninfo) or _set(directory.restore_command))
    return "recovery.signal" not in directory.files.value and _needs_source(case)


def _needs_source(case: Case) -> bool:
    return Standing.STOPPED_OTHER in case.standings and (case.instance is None or not case.instance.live)


def _set(setting: Observed[str]) -> bool:
    return isinstance(setting, Known) and bool(setting.value.strip())


def _waits_for_ever(directory: DataDirectory) -> str:
    for setting in (directory.primary_conninfo, directory.restore_command):
        if isinstance(setting, Unknown):
            return f"Whether it has a source to stream from is not known: {setting.why}."
    return "With standby.signal, and neither primary_conninfo nor restore_command, it would wait for WAL for ever."


def _source(directory: DataDirectory) -> str:
    if not _set(directory.primary_conninfo) or isinstance(directory.primary_conninfo, Unknown):
        return "from restore_command alone"
    return f"streaming from {address(directory.primary_conninfo.value)}"


def address(conninfo: str) -> str:
    """Host and port of a libpq connection string, and nothing else of it: it may hold a password.

    >>> address("host=db-01 port=5433 password=x"), address("postgresql://u:p@db-01:5432/x"), address("service=a")
    ('db-01:5433', 'db-01:5432', 'primary_conninfo')
    """
    uri = _URI.match(conninfo)
    if uri:
        return uri[1] or "primary_conninfo"
    found = dict(_HOST.findall(conninfo))
    host = found.get("host") or found.get("hostaddr")
    return ":".join(part for part in (host, found.get("port")) if part) if host else "primary_conninfo"


def _last_wrote(case: Case, directory: DataDirectory) -> str:
    if isinstance(directory.control, Unknown):
        return ""
    return f"; it last wrote {duration(case.inquiry.findings.node.seen - directory.control.value.written)} ago"


def _is_primary(role: Observed[Role]) -> bool:
    return isinstance(role, Known) and role.value is Role.PRIMARY
