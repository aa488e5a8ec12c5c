"""Reasons that lie in which part of an instance is touched."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.data_directory import Contents
from guardsh.model.finding import Part
from guardsh.model.intent import Effect
from guardsh.model.observed import Unknown
from guardsh.model.policy import Standing
from guardsh.model.verdict import Decision
from guardsh.policy.case import Case, Ruling

# PostgreSQL 10 renamed pg_xlog and pg_clog because they were taken for log files (release notes, E.1.3.11).
_NOT_LOGS = {
    Part.WAL: "These are not log files but the write-ahead log: without it the instance does not start.",
    Part.TRANSACTIONS: "These are not log files: without them nobody knows which rows were committed.",
}


def disposable(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.DISPOSABLE:
        yield Ruling("Logs, core dumps and temporary files are not needed by the instance.")


def not_logs(case: Case) -> Iterator[Ruling]:
    part = _part(case)
    if part in _NOT_LOGS and case.standings != (Standing.NOTHING,):
        yield Ruling(_NOT_LOGS[part])


def tablespace(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.TABLESPACE:
        yield Ruling("A tablespace is part of the data: its tables lie nowhere else.")


def link(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.LINK:
        yield Ruling("The paths of the instance run through this link: without it, it does not find its files.")


def configuration(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.CONFIGURATION and case.effect is Effect.CONFIGURE:
        yield Ruling("The instance reads its configuration at the next reload or start.")


def foreign_file(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.FOREIGN:
        yield Ruling("The instance has no such file of its own.")


def restore_target(case: Case) -> Iterator[Ruling]:
    """A file of another program in a directory that is being restored (row 7 of the incident: restore.log)."""
    instance = case.instance
    if instance is None or instance.live or _part(case) is not Part.FOREIGN or case.effect is not Effect.CONFIGURE:
        return
    contents = instance.directory.contents
    if isinstance(contents, Unknown) or contents.value in (Contents.RESTORED, Contents.INCOMPLETE):
        yield Ruling("A foreign file in a directory that is being restored spoils the restore.", (), Decision.CHALLENGE)


def redundancy(case: Case) -> Iterator[Ruling]:
    """What an array, or a file system on several devices, makes of the loss of members."""
    reached = case.touch or case.backup
    if reached and reached.loss and case.standings != (Standing.NOTHING,):
        yield Ruling(reached.loss.sentence)


def signal_file(case: Case) -> Iterator[Ruling]:
    if _part(case) is Part.SIGNAL and case.effect is Effect.SIGNAL_FILE:
        yield Ruling("Signal files decide in which role the instance comes up at its next start.")


def _part(case: Case) -> Part | None:
    return case.touch.part if case.touch else None
