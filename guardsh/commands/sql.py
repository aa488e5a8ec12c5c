"""What a SQL statement would destroy (sqlglot lives here only, and is loaded for what a few words do not decide)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardsh.commands.psql_text import Statement
from guardsh.model.intent import Effect

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a statement does: SQL where rows or a slot are lost, CONFIGURE for what can be made again, PROMOTE.

    ``does`` goes on after "psql would": ``run DROP DATABASE shop``.
    """

    effect: Effect
    does: str
    doubt: str = ""


# Functions of the server and of its usual extensions, by what they do to it (PostgreSQL 18, chapter 9.28).
_FUNCTIONS = {
    "pg_promote": Effect.PROMOTE,
    "pg_drop_replication_slot": Effect.SQL,
    "pg_file_unlink": Effect.SQL,
    "drop_chunks": Effect.SQL,
    "lo_export": Effect.CONFIGURE,
    "lo_unlink": Effect.CONFIGURE,
    "pg_file_rename": Effect.CONFIGURE,
    "pg_file_write": Effect.CONFIGURE,
    "pg_replication_origin_drop": Effect.CONFIGURE,
    "pg_replication_slot_advance": Effect.CONFIGURE,
    "pg_switch_wal": Effect.CONFIGURE,
    "pg_terminate_backend": Effect.CONFIGURE,
    "pg_wal_replay_pause": Effect.CONFIGURE,
}
_CALLS = rf"\b(?:{'|'.join(_FUNCTIONS)})\b"
_ELSEWHERE = frozenset({"dblink", "dblink_exec", "dblink_send_query"})  # run SQL that is in a string

# A text without any of these destroys nothing; a statement without any of these, its strings left out, neither.
_ANYWHERE = re.compile(rf"drop|truncate|delete|update|alter|copy|dblink|\\|{_CALLS}", re.IGNORECASE)
_IN_STATEMENT = re.compile(
    rf"\b(?:drop|truncate|delete|update|alter\s+system|copy|do|dblink\w*)\b|{_CALLS}", re.IGNORECASE
)
# In code that is kept in a string, or cannot be read.
_DANGEROUS = re.compile(
    r"\b(?:drop\s+\w|truncate\s+\w|delete\s+from\b|update\s+(?:only\s+)?\S+\s+(?:\w+\s+){0,2}set\b|alter\s+system\b)"
    rf"|{_CALLS}",
    re.IGNORECASE,
)

_LOSES_ROWS = r"drop\s+(?:(?:database|schema|table|owned)\b|:)|truncate\b"  # a colon: a variable of psql
_LOSES_COLUMN = (
    r"alter\s+(?:foreign\s+)?table\b.*\bdrop\s+(?:column\s+)?"
    r"(?!column\b|constraint\b|default\b|not\s|identity\b|expression\b)"
)
_TO_SERVER = r"copy\b.*\b(?:to\s+'|(?:to|from)\s+program\b)"
# Statements that no query is part of (gram.y: utility statements), by how they begin; the first that fits counts.
_UTILITY: tuple[tuple[re.Pattern[str], Effect | None], ...] = tuple(
    (re.compile(rf"\s*(?:{begins})", re.IGNORECASE | re.DOTALL), effect)
    for begins, effect in (
        (r"(?:drop\s+table|truncate)\b[^,]*\bpg_temp\.[^,]*$", None),
        (_LOSES_ROWS, Effect.SQL),
        (rf"drop\b|alter\s+system\b|{_LOSES_COLUMN}", Effect.CONFIGURE),
        (r"(?:alter|create|comment|grant|revoke|security|import|lock|vacuum|reindex|cluster|refresh)\b", None),
        (r"(?:analy[sz]e|set|reset|show|discard|deallocate|listen|notify|begin|commit|rollback|savepoint)\b", None),
    )
)
_SERVER_COPY = re.compile(rf"\s*{_TO_SERVER}", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(r"\s*do\b", re.IGNORECASE)
_EXPLAIN = re.compile(r"\s*explain\b\s*(\([^)]*\)|(?:(?:analy[sz]e|verbose)\b\s*)*)", re.IGNORECASE)
_ANALYZES = re.compile(r"\banaly[sz]e\b(?!\s*(?:=\s*)?(?:false|off|0)\b)", re.IGNORECASE)
_PREPARE = re.compile(r"\s*prepare\s+\S+?\s*(?:\([^)]*\)\s*)?\bas\b", re.IGNORECASE)
_QUERY_OF_COPY = re.compile(r"\s*copy\s*\(", re.IGNORECASE)
_STRING = re.compile(r"' *'")
_DIGITS = re.compile(r"[0-9]+")
_SHOWN = 60  # characters of a statement
_LONGEST = 1 << 16  # characters of a statement that is parsed


def may_destroy(text: str) -> bool:
    """Whether a text with any number of statements needs to be read at all."""
    return _ANYWHERE.search(text) is not None


def shape(statement: Statement) -> str | None:
    """What statements have in common that differ in their numbers and strings only; None for what destroys nothing."""
    return _DIGITS.sub("0", _STRING.sub("''", statement.bare)) if _IN_STATEMENT.search(statement.bare) else None


def deeds(statement: Statement) -> Iterator[Deed]:
    """What one statement would do to the server that runs it; nothing for what destroys nothing."""
    if not _IN_STATEMENT.search(statement.bare):
        return
    for begins, effect in _UTILITY:
        if begins.match(statement.bare):
            if effect is not None:
                yield Deed(effect, f"run {_short(statement)}")
            return
    if _BLOCK.match(statement.bare):
        yield from generated(statement, "what a DO block runs is not read, and it names a word that destroys")
    elif found := _EXPLAIN.match(statement.bare):
        if _ANALYZES.search(found[1]):
            yield from deeds(_from(statement, found.end()))
    elif found := _PREPARE.match(statement.bare):
        yield from deeds(_from(statement, found.end()))
    else:
        yield from _query(statement)


def generated(statement: Statement, doubt: str) -> Iterator[Deed]:
    """What runs SQL that stands in strings (DO, ``\\gexec``): only its words can be seen."""
    if _DANGEROUS.search(statement.text):
        yield Deed(Effect.SQL, f"run {_short(statement)}", doubt)


def _query(statement: Statement) -> Iterator[Deed]:
    if _SERVER_COPY.match(statement.bare):
        yield Deed(Effect.CONFIGURE, f"run {_short(statement)}")
    if found := _QUERY_OF_COPY.match(statement.bare):
        yield from deeds(in_brackets(statement, found.end()))
        return
    tree = _parsed(statement.text) if len(statement.text) <= _LONGEST else None
    if tree is not None:
        yield from _of_tree(tree, statement)
    elif _DANGEROUS.search(statement.bare):
        yield Deed(Effect.SQL, f"run {_short(statement)}", "a statement could not be read")


def in_brackets(statement: Statement, start: int) -> Statement:
    """What stands between a bracket that ends at ``start`` and the one that closes it."""
    depth = 1
    for position in range(start, len(statement.bare)):
        depth += {"(": 1, ")": -1}.get(statement.bare[position], 0)
        if not depth:
            return Statement(statement.text[start:position], statement.bare[start:position])
    return _from(statement, start)


def _from(statement: Statement, start: int) -> Statement:
    return Statement(statement.text[start:], statement.bare[start:])


def _parsed(text: str) -> exp.Expr | None:
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    # It warns, on stderr, of what it takes for a mere command.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        tree = sqlglot.parse_one(text, dialect="postgres")
    except (SqlglotError, RecursionError, ValueError):
        return None
    return None if isinstance(tree, sqlglot.exp.Command) else tree


def _of_tree(tree: exp.Expr, statement: Statement) -> Iterator[Deed]:
    from sqlglot import exp

    for node in tree.find_all(exp.Delete, exp.Update, exp.Anonymous):
        if isinstance(node, exp.Anonymous):
            yield from _call(node, statement)
        elif _has_no_condition(node):
            verb = "delete" if isinstance(node, exp.Delete) else "update"
            yield Deed(Effect.SQL, f"{verb} every row of {_table(node)}")


def _call(node: exp.Anonymous, statement: Statement) -> Iterator[Deed]:
    name = node.name.lower()
    effect = _FUNCTIONS.get(name)
    if effect is not None:
        yield Deed(effect, f"call {_clipped(node.sql(dialect='postgres', normalize_functions=False))}")
    elif name in _ELSEWHERE:
        yield from generated(statement, "what dblink runs on another server is not read")


def _has_no_condition(node: exp.Expr) -> bool:
    """No WHERE, or one that holds for every row (``WHERE true``, ``OR 1=1``)."""
    from sqlglot import exp
    from sqlglot.optimizer.simplify import simplify

    where = node.args.get("where")
    if where is None:
        return True
    try:
        condition = simplify(where.this.copy(), dialect="postgres")
    except Exception:  # a reading that fails is no reason to ask
        condition = where.this
    return isinstance(condition, exp.Boolean) and bool(condition.this)


def _table(node: exp.Expr) -> str:
    table = node.this
    return _clipped(table.sql(dialect="postgres") if hasattr(table, "sql") else str(table))


def _short(statement: Statement) -> str:
    """As typed, without what stands in strings: that may be a password."""
    return _clipped(_STRING.sub("'…'", statement.bare))


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
