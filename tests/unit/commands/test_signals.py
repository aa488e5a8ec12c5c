"""Which signal kill, pkill, killall and fuser are understood to send, and to which processes."""

from __future__ import annotations

import subprocess

import pytest

from guardsh.commands.signal_names import NUMBERS, named
from guardsh.model.intent import Effect, Intent
from tests.unit.commands.reading import intents

CASES = [
    ("kill 4711", "TERM 4711"),
    ("kill -9 4711 4712", "KILL 4711 4712"),
    ("kill -KILL 4711", "KILL 4711"),
    ("kill -SIGKILL 4711", "KILL 4711"),
    ("kill -s kill 4711", "KILL 4711"),
    ("kill -skill 4711", "KILL 4711"),
    ("kill -n 9 4711", "KILL 4711"),
    ("kill --signal=QUIT 4711", "QUIT 4711"),
    ("kill -q 1 -INT 4711", "INT 4711"),
    ("kill -STOP 4711", "STOP 4711"),
    ("kill -RTMIN+3 4711", "RTMIN+3 4711"),
    ("kill --timeout 1000 KILL 4711", "KILL 4711"),
    ("kill -- -4711", "TERM [pgrep -g 4711]"),
    ("kill -9 -4711", "KILL [pgrep -g 4711]"),
    ("kill %1", "TERM [pgrep -s 0]"),  # a server that was started in this session
    ("kill -TERM postgres", "TERM [pgrep -x -- postgres]"),  # util-linux takes names
    ("kill -9 -1", "every process"),
    ("kill -1 4711", "nothing"),  # HUP
    ("kill -0 4711", "nothing"),
    ("kill -HUP 4711", "nothing"),
    ("kill -CONT 4711", "nothing"),
    ("kill -l", "nothing"),
    ("kill -l 9", "nothing"),
    ("kill -L", "nothing"),
    ("kill -9", "nothing"),
    ("kill 0", "nothing"),  # the shell's own group
    ("kill -x 4711", "? 4711"),
    ("killall5 -9", "every process"),
    ("killall5 -18", "nothing"),
    ("skill -KILL -u postgres", "every process"),
    ("skill -n -u postgres", "nothing"),
    ("pkill postgres", "TERM [pgrep -- postgres]"),
    ("pkill -9 -u postgres", "KILL [pgrep --euid postgres --]"),
    ("pkill -u postgres -QUIT", "QUIT [pgrep --euid postgres --]"),
    ("pkill --signal KILL -ef walreceiver", "KILL [pgrep --full -- walreceiver]"),
    ("pkill -oxf 'postgres -D /d'", "TERM [pgrep --oldest --exact --full -- postgres -D /d]"),
    ("pkill -HUP postgres", "nothing"),
    ("pkill -1 postgres", "nothing"),
    ("pkill", "nothing"),
    ("pkill --unheard postgres", "every process ? unknown option --unheard"),
    ("killall -9 postgres", "KILL [killall -s 0 -v -- postgres]"),
    ("killall -w -i -u postgres", "TERM [killall -s 0 -v --user postgres --]"),
    ("killall -s HUP postgres", "nothing"),
    ("killall -l", "nothing"),
    ("fuser -k /d", "KILL [fuser /d]"),
    ("fuser -k -TERM -m /mnt", "TERM [fuser --mount /mnt]"),
    ("fuser -ikm /mnt", "KILL [fuser --mount /mnt]"),
    ("fuser -k -n tcp 5432", "KILL [fuser --namespace tcp 5432]"),
    ("fuser -k 5432/tcp", "KILL [fuser 5432/tcp]"),
    ("fuser -m /mnt", "nothing"),
    ("fuser -k -HUP /d", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_signal(line: str, expected: str) -> None:
    assert ("; ".join(map(_spoken, intents(line))) or "nothing") == expected


def _spoken(intent: Intent) -> str:
    assert intent.effect is Effect.STOP
    if intent.signal is None:
        doubts = "" if "skill" in intent.action else "".join(f" ? {doubt}" for doubt in intent.doubts)
        return f"every process{doubts}"
    pids = (str(pid) for pid in intent.signal.pids)
    listings = (f"[{' '.join(listing)}]" for listing in intent.signal.listings)
    return " ".join((intent.signal.name or "?", *pids, *listings))


def test_a_listing_never_sends_a_signal() -> None:
    """Whatever was typed: killall gets signal 0 first and the names behind --, fuser never -k."""
    for line, _ in [*CASES, ("fuser -k -- -k", ""), ("killall -- -9", ""), ("pkill -- -9", "")]:
        for intent in intents(line):
            for listing in intent.signal.listings if intent.signal else ():
                if listing[0] == "killall":
                    assert listing[:4] == ("killall", "-s", "0", "-v")
                    assert not {"-s", "--signal"} & set(listing[4 : listing.index("--")])
                elif listing[0] == "fuser":
                    assert not {"-k", "--kill"} & set(listing)
                else:
                    assert listing[0] == "pgrep"


def test_signals_have_the_numbers_of_this_system() -> None:
    shown = subprocess.run(["bash", "-c", "kill -l 9 15 1 19 31"], capture_output=True, text=True, check=True).stdout
    assert [NUMBERS[number] for number in (9, 15, 1, 19, 31)] == shown.split()
    assert named("137") == "KILL"  # an exit status, as bash takes it
