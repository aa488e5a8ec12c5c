"""Which signals to which real processes would stop a real server; none of them is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from guardsh import commands
from guardsh.model.finding import Findings
from guardsh.model.intent import Invocation
from guardsh.model.verdict import Caller, Decision
from guardsh.observe import findings
from guardsh.operations.lab import Lab
from guardsh.policy import config
from guardsh.policy.assess import assess

_AT_A_TERMINAL = Caller(attended=True, why="")


def look(line: str, *words: str) -> Findings:
    """``words`` are further ones, with blanks in them."""
    invocation = Invocation((*line.split(), *words), "/", {})
    policy = replace(config.builtin(), deadline=10.0)
    return findings.look(commands.understand(invocation), invocation, policy)


def stopped(line: str, *words: str) -> list[str]:
    """The data directories of the servers that would stop."""
    found = look(line, *words)
    assert not any(found.unseen), found.unseen
    return [touch.instance.directory.place.path for touches in found.touches for touch in touches]


@contextmanager
def standing_in(directory: str, *words: str) -> Iterator[int]:
    process = subprocess.Popen(words or ("sleep", "60"), cwd=directory)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_postmaster(lab: Lab) -> None:
    primary = lab.primary()
    pid, here = primary.pid, [primary.directory]
    for signal in ("TERM", "INT", "QUIT", "KILL", "STOP", "SEGV"):
        assert stopped(f"kill -{signal} {pid}") == here, signal
    for signal in ("0", "HUP", "USR1", "CONT"):
        assert stopped(f"kill -{signal} {pid}") == [], signal
    assert stopped(f"kill -9 -- -{os.getpgid(pid)}") == here
    assert stopped(f"kill -9 1 {pid}") == here


def test_children(lab: Lab) -> None:
    """KILL of any of them ends every session; TERM ends one, or a worker that is started again."""
    primary = lab.primary()
    writer = primary.child("walwriter")
    assert stopped(f"kill -9 {writer}") == [primary.directory]
    assert stopped(f"kill -QUIT {writer}") == [primary.directory]
    assert stopped(f"kill {writer}") == []
    assert stopped(f"kill -INT {writer}") == []


def test_startup_process_and_walreceiver(lab: Lab) -> None:
    replica = lab.replica(lab.primary())
    startup, receiver = replica.child("startup"), replica.child("walreceiver")
    assert stopped(f"kill {startup}") == [replica.directory]
    assert stopped(f"kill -INT {startup}") == []
    assert stopped(f"kill {receiver}") == []
    assert stopped(f"kill -9 {receiver}") == [replica.directory]


def test_others_in_the_data_directory(lab: Lab) -> None:
    """An editor that stands there is no server."""
    primary = lab.primary()
    with standing_in(primary.directory) as pid:
        assert stopped(f"kill -9 {pid}") == []
    assert stopped("kill -9 4194305") == []  # beyond every pid


def test_looked_up(lab: Lab) -> None:
    primary = lab.primary()
    here = [primary.directory]
    pid = primary.pid
    assert stopped("pkill -9 -f", f"postgres.*-D {primary.directory}") == here
    assert stopped(f"pkill -9 -P {os.getppid()} -x", "no such name") == []
    assert stopped(f"pkill -o -g {os.getpgid(pid)}") == here
    assert primary.directory in stopped("pkill postgres")
    assert primary.directory in stopped("killall -9 postgres")
    assert stopped("killall -9 no-such-name") == []
    assert stopped("fuser -k", primary.path("postmaster.pid")) == []  # not open
    assert stopped("fuser -k", primary.directory) == here  # it works there
    assert stopped(f"pkill -f walwriter -P {pid}") == []  # TERM
    assert stopped(f"pkill -9 -f walwriter -P {pid}") == here
    assert primary.directory in stopped("kill -9 -1")
    assert primary.directory in stopped("killall5 -9")


def test_job_of_this_session(lab: Lab) -> None:
    """``kill %1`` may be a server that was started as ``postgres -D … &``; pg_ctl's has a session of its own."""
    lab.primary()
    assert stopped("kill %1") == []


def test_ha_manager(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    primary = lab.primary()
    script = tmp_path_factory.mktemp("bin") / "patroni"
    script.write_text("import time\ntime.sleep(60)\n")
    with standing_in("/", sys.executable, str(script)) as pid:
        assert primary.directory in stopped(f"kill {pid}")
        assert stopped(f"kill -HUP {pid}") == []


def test_a_listing_that_fails_may_have_named_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    [[why]] = look("pkill postgres").unseen
    assert why == "which processes pgrep -- postgres lists: pgrep was not found"


def test_verdicts(lab: Lab) -> None:
    """A primary asks, a replica is pointed out, and neither is ever refused."""
    primary = lab.primary()
    replica = lab.replica(primary)
    for server, decision in ((primary, Decision.CHALLENGE), (replica, Decision.NOTICE)):
        primary.until("select count(*) from pg_stat_replication where replay_lsn is not null", "1")
        verdict = assess(look(f"kill {server.pid}"), _AT_A_TERMINAL, config.builtin())
        assert verdict.decision is decision, verdict
        assert verdict.summary.startswith(f"kill -TERM {server.pid} would stop a running"), verdict.summary


@pytest.mark.parametrize("line", ["reboot", "shutdown -h now", "telinit 6", "kexec -e"])
def test_power(lab: Lab, line: str) -> None:
    lab.primary()
    verdict = assess(look(line), _AT_A_TERMINAL, config.builtin())
    assert verdict.decision is Decision.CHALLENGE
    assert verdict.subject is not None
    assert verdict.subject.word == "primary"
    assert "; this node carries a running primary." in verdict.summary
    unattended = assess(look(line), Caller(attended=False, why="no terminal"), config.builtin())
    assert unattended.decision is Decision.NOTICE
