"""The audit trail of a salvage: what was stopped, what was answered, what came home."""

from __future__ import annotations

import os
import sys
import time

from guardsh.audit import trail
from guardsh.model.event import Event, Outcome
from guardsh.observe import node
from guardsh.operations.salvage.hold import Held
from guardsh.policy import config


def put_on_record(held: Held, destination: str, what: str, accepted: bool) -> None:
    """One event; where no trail can be written it is said, and nothing waits for it: the clock is running."""
    directory = held.accident.directory
    event = Event(
        when=time.time(),
        outcome=Outcome.ACCEPT if accepted else Outcome.REJECT,
        operator=trail.operator(),
        host=node.host_name(),
        cwd=_working_directory(),
        argv=("guardsh", *sys.argv[1:]),
        intent=(f"stop {directory}", *([f"read {directory} into {destination}"] if destination else [])),
        verdict={},
        answer=what,
        detail=_detail(held),
    )
    try:
        trail.record(event, config.in_force().audit_file)
    except trail.NotRecorded as error:
        sys.stderr.write(f"guardsh: {error}\n")


def _detail(held: Held) -> str:
    stopped = [*held.accident.members, *(manager.member for manager in held.managers)]
    return f"stopped: {' '.join(str(member.pid) for member in stopped)}"


def _working_directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""
