"""What repmgr is understood to do."""

from __future__ import annotations

import subprocess

import pytest

from guardsh.commands.repmgr import GRAMMAR
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

_CONFIGURED = "data_directory of [] in"

CASES = [
    ("repmgr -h db-02 -U repmgr -D /d standby clone -F", "overwrite tree /d ->"),
    ("repmgr standby clone -h db-02 -D /d --force", "overwrite tree /d ->"),
    ("repmgr -D /d STANDBY Clone", "overwrite tree /d ->"),
    ("repmgr -f /etc/r.conf standby clone -F", f"overwrite tree {_CONFIGURED} /etc/r.conf"),
    # The directory is ignored where there is a configuration file: either may be the one.
    ("repmgr -f /r -D /d standby clone -F", f"overwrite tree /d ->, tree {_CONFIGURED} /r"),
    ("repmgr -D /d standby clone --dry-run", "nothing"),
    ("repmgr -D /d standby clone --replication-conf-only", "nothing"),
    ("repmgr standby promote -f /r", "promote tree /"),
    ("repmgr -f /r standby switchover --siblings-follow", "stop tree /; promote tree /"),
    ("repmgr -f /r standby follow -W", "stop tree /"),
    (
        "repmgr -f /r node rejoin -d 'host=db-02' --force-rewind",
        f"rewind instance {_CONFIGURED} /r; start instance {_CONFIGURED} /r",
    ),
    ("repmgr -f /r node rejoin -d 'host=db-02'", f"start instance {_CONFIGURED} /r"),
    ("repmgr -f /r node rejoin --force-rewind --dry-run", "nothing"),
    ("repmgr node service --action=stop", "stop tree /"),
    ("repmgr node service --action restart", "stop tree /; start tree /"),
    ("repmgr node service --list-actions --action=stop", "nothing"),
    ("repmgr node service --action=reload", "nothing"),
    ("repmgr cluster show --compact", "nothing"),
    ("repmgr -f /r primary register -F", "nothing"),
    ("repmgr standby unregister --node-id=3", "nothing"),
    ("repmgr --help standby promote", "nothing"),
    ("repmgr", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_repmgr(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_where_it_looks_without_being_told() -> None:
    assert reading("repmgr standby clone -F").endswith("/etc/repmgr.conf /etc/repmgr /etc/postgresql/repmgr.conf")


def test_what_force_does_is_said() -> None:
    (intent,) = intents("repmgr -D /d standby clone -F")
    assert intent.action == "repmgr standby clone --force would delete and clone anew"
    assert "another account" in intent.notes[0]


@pytest.mark.parametrize("what", ["", "primary", "standby", "node", "cluster", "service"])
def test_every_option_of_the_tool_is_known(what: str) -> None:
    """Debian's repmgr 5.3 here. Its help leaves the values of some options out, so that only names are compared; the
    options' values are those of repmgr-client-global.h."""
    program = manual.installed("repmgr")
    words = [program, *([what] if what else []), "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    assert manual.spellings(shown) <= GRAMMAR.keys()
