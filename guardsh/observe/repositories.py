"""Where this node keeps backups and archived WAL, as the configurations of its tools and servers say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from glob import glob

from guardsh.model.backup import Backup
from guardsh.model.node import Node
from guardsh.model.observed import Known, Unknown
from guardsh.model.place import Place
from guardsh.observe import backups, search
from guardsh.observe.configured import settings
from guardsh.observe.node import Pair
from guardsh.observe.paths import Reached, below, lineage
from guardsh.observe.rising import NETWORK
from guardsh.system import proc
from guardsh.system.apart import Deadline, apart
from guardsh.system.mount_table import mount_of, mounts

_KEYS_AND_VALUES = (
    *("etc/pgbackrest/pgbackrest.conf", "etc/pgbackrest/conf.d/*.conf", "etc/pgbackrest.conf"),
    *("etc/barman.conf", "etc/barman/barman.conf", "etc/barman.d/*.conf", "etc/barman/barman.d/*.conf"),
)
_NAMES = re.compile(r"repo\d*-path|barman_home|(backup|basebackups|wals|incoming_wals|streaming_wals)_directory")
_OF_WAL_G = (
    *("etc/wal-g*", "etc/wal-g*/*", "etc/wal-g*/env/*", "etc/default/wal-g*"),
    *("var/lib/postgresql/.walg.*", "var/lib/pgsql/.walg.*", "root/.walg.*"),
)
_PREFIX = "WALG_FILE_PREFIX"  # a key of JSON, YAML or an environment; for envdir, a file's name
_SET_TO = re.compile(_PREFIX + r"""["']?\s*[=:]\s*["']?(/[^"'\s,;\0]*)""")
_SHARE = 0.5  # of the time left, for any one of them
_LEAST = 0.2  # seconds


def holding(places: Iterable[tuple[str, str]], deadline: Deadline) -> tuple[Backup, ...]:
    """Those of the places that hold something of the kind; each comes with who says it.

    What lies on another host passes: no device of this one holds it. A place that could not be looked into counts.
    It looks at places that may hang: call it under a deadline (system/apart.py).
    """
    mounted = mounts()
    found: dict[str, Backup] = {}
    for path, source in places:
        at = mount_of(os.path.normpath(path), mounted)
        if at is not None and at.kind not in NETWORK:
            real = os.path.realpath(path)
            what = "" if real in found else _held(real, deadline)
            found |= {real: Backup(real, what, source)} if what else {}
    return tuple(found.values())


def on(node: Node, environment: Mapping[str, str], deadline: Deadline) -> Node:
    """The same node, with the backups at the places that are configured, however long the other looks took."""
    pairs = [(instance.directory, instance.server) for instance in node.instances]
    limit = Deadline(max(_LEAST, deadline.left()))
    found = apart(lambda: holding(told(pairs, environment), limit), limit)
    return replace(node, backups=found if isinstance(found, Unknown) else Known(found.value, "their configuration"))


def taken_along(reached: Reached, there: Iterable[Backup]) -> dict[str, Backup]:
    """Of these, what a command takes along that reaches so far: each by its place, with the way there."""
    return {
        each.path: replace(each, how=reached.how, loss=reached.loss)
        for each in there
        if _is_below(lineage(each.path), reached)
    }


def _is_below(here: tuple[Place, ...], reached: Reached) -> bool:
    return below(here, reached.place) is not None and all(below(here, other) is None for other in reached.beside)


def _held(path: str, deadline: Deadline) -> str:
    found = search.below(path, Deadline(deadline.left() * _SHARE), of_backups=True, archives=True)
    if found.backups:
        return found.backups[0].what
    if found.data_directories or found.parts:
        return backups.BASE
    return "what may be backups" if found.doubts else ""


def told(pairs: Sequence[Pair], environment: Mapping[str, str], root: str = "/") -> Iterator[tuple[str, str]]:
    """Paths, each with who says it, whatever is there."""
    for directory, server in pairs:
        yield from ((place.path, f"archive_command of {directory.place.path}") for place in directory.archives)
        if server is not None:
            yield from _prefixes(proc.read(f"/proc/{server.pid}/environ"), f"the environment of process {server.pid}")
    if environment.get(_PREFIX, "").startswith("/"):
        yield environment[_PREFIX], f"{_PREFIX} in the environment"
    for file in _files(_KEYS_AND_VALUES, root):
        yield from _values(file)
    for file in _files(_OF_WAL_G, root):
        yield from _prefixes(proc.read(file), file)


def _files(patterns: Iterable[str], root: str) -> Iterator[str]:
    for pattern in patterns:
        yield from filter(os.path.isfile, sorted(glob(os.path.join(root, pattern))))


def _values(file: str) -> Iterator[tuple[str, str]]:
    try:
        said = list(settings(file))
    except OSError:
        return
    for (_, name), value in said:
        if _NAMES.fullmatch(name) and value.startswith("/"):
            yield value, f"{name} in {file}"


def _prefixes(text: str, file: str) -> Iterator[tuple[str, str]]:
    if os.path.basename(file) == _PREFIX and text.startswith("/"):
        yield text.partition("\n")[0].strip(), file
    yield from ((path, f"{_PREFIX} in {file}") for path in _SET_TO.findall(text))
