"""What pgBackRest is understood to do."""

from __future__ import annotations

import re
import subprocess

import pytest

from guardsh.commands.pgbackrest import BOOLEAN
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

_FILES = "/etc/pgbackrest/pgbackrest.conf /etc/pgbackrest/conf.d /etc/pgbackrest.conf"

CASES = [
    # Options and command in any order; the directory named, or what the configuration says of the stanza.
    ("pgbackrest --stanza=main --pg1-path=/d restore", "overwrite tree /d ->"),
    ("pgbackrest --stanza main --pg1-path /d restore", "overwrite tree /d ->"),
    ("pgbackrest restore --delta --pg1-path=/d --stanza=main", "overwrite tree /d ->"),
    ("pgbackrest --stanza=main restore", f"overwrite tree pg1-path of [main global] in {_FILES}"),
    ("pgbackrest --stanza=main --delta restore", f"overwrite tree pg1-path of [main global] in {_FILES}"),
    (
        "pgbackrest --config=/c --config-include-path=/i --stanza=m restore",
        "overwrite tree pg1-path of [m global] in /c /i /etc/pgbackrest.conf",
    ),
    ("pgbackrest --db-path=/d restore", "overwrite tree /d ->"),
    (
        "pgbackrest --pg1-path=/d --tablespace-map=ts=/t --tablespace-map-all=/a --link-map=pg_wal=/w restore",
        "overwrite tree /d ->, tree /t ->, tree /w ->, tree /a ->",
    ),
    # The stanza may have the name of a command.
    ("pgbackrest --stanza restore info", "nothing"),
    ("pgbackrest --stanza info --pg1-path=/d restore", "overwrite tree /d ->"),
    # A command is not lost to an option that nobody knows.
    ("pgbackrest --new --pg1-path=/d restore", "overwrite tree /d ->"),
    ("pgbackrest --new restore --pg1-path=/d", "overwrite tree /d ->"),
    ("pgbackrest --new /x restore --pg1-path=/d", "overwrite tree /d ->"),
    # The repository.
    ("pgbackrest --stanza=main expire", "expire"),
    ("pgbackrest --stanza=main expire --dry-run", "nothing"),
    ("pgbackrest --stanza=main --force stanza-delete", "expire"),
    ("pgbackrest repo-rm backup --recurse", "expire"),
    ("pgbackrest --stanza=main stop", "configure tree /"),
    # What Postgres runs, and what only reads or adds.
    ("pgbackrest --stanza=main archive-push pg_wal/0001", "nothing"),
    ("pgbackrest --stanza=main archive-get 0001 pg_wal/RECOVERYXLOG", "overwrite entry pg_wal/RECOVERYXLOG ->"),
    ("pgbackrest --stanza=main --type=full backup", "nothing"),
    ("pgbackrest info", "nothing"),
    ("pgbackrest", "nothing"),
    ("pgbackrest --help restore", "nothing"),
    ("pgbackrest help restore", "nothing"),
    ("pgbackrest version", "nothing"),
    ("pgbackrest --no-delta --pg1-path=/d restore", "overwrite tree /d ->"),
    ("pgbackrest -x --pg1-path=/d restore", "overwrite tree /d -> ? unknown option -x"),
    ("pgbackrest frobnicate", "expire ? unknown command frobnicate"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_pgbackrest(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_the_environment_stands_for_options() -> None:
    named = reading("pgbackrest restore", PGBACKREST_PG1_PATH="/d", PGBACKREST_STANZA="x")
    assert named == "overwrite tree /d ->"
    assert reading("pgbackrest restore", PGBACKREST_STANZA="x").startswith("overwrite tree pg1-path of [x global]")
    assert reading("pgbackrest restore", PGBACKREST_CONFIG="/c").endswith(
        "in /c /etc/pgbackrest/conf.d /etc/pgbackrest.conf"
    )


@pytest.mark.parametrize(
    ("line", "environment", "spoken"),
    [
        ("pgbackrest restore", {"PGBACKREST_DELTA": "y"}, "pgbackrest restore --delta would"),
        ("pgbackrest --delta restore", {}, "pgbackrest restore --delta would"),
        ("pgbackrest --no-delta restore", {"PGBACKREST_DELTA": "y"}, "pgbackrest restore would"),
        ("pgbackrest --force restore", {}, "pgbackrest restore --force would"),
        ("pgbackrest restore", {}, "pgbackrest restore would"),
    ],
)
def test_what_makes_it_delete_is_said(line: str, environment: dict[str, str], spoken: str) -> None:
    (intent,) = intents(line, **environment)
    assert intent.action.startswith(spoken)
    assert "its configuration may say" in intent.notes[0]


def test_every_option_without_a_value_is_one_to_the_tool() -> None:
    """`pgbackrest help COMMAND` gives a default of y or n to booleans (2.45 here)."""
    program = manual.installed("pgbackrest")
    for command in ("archive-get", "backup", "expire", "restore", "stanza-delete", "stop"):
        shown = subprocess.run([program, "help", command], capture_output=True, text=True, check=True).stdout
        shown = re.sub(r"\n {20,}", " ", shown)
        booleans = set(re.findall(r"--([\w-]+) .*\[(?:current=\w+, )?default=[yn]\]", shown))
        assert {name for name in booleans if not name.startswith("repo")} <= BOOLEAN
