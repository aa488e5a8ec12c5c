"""The configuration of an instance: which files it is in, and the settings that say where WAL comes from and goes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from itertools import repeat

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place
from guardsh.model.secrets import redact
from guardsh.observe.outlying import resolved
from guardsh.observe.settings_file import Settings, SettingsError, read
from guardsh.system.proc import identity

_FIRST_WITHOUT_RECOVERY_CONF = 12
_COPIED_TO = re.compile(r"""(?:^|[\s"'=<>|&(])(/[^\s"'<>|;&:]*)/%f""")
_FILES = ("hba_file", "ident_file", "ssl_cert_file", "ssl_key_file", "ssl_ca_file", "ssl_crl_file")


@dataclass(frozen=True, slots=True)
class Configuration:
    """``places`` outside of the data directory, gravest first; ``data_directory`` as the file sets it, "" otherwise."""

    primary_conninfo: Observed[str]
    restore_command: Observed[str]
    archive_mode: Observed[str]
    places: tuple[Place, ...]
    data_directory: str
    archives: tuple[Place, ...]  # where archive_command copies WAL to


def look(directory: Place, server: Server | None, version: Observed[str], root: str = "/") -> Configuration:
    """The configuration of the instance in ``directory`` as its files have it now (a server may not have reread it)."""
    main = Source(_main_file(directory, server, root))
    prevailing_first = [Source(f"{directory.path}/postgresql.auto.conf"), main]
    recovery = [Source(f"{directory.path}/recovery.conf")] if _has_recovery_conf(version) else prevailing_first
    return Configuration(
        primary_conninfo=_without_secrets(_setting("primary_conninfo", recovery)),
        restore_command=_without_secrets(_setting("restore_command", recovery)),
        archive_mode=_setting("archive_mode", prevailing_first),
        places=tuple(_outside(_places(main, directory.path), directory.path)),
        data_directory=main.values.get("data_directory", ""),
        archives=tuple(map(Place, _copied_to(_setting("archive_command", prevailing_first)), repeat(None))),
    )


def _copied_to(command: Observed[str]) -> tuple[str, ...]:
    """The directories on this host that an archive_command names before ``/%f``.

    >>> _copied_to(Known("test ! -f /mnt/a/%f && cp %p /mnt/a/%f", "")), _copied_to(Known("rsync %p db-02:/a/%f", ""))
    (('/mnt/a',), ())
    """
    return () if isinstance(command, Unknown) else tuple(dict.fromkeys(_COPIED_TO.findall(command.value)))


def _without_secrets(setting: Observed[str]) -> Observed[str]:
    """They are shown, and go into JSON and the audit trail; nobody connects with them."""
    return setting if isinstance(setting, Unknown) else Known(redact((setting.value,))[0], setting.source)


def resolve_configuration_directory(path: str) -> Observed[str]:
    """The data directory that a tool means by ``-D path``: itself, or what its postgresql.conf sets as data_directory.

    As ``postgres -C data_directory`` answers pg_ctl (adjust_data_dir, src/bin/pg_ctl/pg_ctl.c).
    """
    if os.path.lexists(f"{path}/PG_VERSION") or not os.path.lexists(f"{path}/postgresql.conf"):
        return Known(path, f"{path} is no configuration directory")
    file = Source(f"{path}/postgresql.conf")
    if file.why:
        return Unknown(file.why)
    value = file.values.get("data_directory", "")
    if value and not value.startswith("/"):
        return Unknown(f"data_directory in {file.path} is relative: {value}")
    return Known(value or path, f"data_directory in {file.path}")


class Source:
    """One file of settings, with those it includes; ``why`` says it where they could not be read.

    A file that does not exist sets nothing; an included one must exist.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.why = ""
        settings = Settings()
        try:
            settings = read(path)
        except OSError as error:
            if error.filename != path or not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.why = f"could not read {error.filename}: {(error.strerror or str(error)).lower()}"
        except SettingsError as error:
            self.why = str(error)
        self.values = settings.values
        self.files = settings.files


def _setting(name: str, files: list[Source]) -> Observed[str]:
    """From the file that prevails; a later one is not asked where an earlier one cannot be read."""
    for file in files:
        if file.why:
            return Unknown(file.why)
        if name in file.values:
            return Known(file.values[name], f"{name} in {file.path}")
    return Known("", f"{name} is not set in {' or '.join(file.path for file in files)}")


def _has_recovery_conf(version: Observed[str]) -> bool:
    try:
        return isinstance(version, Known) and float(version.value) < _FIRST_WITHOUT_RECOVERY_CONF
    except ValueError:
        return False


def _main_file(directory: Place, server: Server | None, root: str) -> str:
    """As the server was told; otherwise Debian's, whose data_directory leads here; otherwise the usual one."""
    usual = f"{directory.path}/postgresql.conf"
    told = [] if server is None else [server.configuration_file, _below(server.directory_argument)]
    candidates = [os.path.join(directory.path, path) for path in told if path]
    return next(
        (path for path in candidates if os.path.exists(path)),
        next(_debian(directory, root), usual),
    )


def _below(directory: str | None) -> str | None:
    return directory and f"{directory}/postgresql.conf"


def _debian(directory: Place, root: str) -> Iterator[str]:
    for path in sorted(glob(f"{root.rstrip('/')}/etc/postgresql/*/*/postgresql.conf")):
        set_to = Source(path).values.get("data_directory", "")
        if set_to and directory.identity is not None and identity(set_to) == directory.identity:
            yield path


def _places(main: Source, directory: str) -> Iterator[str]:
    if main.files:
        yield os.path.dirname(main.files[0])
    yield from main.files
    for name in _FILES:
        if main.values.get(name):
            yield os.path.join(directory, main.values[name])


def _outside(paths: Iterable[str], directory: str) -> Iterator[Place]:
    """Each once, and only where neither the data directory nor a place already named holds it."""
    holders = [directory]
    for path in paths:
        place = resolved(path)
        if not any(place.path == holder or place.path.startswith(holder + "/") for holder in holders):
            holders.append(place.path)
            yield place
