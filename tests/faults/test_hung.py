"""A server that does not answer: the verdict comes in time, and it is a primary's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from guardsh.operations.lab import LabServer
from tests.faults.operator import PATIENCE, Ended, Operator, entries

Hang = Callable[[LabServer], AbstractContextManager[None]]

BUDGET = 3.0  # seconds: the two of the policy, and a start of the interpreter on a busy machine


@contextmanager
def suspended(server: LabServer) -> Iterator[None]:
    """Connections are taken by the kernel, and never answered."""
    server.suspend()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def stuck(server: LabServer) -> Iterator[None]:
    """Every new connection sleeps before it is let in: the postmaster itself is well."""
    _reload(server, "pre_auth_delay", "60s")
    try:
        yield
    finally:
        _reload(server, "pre_auth_delay", "0")


def _reload(server: LabServer, name: str, value: str) -> None:
    log = Path(server.log)
    before = log.stat().st_size
    server.configure({name: value})
    os.kill(server.pid, signal.SIGHUP)
    end = time.monotonic() + PATIENCE
    while f'"{name}" changed to "{value}"' not in log.read_bytes()[before:].decode() and time.monotonic() < end:
        time.sleep(0.02)


@pytest.mark.parametrize("hung", [suspended, stuck])
def test_a_primary_is_asked_about_within_the_budget(operator: Operator, hung: Hang) -> None:
    ended = asked_in_time(operator, hung, operator.stage.primary)
    assert "and it is the primary" in ended.seen
    assert "Whether another live copy exists is not known" in ended.seen


@pytest.mark.parametrize("hung", [suspended, stuck])
def test_a_replica_too(operator: Operator, hung: Hang) -> None:
    ended = asked_in_time(operator, hung, operator.stage.replica)
    # Its processes' titles may tell that it streams; without that word it may be the only copy.
    assert "and it is a replica" in ended.seen or "perhaps the only copy" in ended.seen


def asked_in_time(operator: Operator, hung: Hang, server: LabServer) -> Ended:
    with hung(server):
        began = time.monotonic()
        session = operator.types("rm", "-rf", *entries(server.directory))
        session.wait_for_question()
        assert time.monotonic() - began < BUDGET
        session.type(f"{operator.host} none\n")
        ended = session.end()
    assert ended.status == 77
    assert server.sql("select 1") == "1"
    return ended


def test_without_a_terminal(operator: Operator) -> None:
    with stuck(operator.stage.replica):
        began = time.monotonic()
        done = operator.unattended("rm", "-rf", *entries(operator.stage.replica.directory))
        assert time.monotonic() - began < BUDGET
    assert (done.returncode, done.stderr.count("\n")) == (77, 1)
