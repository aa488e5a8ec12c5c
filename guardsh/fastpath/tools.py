"""wal-g, pgBackRest and pg_ctl: verbs that only look. Light, as the whole package."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_WAL_G_HARMLESS = frozenset(
    "backup-list backup-push catchup-list completion flags help wal-push wal-receive wal-show wal-verify".split()  # noqa: SIM905
)
_WAL_G_WITHOUT_VALUE = frozenset("--help --turbo -h".split())  # noqa: SIM905
_PGBACKREST_HARMLESS = frozenset("archive-push backup check help info verify version".split())  # noqa: SIM905
_PG_CTL_HARMLESS = frozenset("logrotate reload status".split())  # noqa: SIM905
_PG_CTL_WITHOUT_VALUE = frozenset("-s --silent -w --wait -W --no-wait".split())  # noqa: SIM905
_PG_CTL_WITH_VALUE = frozenset("-D --pgdata -l --log -m --mode -t --timeout".split())  # noqa: SIM905


def wal_g(arguments: Sequence[str]) -> bool:
    """Whether the verb is one that only reads, or writes to the archive what is not there yet.

    The verb is the first word that is neither an option nor an option's value; an option whose value may be the next
    word is a doubt, but for --config.
    """
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word in _WAL_G_HARMLESS
        if word in _WAL_G_WITHOUT_VALUE or "=" in word:
            continue
        if word != "--config":
            return False
        next(words, None)
    return False


def pgbackrest(arguments: Sequence[str]) -> bool:
    """The same of a command behind options that have their value in the same word."""
    for word in arguments:
        if not word.startswith("-"):
            return word in _PGBACKREST_HARMLESS
        if "=" not in word:
            return False
    return False


def pg_ctl(arguments: Sequence[str]) -> bool:
    """Whether the only word that is no common option nor the value of one is a harmless action (it may stand
    anywhere, src/bin/pg_ctl/pg_ctl.c)."""
    words = iter(arguments)
    others = []
    for word in words:
        if word in _PG_CTL_WITH_VALUE:
            next(words, None)
        elif word not in _PG_CTL_WITHOUT_VALUE:
            others.append(word)
    return len(others) == 1 and others[0] in _PG_CTL_HARMLESS


VERBS = {"pg_ctl": pg_ctl, "pgbackrest": pgbackrest, "wal-g": wal_g}
