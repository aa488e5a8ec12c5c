"""Data directories of stopped instances that nobody told us about, where distributions and habits put them."""

from __future__ import annotations

import os
from glob import glob

from guardsh.model.observed import Known
from guardsh.observe.data_directory import resolve_configuration_directory
from guardsh.system import proc

_DEBIAN = "etc/postgresql/*/*"  # configuration only; data_directory says where the data is
_USUAL = (
    "var/lib/postgresql/*/*",  # Debian; the official container image from 18
    "var/lib/postgresql/data",  # the official container image until 17
    "var/lib/pgsql/*/data",  # postgresql.org's packages for Red Hat
    "var/lib/pgsql/data",  # Red Hat, SUSE
    "var/lib/postgres/data",  # Arch
    "usr/local/pgsql/data",  # built from source
)
# Where packages put the server's own programs: postgresql.org's for Debian and for Red Hat, and from source.
_SERVERS = (
    "usr/lib/postgresql/*/bin/postgres",
    "usr/pgsql-*/bin/postgres",
    "usr/local/pgsql/bin/postgres",
    "usr/bin/postgres",
)


def may_carry_postgres(configured: tuple[str, ...], root: str = "/") -> bool:
    """Whether a node without any data directory in sight is one for Postgres: after a night in which its array did not
    come up, nothing else tells."""
    return bool(configured) or any(glob(os.path.join(root, pattern)) for pattern in _SERVERS) or _has_account(root)


def _has_account(root: str) -> bool:
    """Of this machine: not of a directory service, which may not answer on such a night."""
    return any(line.startswith("postgres:") for line in proc.read(os.path.join(root, "etc/passwd")).splitlines())


def data_directories(root: str, also: tuple[str, ...]) -> tuple[str, ...]:
    """Paths, as configured (links not resolved), of what may be data directories, each once.

    Looked for below ``root``; ``also`` and PGDATA are taken as they are, whether they exist or not. A directory that
    this account may not look into counts.
    """
    below = root.rstrip("/")
    found = [*also, os.environ.get("PGDATA", "")]
    for path in sorted(glob(f"{below}/{_DEBIAN}")):
        resolved = resolve_configuration_directory(path)
        if isinstance(resolved, Known) and resolved.value != path:
            found.append(resolved.value)
    for pattern in _USUAL:
        found += [path for path in sorted(glob(f"{below}/{pattern}")) if _may_be_one(path)]
    return tuple(dict.fromkeys(path.rstrip("/") for path in found if path))


def _may_be_one(path: str) -> bool:
    if not os.access(path, os.X_OK):
        return os.path.isdir(path)
    return any(os.path.lexists(f"{path}/{name}") for name in ("PG_VERSION", "global", "base"))
