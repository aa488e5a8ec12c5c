"""What psql, pgcli, dropdb, dropuser, pg_restore and pgbench are understood to do, and to which server."""

from __future__ import annotations

import shlex

import pytest

from guardsh.commands import dropdb, dropuser, pg_restore, pgbench, psql, understand
from guardsh.commands.grammar import Grammar, Value
from guardsh.model.intent import Intent, Invocation, TextOf
from guardsh.model.observed import Known, Unknown
from tests.unit.commands import manual

HERE = "psql would run drop table a on"


def intents(line: str, given: str | None = None, **files: str) -> tuple[Intent, ...]:
    """``given`` arrives on its standard input; ``files`` are known, dots in their names written as underscores."""
    texts = {TextOf(name.replace("_", ".")): Known(text, name) for name, text in files.items()}
    return understand(Invocation(tuple(shlex.split(line)), "/here", {}, input=given, texts=dict(texts)))


def reading(line: str, given: str | None = None, **files: str) -> str:
    """Such as ``sql psql would run drop table a on @ host=db-02 ? doubt``."""
    return "; ".join(map(_spoken, intents(line, given, **files))) or "nothing"


def _spoken(intent: Intent) -> str:
    where = " ".join(f"{name}={value}" for name, value in (intent.connection.parameters if intent.connection else ()))
    doubts = "".join(f" ? {doubt}" for doubt in intent.doubts)
    targets = "".join(f" {target.path}" for target in intent.targets)
    return f"{intent.effect.value} {intent.action}{targets}{f' @ {where}' if where else ''}{doubts}"


CASES = [
    ("psql -c 'drop table a'", f"sql {HERE}"),
    ("psql -c'drop table a'", f"sql {HERE}"),
    ("psql --command='drop table a'", f"sql {HERE}"),
    ("psql --comm 'drop table a'", f"sql {HERE}"),
    ("psql -XAtc 'drop table a'", f"sql {HERE}"),
    ("psql shop -c 'drop table a'", f"sql {HERE} @ dbname=shop"),
    ("psql -c 'drop table a' shop app", f"sql {HERE} @ dbname=shop user=app"),
    ("psql -d shop -c 'drop table a' app", f"sql {HERE} @ dbname=shop user=app"),
    ("psql -h db-02 -p5433 -U app -c 'drop table a' shop", f"sql {HERE} @ dbname=shop host=db-02 port=5433 user=app"),
    ("psql postgresql://app@db-02/shop -c 'drop table a'", f"sql {HERE} @ dbname=postgresql://app@db-02/shop"),
    ("psql 'host=db-02 dbname=shop' -c 'drop table a'", f"sql {HERE} @ dbname=host=db-02 dbname=shop"),
    ("psql service=shop -c 'drop table a'", f"sql {HERE} @ dbname=service=shop"),
    (
        "psql -c 'drop table a' -c 'select 1' -c 'delete from b'",
        "sql psql would run drop table a and delete every row of b on",
    ),
    (
        "psql -c 'drop table a; drop table b; drop table c; drop table d; drop table e'",
        "sql psql would run drop table a, run drop table b, run drop table c and 2 more on",
    ),
    (
        "psql -c 'drop table a' -c 'alter system set b = 1' -c 'select pg_promote()'",
        f"sql {HERE}; configure psql would run alter system set b = 1 on; promote psql would promote",
    ),
    # Another server on the way.
    ("psql -c 'drop table a' -c '\\c - - db-02'", f"sql {HERE}"),
    ("psql -h db-01 -c '\\c - - db-02' -c 'drop table a'", f"sql {HERE} @ host=db-02"),
    ("psql -h db-01 -p 5433 -c '\\c shop' -c 'drop table a'", f"sql {HERE} @ dbname=shop host=db-01 port=5433"),
    ("psql -c '\\c postgresql://db-02/shop' -c 'drop table a'", f"sql {HERE} @ dbname=postgresql://db-02/shop"),
    ("psql host=db-01 -c '\\connect shop' -c 'drop table a'", f"sql {HERE} @ dbname=host=db-01"),
    ("psql host=db-01 -c '\\c shop app db-02' -c 'drop table a'", f"sql {HERE} @ dbname=shop host=db-02 user=app"),
    # Nothing to run, nothing that destroys, nothing that can be seen.
    ("psql", "nothing"),
    ("psql shop", "nothing"),
    ("psql -h db-02 shop", "nothing"),
    ("psql -f - shop", "nothing"),
    ("psql -l", "nothing"),
    ("psql --help", "nothing"),
    ("psql -V -c 'drop table a'", "nothing"),
    ("psql -c 'select * from a' -o out", "nothing"),
    ("psql -c '\\d orders'", "nothing"),
    ("psql -c '\\dt drop*'", "nothing"),
    ("psql -c '\\copy orders to out.csv csv'", "nothing"),
    ("psql -c \"\\copy (select 1) to program 'gzip > x'\"", "nothing"),
    ("psql -c '\\! ls -l'", "nothing"),
    ("psql -v note='drop table a' -c 'select 1'", "nothing"),
    # The shell behind it.
    ("psql -c '\\! rm -rf /d'", "delete rm -rf would delete /d"),
    (
        "psql -c '\\! cd /d && rm -rf *'",
        "delete psql \\! could delete / ? what psql hands to the shell is not read, and it names rm",
    ),
    (
        "psql -c 'select 1 \\g |pg_ctl stop -D /d'",
        "stop pg_ctl stop would stop /d",
    ),
    ("psql -c \"\\copy a to program 'rm x'\"", "delete rm would delete x"),
    ("psql -c '\\copy (delete from a returning *) to out'", "sql psql would delete every row of a on"),
    # Not understood: the worst reading.
    ("psql --new -c 'drop table a'", f"sql {HERE} ? unknown option --new"),
    ("psql --new 'drop table a'", f"sql {HERE} @ dbname=drop table a ? unknown option --new"),
    # The others.
    ("dropdb shop", "sql dropdb would drop database shop on @ dbname=postgres"),
    ("dropdb -f --if-exists -h db-02 shop", "sql dropdb would drop database shop on @ dbname=postgres host=db-02"),
    ("dropdb --maintenance-db=template1 shop", "sql dropdb would drop database shop on @ dbname=template1"),
    ("dropdb -i shop", "sql dropdb would drop database shop on @ dbname=postgres"),
    ("dropdb --new shop", "sql dropdb would drop database shop on @ dbname=postgres ? unknown option --new"),
    ("dropdb", "nothing"),
    ("dropdb --help", "nothing"),
    ("dropuser app", "configure dropuser would drop role app on @ dbname=postgres"),
    ("dropuser -e -U postgres app", "configure dropuser would drop role app on @ dbname=postgres user=postgres"),
    ("dropuser", "nothing"),
    ("pg_restore -c -d shop dump", "sql pg_restore --clean would drop what the dump would create on @ dbname=shop"),
    (
        "pg_restore -cCd postgres -h db-02 dump",
        "sql pg_restore --clean would drop and recreate the database of the dump on @ dbname=postgres host=db-02",
    ),
    ("pg_restore --clean --if-exists --dbname=shop dump", "sql pg_restore --clean would drop what the dump would create"
     " on @ dbname=shop"),
    (
        "pg_restore --new -d shop dump",
        "sql pg_restore --clean would drop what the dump would create on @ dbname=shop ? unknown option --new",
    ),
    ("pg_restore -d shop dump", "nothing"),
    ("pg_restore -Cd postgres dump", "nothing"),
    ("pg_restore -c dump", "nothing"),
    ("pg_restore -c -f - dump", "nothing"),
    ("pg_restore -l dump", "nothing"),
    ("pgbench -i shop", "configure pgbench -i would drop and recreate the tables pgbench_* on @ dbname=shop"),
    ("pgbench -is 100 shop", "configure pgbench -i would drop and recreate the tables pgbench_* on @ dbname=shop"),
    ("pgbench -i -I vp shop", "nothing"),
    ("pgbench -c 10 -T 60 shop", "nothing"),
    ("pgcli shop", "nothing"),
    ("pgcli shop app -c 'drop table a'", "sql pgcli would run drop table a on @ dbname=shop user=app"),
    ("pgcli -h db-02 -u app --init-command 'truncate a'", "sql pgcli would run truncate a on @ host=db-02 user=app"),
    ("pgcli -D prod -c 'drop table a'", "sql pgcli would run drop table a on @ host=prod pgcli=--dsn"),
    ("pgcli --ssh-tunnel jump -c 'truncate a'", "sql pgcli would run truncate a on @ host=jump pgcli=--ssh-tunnel"),
    ("pgcli -l", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_clients(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_the_standard_input_counts_where_nothing_else_is_run() -> None:
    assert reading("psql shop", "drop table a;\n") == f"sql {HERE} @ dbname=shop"
    assert reading("psql -f -", "drop table a") == f"sql {HERE}"
    assert reading("psql -c 'select 1'", "drop table a") == "nothing"
    assert reading("pgcli", "drop table a") == "sql pgcli would run drop table a on"


def test_a_file_is_asked_for_and_until_then_the_worst() -> None:
    [intent] = intents("psql -f a.sql shop")
    assert intent.questions == (TextOf("a.sql"),)
    assert reading("psql -f a.sql") == "sql psql could destroy data on ? what a.sql holds is not known"
    assert reading("psql -f a.sql", a_sql="drop table a") == f"sql {HERE}"
    assert reading("psql -f a.sql", a_sql="select 1") == "nothing"


def test_a_file_on_its_standard_input_is_asked_for() -> None:
    [intent] = understand(Invocation(("psql", "shop"), "/", {}, input_file="a.sql"))
    assert intent.questions == (TextOf("a.sql"),)


def test_a_file_that_cannot_be_read_is_a_doubt() -> None:
    texts = {TextOf("a.sql"): Unknown("permission denied")}
    [intent] = understand(Invocation(("psql", "-f", "a.sql"), "/", {}, texts=dict(texts)))
    assert intent.doubts == ("what a.sql holds is not known: permission denied",)


def test_files_that_files_name() -> None:
    assert intents("psql -f a.sql", a_sql="\\i b.sql")[0].questions == (TextOf("b.sql"),)
    assert reading("psql -f a.sql", a_sql="select 1;\n\\ir b.sql\n", b_sql="drop table a") == f"sql {HERE}"
    endless = reading("psql -f a.sql", a_sql="\\i a.sql\ndrop table a;")
    assert endless.endswith(HERE) or HERE in endless


def test_variables_of_psql() -> None:
    assert reading("psql -v what='table a' -f -", "drop :what;") == f"sql {HERE}"
    assert reading("psql --set do='drop table a' -f -", "select 1;\n:do;") == f"sql {HERE}"
    assert reading("psql", "\\set do 'drop table a'\n:do;") == f"sql {HERE}"
    assert reading("psql -v id=3", "delete from a where id = :id;") == "nothing"
    assert reading("psql -v it='1; drop table a'", "select :'it';") == "nothing"


def test_what_a_query_generates() -> None:
    text = "select format('drop table %I', name) from old \\gexec\nselect 1;"
    [intent] = intents("psql", text)
    assert intent.doubts == ("what the rows of a query would run is not read (\\gexec)",)
    assert reading("psql", "select format('grant select on %I to app', name) from t \\gexec") == "nothing"


def test_long_texts_are_read_in_time() -> None:
    """A MiB each: statements of one shape, of many, brackets without end."""
    for harmless in ("update a set b = '{0}' where c = {0};\n", "update a{0} set b = 1 where c{0} = 2;\n"):
        assert reading("psql", "".join(map(harmless.format, range(25_000)))) == "nothing"
    many = "".join(
        f"update a set {'b' * (number % 97)}{chr(97 + number % 26)}_ = 1 where c{'d' * (number // 97)} = 1;\n"
        for number in range(3000)
    )
    assert reading("psql", many).endswith("too many statements to read")
    assert reading("psql", "delete from a where (" + "(" * (1 << 20)).endswith("a statement could not be read")


def test_a_dump_is_no_statement() -> None:
    dump = "COPY public.orders (id, note) FROM stdin;\n1\tdrop table a;\n2\t\\N\n\\.\n\n\\connect shop\nselect 1;\n"
    assert reading("psql", dump) == "nothing"
    assert reading("psql", dump + "drop table a;") == f"sql {HERE} @ dbname=shop"


OWN_OPTIONS = {"psql": psql.GRAMMAR, "dropdb": dropdb.GRAMMAR, "dropuser": dropuser.GRAMMAR}
OWN_OPTIONS |= {"pg_restore": pg_restore.GRAMMAR, "pgbench": pgbench.GRAMMAR}


@pytest.mark.parametrize(("name", "grammar"), OWN_OPTIONS.items(), ids=list(OWN_OPTIONS))
def test_every_option_of_the_real_tool_is_known(name: str, grammar: Grammar) -> None:
    tools = manual.postgres_tools(name)
    if not tools:
        pytest.skip("no PostgreSQL is installed")
    for program, environment in tools:
        listed = manual.options(program, environment)
        assert len(listed) >= 10, program
        unlike = manual.unknown(grammar, listed)
        # "-v, --set=, --variable=NAME=VALUE" and "--help[=options]" are written in ways of their own.
        unlike = {name: value for name, value in unlike.items() if name not in ("-v", "--set", "-?", "--help")}
        assert unlike.keys() <= {"-d"}, program  # of pgbench: --debug up to 16, --dbname since
        assert all(value is Value.REQUIRED for value in unlike.values())
