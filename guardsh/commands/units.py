"""Services that carry a server: their names, as distributions and HA managers give them, and whose server it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from posixpath import basename

from guardsh.commands import debian
from guardsh.model.intent import ANY_INSTANCE, Extent, Target

_SERVERS = ("edb-as", "pacemaker", "patroni", "pg-autoctl", "pg_autoctl", "pgautofailover", "pgsql", "postgres",
            "stolon-keeper")  # fmt: skip
# What such a name says as well where the service only stands beside a server.
_BESIDE = ("agent", "backup", "bouncer", "check", "dump", "exporter", "metrics", "monitor", "pool")
_TYPE = re.compile(r"\.(service|slice|target|mount|automount|device|path|scope|socket|swap|timer)$")
_DEBIAN = re.compile(r"postgresql@([^\\*?\[]+)\.service")
_EXAMPLES = ("postgresql.service", "postgresql@15-main.service", "postgresql-15.service", "patroni.service")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


def servers(units: Iterable[str]) -> tuple[Target, ...]:
    """The instances that these units, or patterns of units, run; none where they run none."""
    return tuple(dict.fromkeys(target for unit in units for target in _servers(_full(unit))))


def mounts(units: Iterable[str]) -> tuple[Target, ...]:
    """The directories that these units mount: stopped, they first stop what needs them (systemd.unit(5),
    RequiresMountsFor=, which Debian's units have)."""
    full = (_full(unit) for unit in units)
    return tuple(
        Target(_path(name.removesuffix(".mount")), Extent.TREE, follow=True) for name in full if name.endswith(".mount")
    )


def support_reload(units: Iterable[str]) -> bool:
    """By the units that Debian, postgresql.org and Patroni ship (ExecReload=)."""
    return all(basename(unit).startswith(("postgresql", "patroni")) for unit in units if servers((unit,)))


def _full(unit: str) -> str:
    """With a type, as systemctl adds it (unit_name_mangle); of a path the last component counts."""
    name = basename(unit)
    return name if _TYPE.search(name) else f"{name}.service"


def _servers(unit: str) -> Iterator[Target]:
    debians = _DEBIAN.fullmatch(unit)
    named = tuple(debian.clusters((debians[1],), {})) if debians else ()
    if named:
        yield from (cluster.target for cluster in named)
    elif _is_server(unit):
        yield ANY_INSTANCE


def _is_server(unit: str) -> bool:
    """A pattern may match a server's unit although its text does not name one (``*sql*``)."""
    if any(fnmatchcase(example, unit) for example in _EXAMPLES) or unit in ("system.slice", "-.slice"):
        return True
    named = any(name in unit for name in _SERVERS) and not any(word in unit for word in _BESIDE)
    return named and unit.endswith((".service", ".slice", ".target"))


def _path(name: str) -> str:
    r"""The path that a mount unit's name means (systemd.unit(5), STRING ESCAPING FOR INCLUSION IN UNIT NAMES).

    >>> _path("mnt-data"), _path(r"mnt-my\x2ddata"), _path("-")
    ('/mnt/data', '/mnt/my-data', '/')
    """
    return "/" + _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name.strip("-").replace("-", "/"))
