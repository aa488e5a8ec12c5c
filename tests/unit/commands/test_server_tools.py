"""What PostgreSQL's server tools are understood to do, and that their grammars are those of the real tools."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module

import pytest

from guardsh.commands import COMMANDS, SHIMMED, postgres
from guardsh.commands.grammar import Grammar, Value
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

UNNAMED = "no data directory is named"

CASES = [
    # initdb takes its directory as an option or as an operand.
    ("initdb -D /d", "overwrite tree /d ->"),
    ("initdb /d -k", "overwrite tree /d ->"),
    ("initdb --pgd=/d -U postgres -A peer --no-locale", "overwrite tree /d ->"),
    ("initdb -D /d -X /w", "overwrite tree /d ->, tree /w ->"),
    ("initdb -kX/w /d", "overwrite tree /d ->, tree /w ->"),
    ("initdb -c shared_buffers=1GB /d", "overwrite tree /d ->"),
    ("initdb --lc-messages C /d", "overwrite tree /d ->"),
    ("initdb -S -D /d", "nothing"),
    ("initdb -s -D /d", "nothing"),
    ("initdb", "nothing"),
    ("initdb --help", "nothing"),
    ("initdb --new /d", "overwrite tree /d -> ? unknown option --new"),
    ("initdb --new -S /d", "overwrite tree /d -> ? unknown option --new"),
    # pg_rewind; it looks at no PGDATA.
    ("pg_rewind -D /d --source-server='host=db-01 user=postgres' -P -R", "rewind instance /d ->"),
    ("pg_rewind --target-pgdata=/d --source-pgdata=/s", "rewind instance /d ->"),
    ("pg_rewind --target /d --source-p /s -c", "rewind instance /d ->"),
    ("pg_rewind -nPD /d --source-pgdata /s", "nothing"),
    ("pg_rewind --dry -D /d --source-pgdata /s", "nothing"),
    ("pg_rewind --source-server=x", "nothing"),
    ("pg_rewind -V", "nothing"),
    ("pg_rewind --new -n -D /d", "rewind instance /d -> ? unknown option --new"),
    ("pg_rewind --new=/d", f"rewind tree / ? unknown option --new ? {UNNAMED}"),
    # pg_resetwal; neither does it.
    ("pg_resetwal -f /d", "overwrite instance /d ->"),
    ("pg_resetwal -D /d", "overwrite instance /d ->"),
    ("pg_resetwal -l 000000010000000000000010 -fD/d", "overwrite instance /d ->"),
    ("pg_resetwal -n /d", "nothing"),
    ("pg_resetwal --dry-run -D /d", "nothing"),
    ("pg_resetwal -f", "nothing"),
    ("pg_resetwal -y 5 /d", "overwrite instance 5 ->, instance /d -> ? unknown option -y"),
    # pg_checksums: the last of the three modes counts.
    ("pg_checksums -D /d", "nothing"),
    ("pg_checksums --check /d", "nothing"),
    ("pg_checksums -e /d", "overwrite instance /d ->"),
    ("pg_checksums --enable -P -D /d", "overwrite instance /d ->"),
    ("pg_checksums -d -D /d", "configure instance /d ->"),
    ("pg_checksums -e -c /d", "nothing"),
    ("pg_checksums -ced /d", "configure instance /d ->"),
    ("pg_checksums --new -e -c /d", "overwrite instance /d -> ? unknown option --new"),
    # pg_archivecleanup
    ("pg_archivecleanup /a 000000010000000000000010", "delete tree /a ->; expire"),
    ("pg_archivecleanup -dx .gz /a 000000010000000000000010", "delete tree /a ->; expire"),
    ("pg_archivecleanup -n /a 000000010000000000000010", "nothing"),
    ("pg_archivecleanup --dry-run /a 000000010000000000000010", "nothing"),
    ("pg_archivecleanup /a", "nothing"),
    (
        "pg_archivecleanup --new /a 1",
        "delete tree /a ->, tree 1 -> ? unknown option --new; expire ? unknown option --new",
    ),
    # pg_combinebackup
    ("pg_combinebackup /full /incr -o /d", "overwrite tree /d ->"),
    ("pg_combinebackup -o/d -T /t=/u /full", "overwrite tree /d ->, tree /u ->"),
    ("pg_combinebackup -n /full -o /d", "nothing"),
    ("pg_combinebackup /full /incr", "nothing"),
    # pg_createsubscriber
    ("pg_createsubscriber -D /d -P 'host=db-01' -d app", "overwrite instance /d ->"),
    ("pg_createsubscriber --pgdata=/d --dry-run -d app", "nothing"),
    ("pg_createsubscriber -d app", "nothing"),
    # pg_upgrade: the old cluster only where its files are given away.
    ("pg_upgrade -b /b -B /c -d /o -D /n", "overwrite instance /n ->"),
    ("pg_upgrade -b /b -d /o -D /n --clone", "overwrite instance /n ->"),
    ("pg_upgrade -b /b -d /o -D /n -k", "overwrite instance /n ->; overwrite instance /o ->"),
    ("pg_upgrade --old-d=/o --new-d=/n --link -j 8", "overwrite instance /n ->; overwrite instance /o ->"),
    ("pg_upgrade -d /o -D /n --swap", "overwrite instance /n ->; overwrite instance /o ->"),
    ("pg_upgrade -kc -d /o -D /n", "nothing"),
    ("pg_upgrade --check -d /o -D /n", "nothing"),
    ("pg_upgrade", "nothing"),
    ("pg_upgrade -D /n -O '-D /x'", "overwrite instance /n -> ? --new-options may name another data directory"),
    # The server itself.
    ("postgres -D /d", "start instance /d ->"),
    ("postgres -D/d -p 5433 -c hba_file=/h", "start instance /d ->"),
    ("postmaster -D /etc/postgresql/15/main", "start instance /etc/postgresql/15/main ->"),
    ("postgres --single -D /d template1", "start instance /d ->"),
    ("postgres -c data_directory=/d", "start instance /d ->"),
    ("postgres --data-directory=/d", "start instance /d ->"),
    ("postgres --config_file=/etc/postgresql/15/main/postgresql.conf", "start instance /etc/postgresql/15/main ->"),
    ("postgres -D /d --data_directory=/e", "start instance /d ->, instance /e ->"),
    ("postgres -D /d --shared-buffers=1GB", "start instance /d ->"),
    ("postgres -D /d -C data_directory", "nothing"),
    ("postgres --version", "nothing"),
    ("postgres --describe-config", "nothing"),
    ("postgres", "nothing"),
    ("postgres -D /d -@", "start instance /d -> ? unknown option -@"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_reading(line: str, expected: str) -> None:
    assert reading(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("initdb", "overwrite tree /p ->"),
        ("pg_checksums -e", "overwrite instance /p ->"),
        ("postgres", "start instance /p ->"),
        ("pg_rewind --source-server=x", "nothing"),
        ("pg_resetwal -f", "nothing"),
        ("pg_createsubscriber -d app", "nothing"),
    ],
)
def test_which_of_them_look_at_pgdata(line: str, expected: str) -> None:
    assert reading(line, PGDATA="/p") == expected


def test_pg_upgrade_has_variables_of_its_own() -> None:
    expected = "overwrite instance /n ->; overwrite instance /o ->"
    assert reading("pg_upgrade -k", PGDATAOLD="/o", PGDATANEW="/n", PGDATA="/p") == expected


def test_after_a_change_of_account_pgdata_could_be_any() -> None:
    expected = f"overwrite tree / ? {UNNAMED}, and PGDATA is not known after sudo"
    assert reading("pg_checksums -e", prefixes="sudo -iu postgres") == expected


@pytest.mark.parametrize(
    ("line", "action", "note"),
    [
        ("pg_rewind -D /d --source-pgdata /s", "pg_rewind would rewind", "if it fails half way"),
        ("pg_resetwal -f /d", "pg_resetwal would throw away the write-ahead log in", "a last resort"),
        ("pg_createsubscriber -D /d", "pg_createsubscriber would make a logical replica of", "system identifier"),
        ("pg_combinebackup -k /f -o /d", "pg_combinebackup would write into", "no longer good"),
    ],
)
def test_action_reads_as_a_sentence(line: str, action: str, note: str) -> None:
    [intent] = intents(line)
    assert intent.action == action
    assert note in intent.notes[0]


def test_single_user_mode_is_said() -> None:
    assert intents("postgres --single -D /d")[0].action == "postgres --single would start"


# Each of the tools, and how many spellings of options its help has at least.
TOOLS = {
    "initdb": 45,
    "pg_archivecleanup": 6,
    "pg_checksums": 16,
    "pg_combinebackup": 20,
    "pg_createsubscriber": 28,
    "pg_resetwal": 24,
    "pg_rewind": 19,
    "pg_upgrade": 36,
}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_option_of_the_real_tool_is_known(tool: str) -> None:
    tools = manual.postgres_tools(tool)
    if not tools:
        pytest.skip(f"no PostgreSQL that has {tool} is installed")
    grammar: Grammar = import_module(COMMANDS[tool]).GRAMMAR
    for program, environment in tools:
        listed = manual.options(program, environment)
        assert len(listed) >= TOOLS[tool], program
        assert manual.unknown(grammar, listed) == {}, program


# What the server's help has between an option and two blanks: `-d 1-5`, `-f s|i|o|b|t|n|m|h`, `-D DATADIR`.
_LETTER = re.compile(r"^  (-\w)( [\w|-]+)?(?:, --\w+)?  ", re.MULTILINE)


def test_every_letter_of_the_real_server_is_known() -> None:
    """Its long options are settings."""
    for program, environment in manual.postgres_tools("postgres"):
        shown = subprocess.run([program, "--help"], capture_output=True, text=True, env=environment, check=True).stdout
        letters = dict(_LETTER.findall(shown))
        assert len(letters) >= 22, program
        for letter, value in letters.items():
            assert postgres.GRAMMAR[letter].value is (Value.REQUIRED if value else Value.NONE), (program, letter)


def test_they_are_asked_about_wherever_they_start() -> None:
    assert {*TOOLS, "postgres", "postmaster"} <= SHIMMED
