"""Paths that a tool takes from its own configuration (pgBackRest's pg1-path, repmgr's data_directory)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from guardsh.model.intent import Configured, Target
from guardsh.model.observed import Unknown

_LONGEST = 1 << 20  # bytes of a file that are read


def located(target: Target | Configured, cwd: str) -> Target | Unknown:
    """The path itself; unknown, with a sentence, where no file that can be read says it."""
    if isinstance(target, Target):
        return target
    unread = ""
    said: dict[tuple[str, str], str] = {}
    for path in _files(target.files, cwd):
        try:
            said |= dict(settings(path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unread = f": could not read {path}: {(error.strerror or str(error)).lower()}"
    for section in target.sections:
        for name in target.names:
            if said.get((section, name)):
                return Target(said[section, name], target.extent, follow=True)
    return Unknown(f"{target.names[0]} is not known{unread or f': {target.files[0]} does not say it'}")


def _files(named: tuple[str, ...], cwd: str) -> Iterator[str]:
    for each in named:
        path = os.path.join(cwd, os.path.expanduser(each))
        if os.path.isdir(path):
            yield from (os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(".conf"))
        else:
            yield path


def settings(path: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Section and name, and the value without its quotes and comment. Raises OSError."""
    section = ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file.read(_LONGEST).splitlines():
            text = line.strip()
            if text.startswith("[") and text.endswith("]"):
                section = text[1:-1]
            elif "=" in text and text[0] not in "#;":
                name, _, value = text.partition("=")
                yield (section, name.strip()), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    """
    >>> _unquoted("'/var/lib/postgresql'  # here"), _unquoted("/mnt/data")
    ('/var/lib/postgresql', '/mnt/data')
    """
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return value.partition(" #")[0].strip()
