"""What Debian's cluster tools are understood to do, and that Perl reads their words as we do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from guardsh.commands import SHIMMED
from guardsh.commands.debian import TOOLS
from guardsh.commands.getopt_perl import read
from guardsh.commands.grammar import Grammar, Value, declare
from tests.unit.commands.reading import intents, reading

MAIN = "instance /etc/postgresql/15/main ->"

CASES = [
    ("pg_dropcluster 15 main", f"delete {MAIN}"),
    ("pg_dropcluster --stop 15 main", f"delete {MAIN}"),
    ("pg_dropcluster 15 main -stop", f"delete {MAIN}"),
    ("pg_dropcluster --STOP-s 9.6 a.b", "delete instance /etc/postgresql/9.6/a.b ->"),
    ("pg_dropcluster main", "nothing"),
    ("pg_dropcluster --help", "nothing"),
    ("pg_dropcluster --new 15 main", f"delete {MAIN} ? unknown option --new"),
    (
        "pg_dropcluster --new 14 15 main",
        "delete instance /etc/postgresql/14/15 ->, " + MAIN + " ? unknown option --new",
    ),
    # The cluster is named in three ways, the action comes first or last.
    ("pg_ctlcluster 15 main stop", f"stop {MAIN}"),
    ("pg_ctlcluster 15-main stop", f"stop {MAIN}"),
    ("pg_ctlcluster 15/main stop", f"stop {MAIN}"),
    ("pg_ctlcluster stop 15-main", f"stop {MAIN}"),
    ("pg_ctlcluster stop 15 main", f"stop {MAIN}"),
    ("pg_ctlcluster 15-my-db stop", "stop instance /etc/postgresql/15/my-db ->"),
    ("pg_ctlcluster -m immediate 15 main stop", f"stop {MAIN}"),
    ("pg_ctlcluster 15 main --mode=fast restart", f"stop {MAIN}; start {MAIN}"),
    ("pg_ctlcluster 15 main stop -f", f"stop {MAIN}"),
    ("pg_ctlcluster 15 main start -o '-c hba_file=/h' -- -t 5", f"start {MAIN}"),
    ("pg_ctlcluster 15 main promote", f"promote {MAIN}"),
    ("pg_ctlcluster 15 main reload", "nothing"),
    ("pg_ctlcluster 15 main status", "nothing"),
    ("pg_ctlcluster stop", "nothing"),
    ("pg_ctlcluster 15 main", f"stop {MAIN} ? unknown action main"),
    ("pg_ctlcluster 15 main frob", f"stop {MAIN} ? unknown action main"),
    (
        "pg_ctlcluster 15 main stop -- -D /e",
        f"stop {MAIN} ? an option that is passed on names another data directory",
    ),
    # What is made, should be made where nothing is.
    ("pg_createcluster 15 main", "overwrite instance /var/lib/postgresql/15/main ->"),
    ("pg_createcluster -d /d 15 main -- -k", "overwrite instance /d ->"),
    ("pg_createcluster --datadir=/d --start 15 main", "overwrite instance /d ->; start instance /d ->"),
    ("pg_renamecluster 15 main old", f"stop {MAIN}; configure {MAIN}"),
    ("pg_restorecluster 15 main /b/x.backup", "overwrite instance /var/lib/postgresql/15/main ->"),
    ("pg_restorecluster -d /d --pitr '2025-09-02 12:00' 15-main /b/x.backup", "overwrite instance /d ->"),
    ("pg_upgradecluster 15 main", f"stop {MAIN}"),
    ("pg_upgradecluster -v 16 15 main /new", f"stop {MAIN}"),
    ("pg_upgradecluster -k 15 main", f"stop {MAIN}; overwrite {MAIN}"),
    ("pg_upgradecluster -m link 15 main", f"stop {MAIN}; overwrite {MAIN}"),
    ("pg_upgradecluster --method=clone --nostart 15 main", f"stop {MAIN}"),
    ("pg_backupcluster 15 main expirebasebackups 3", "expire"),
    ("pg_backupcluster 15-main expiredumps 0", "expire"),
    ("pg_backupcluster 15 main deletebroken", "expire"),
    ("pg_backupcluster 15 main basebackup", "nothing"),
    ("pg_backupcluster 15 main list", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_reading(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_the_root_of_configurations_can_be_elsewhere() -> None:
    """As pg_virtualenv has it."""
    expected = "delete instance /tmp/etc/15/main ->"
    assert reading("pg_dropcluster 15 main", PG_CLUSTER_CONF_ROOT="/tmp/etc") == expected


def test_action_reads_as_a_sentence() -> None:
    assert intents("pg_dropcluster 15 main")[0].action == "pg_dropcluster would delete, configuration and all,"
    assert intents("pg_ctlcluster stop 15-main")[0].action == "pg_ctlcluster stop would stop"


def test_they_are_asked_about_wherever_they_start() -> None:
    assert set(TOOLS) <= SHIMMED


@pytest.mark.parametrize("tool", TOOLS)
def test_every_option_of_the_real_tool_is_known(tool: str) -> None:
    """Their source has them as Getopt::Long takes them: ``'d|datadir=s' => …``."""
    program = shutil.which(tool)
    if program is None:
        pytest.skip("postgresql-common is not installed")
    source = Path(program).read_text(encoding="utf-8").split("__END__")[0]
    declared = re.findall(r"'([\w|-]+)([=!][si]?)?',?\s*=>\s*(?:\\|sub)", source)
    grammar = TOOLS[tool].grammar
    known = {spelling.lstrip("-"): option.value for spelling, option in grammar.items()}
    for names, kind in declared:
        value = Value.REQUIRED if kind.startswith("=") else Value.NONE
        assert {name: known.get(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), value)
    assert len(declared) >= (0 if tool == "pg_renamecluster" else 2)


SPELLINGS = [
    "--stop 15 main",
    "-stop 15 main",
    "15 main --st",
    "--Datadir=/d 15",
    "-d /d 15",
    "-datadir /d --stop",
    "--datadir --stop x",
    "-d=/d x",
    "-- --stop 15",
    "- 15 --stop",
    "--nothing x",
    "--s x",
]
GRAMMAR: Grammar = declare("-d, --datadir=DIR", "--stop", "--start")
_PERL = r"""
use Getopt::Long; my %o; my $ok = do { local *STDERR; open STDERR, '>', '/dev/null';
GetOptions('d|datadir=s' => \$o{'--datadir'}, 'stop' => \$o{'--stop'}, 'start' => \$o{'--start'}) };
print join ' ', ($ok ? 'read' : 'doubtful'), (map { "$_=$o{$_}" } grep { defined $o{$_} } sort keys %o), '|', @ARGV;
"""


@pytest.mark.parametrize("words", SPELLINGS)
def test_perl_reads_words_so(words: str) -> None:
    if shutil.which("perl") is None:
        pytest.skip("perl is not installed")
    arguments = tuple(words.split())
    said = subprocess.run(["perl", "-e", _PERL, "--", *arguments], capture_output=True, text=True, check=True).stdout
    line = read(GRAMMAR, arguments)
    options = sorted(f"{name}={1 if value is None else value}" for name, value in line.options)
    assert " ".join(("doubtful" if line.doubts else "read", *options, "|", *line.operands)) == said
