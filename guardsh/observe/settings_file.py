"""postgresql.conf, postgresql.auto.conf and recovery.conf, read as the server reads them (guc-file.l)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_DEEPEST = 10  # CONF_FILE_MAX_DEPTH, src/include/utils/conffiles.h
_LETTER = r"A-Za-z_\x80-\xff"  # of bytes, read as Latin-1: a class of all Unicode takes 20 ms to compile
_LINE = re.compile(
    rf"""
    (?P<name> [{_LETTER}][{_LETTER}0-9]* (?: \.[{_LETTER}][{_LETTER}0-9]* )? )
    [ \t\r\f\v]* =? [ \t\r\f\v]*
    (?P<value> '(?:[^'\\]|\\.|'')*' | [{_LETTER}][{_LETTER}0-9\-._:/]* | [+-]?[0-9.][0-9A-Za-z.+\-]* )
    [ \t\r\f\v]* (?: \#.* )?
    """,
    re.VERBOSE,
)
_BLANK = re.compile(r"\s*(?:#.*)?")
_ESCAPE = re.compile(r"''|\\([0-7]{1,3}|.)")
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class SettingsError(ValueError):
    """A line that the server would not accept either."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The last value of each setting, by lower-case name, and every file that was read."""

    values: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def read(path: str) -> Settings:
    """The settings of a file and of those that it includes.

    Raises OSError where one cannot be read, SettingsError where one cannot be understood.
    """
    settings = Settings()
    _read_into(settings, path, 0)
    return settings


def parse(text: str, path: str = "") -> Iterator[tuple[str, str]]:
    """Every ``(name, value)`` of a file's text, in order; its bytes as Latin-1. ``path`` is for a SettingsError.

    >>> list(parse("Port = 5433 # old\\nprimary_conninfo 'host=db\\\\-01 password=it''s'"))
    [('port', '5433'), ('primary_conninfo', "host=db-01 password=it's")]
    """
    for number, line in enumerate(text.split("\n"), 1):
        if _BLANK.fullmatch(line):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise SettingsError(f"could not understand line {number} of {path}")
        yield found["name"].lower(), _unquoted(found["value"])


def _unquoted(value: str) -> str:
    """DeescapeQuotedString: a doubled quote is one, a backslash escapes as in C."""
    return _ESCAPE.sub(_unescaped, value[1:-1]) if value.startswith("'") else value


def _unescaped(found: re.Match[str]) -> str:
    escaped: str | None = found[1]
    if escaped is None:
        return "'"
    if escaped[0] in "01234567":
        return chr(int(escaped, 8) & 0xFF)
    return _CONTROL.get(escaped, escaped)


def _read_into(settings: Settings, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise SettingsError(f"could not read {path}: files include one another more than {_DEEPEST} deep")
    with open(path, "rb") as file:
        text = file.read().decode("latin-1")
    settings.files.append(path)
    for name, bytewise in parse(text, path):
        value = os.fsdecode(bytewise.encode("latin-1"))
        if name in ("include", "include_if_exists", "include_dir"):
            for included in _included(name, os.path.join(os.path.dirname(path), value)):
                _read_into(settings, included, depth + 1)
        else:
            settings.values[name] = value


def _included(name: str, path: str) -> list[str]:
    """The files that one line includes; of a directory those named *.conf, in the order of their bytes."""
    if name == "include_if_exists" and not os.path.exists(path):
        return []
    if name != "include_dir":
        return [path]
    names = (each for each in os.listdir(path) if each.endswith(".conf") and not each.startswith("."))
    return [os.path.join(path, each) for each in sorted(names, key=os.fsencode) if _is_file(os.path.join(path, each))]


def _is_file(path: str) -> bool:
    return not os.path.isdir(path)
