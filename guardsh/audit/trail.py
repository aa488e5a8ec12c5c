"""The audit trail: every decision as one line of JSON, on disk before the command runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from guardsh.audit import system_log
from guardsh.audit.file import append
from guardsh.audit.who import operator
from guardsh.model.event import Event
from guardsh.model.secrets import redact

__all__ = ["SCHEMA", "NotRecorded", "operator", "places", "read", "record", "redact"]

SCHEMA = 1  # of the line's fields (docs/json.md); a new field leaves it, a changed meaning raises it
_START = b'{"schema": '  # how a line begins; never inside a string, where quotes are escaped


class NotRecorded(Exception):  # noqa: N818 (it is the name of what happened)
    """No sink took the line; the message says of each why."""


def places(file: str) -> tuple[str, ...]:
    """The files that may take a line of this account, best first; ``file`` is the configured one.

    An ordinary account cannot write below /var/log: its own trail lies in its home.
    """
    if os.geteuid() == 0:
        return (file, "/run/guardsh/audit.jsonl")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return (
        file,
        os.path.expanduser("~/.local/state/guardsh/audit.jsonl"),
        *([f"{runtime}/guardsh/audit.jsonl"] if runtime else []),
    )


def record(event: Event, file: str) -> str:
    """Put the event on record; gives the path that took it, or "journald" or "syslog" where no file did.

    The system's log gets it in any case, where there is one. Raises NotRecorded.
    """
    line = _line(event)
    failures: list[str] = []
    taken = _to_file(line, places(file), failures)
    logged = _to_system_log(line, failures)
    if not taken and not logged:
        raise NotRecorded(f"could not record the decision: {'; '.join(failures)}")
    return taken or logged


def read(files: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Every event of the files, in their order; files that do not exist have none.

    What cannot be read is given in its place as ``{"broken": why, "file": path, "line": number}`` (line 0: the file).
    """
    for path in files:
        try:
            with open(path, "rb") as file:
                for number, line in enumerate(file, 1):
                    yield from _events(line, path, number)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield {"broken": f"could not read: {_reason(error)}", "file": path, "line": 0}


def _line(event: Event) -> bytes:
    """ASCII only: escape sequences, invalid UTF-8 (as lone surrogates) and newlines are all escaped by JSON."""
    seconds, fraction = divmod(event.when, 1)
    fields = {
        "schema": SCHEMA,
        "when": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(fraction * 1e6):06d}Z",
        "outcome": event.outcome.value,
        "host": event.host,
        "operator": event.operator,
        "cwd": event.cwd,
        "argv": redact(event.argv),
        "intent": event.intent,
        "verdict": event.verdict,
        "answer": event.answer,
        "override": event.override,
        "detail": event.detail,
    }
    return json.dumps(fields, default=str).replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _to_file(line: bytes, paths: Iterable[str], failures: list[str]) -> str:
    for path in paths:
        try:
            append(path, line)
        except OSError as error:
            failures.append(f"{path}: {_reason(error)}")
        else:
            return path
    return ""


def _to_system_log(line: bytes, failures: list[str]) -> str:
    try:
        return system_log.send(line)
    except OSError as error:
        failures.append(f"system log: {_reason(error)}")
        return ""


def _events(line: bytes, path: str, number: int) -> Iterator[dict[str, Any]]:
    """One event, as a rule; of a line that was cut short and ran into the next, what can be saved.

    An empty line is nothing: a writer leaves one where it met another in the middle of a long line.
    """
    if not line.strip():
        return
    try:
        yield _event(line)
    except ValueError as error:
        first, *rest = line.rstrip(b"\n").split(_START)
        if rest and (first or len(rest) > 1):
            for piece in ([first] if first else []) + [_START + piece for piece in rest]:
                yield from _events(piece, path, number)
        else:
            yield {"broken": f"not an event: {error}", "file": path, "line": number}


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(event, dict):
        raise ValueError("not an object")
    return event


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
