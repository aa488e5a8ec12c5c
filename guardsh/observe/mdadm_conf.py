"""mdadm.conf(5): which arrays it names, and whether what it does not name comes up all the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

_FILES = ("etc/mdadm.conf", "etc/mdadm/mdadm.conf")
_DIRECTORIES = ("etc/mdadm.conf.d", "etc/mdadm/mdadm.conf.d")
_RULES = "udev/rules.d/64-md-raid-assembly.rules"  # runs mdadm --incremental on every member that appears
_RULES_IN = ("lib", "usr/lib", "etc")


@dataclass(frozen=True, slots=True)
class Configuration:
    """``arrays`` are the (device, words) of its ARRAY lines, ``auto`` the words of AUTO in order, ``udev``
    whether the members are offered to mdadm as they appear."""

    arrays: tuple[tuple[str, dict[str, str]], ...]
    auto: tuple[str, ...]
    udev: bool

    def names(self, device: str, uuids: frozenset[str]) -> bool:
        """Whether a line names the array, by its UUID or, where the line has none, by its device."""
        for at, words in self.arrays:
            if at == "<ignore>":
                continue
            uuid = words.get("uuid", "").replace(":", "").lower()
            if uuid in uuids if uuid else at in (f"/dev/{device}", device):
                return True
        return False

    def ignores(self, uuids: frozenset[str]) -> bool:
        """``ARRAY <ignore> UUID=…``: never assembled by itself."""
        return any(at == "<ignore>" and words.get("uuid", "").replace(":", "").lower() in uuids
                   for at, words in self.arrays)  # fmt: skip

    def assembles_others(self, version: str) -> bool:
        """Whether an array of this metadata version that it does not name is assembled when its members appear: the
        first word of AUTO that speaks of it decides; without one, yes."""
        if not self.udev:
            return False
        family = "0.90" if version == "0.90" else "1.x"
        for word in self.auto:
            if word.lstrip("+-") in ("all", family, "homehost"):
                return not word.startswith("-")
        return True


def read(root: str = "/") -> Configuration:
    """The configuration of this machine; empty where there is none. OSError where it may not be read."""
    lines = [line.split() for path in _paths(root) for line in _lines(path)]
    return Configuration(
        arrays=tuple(_array(words) for words in lines if len(words) > 1 and _is(words, "array")),
        auto=tuple(word.lower() for words in lines if _is(words, "auto") for word in words[1:]),
        udev=any(os.path.exists(os.path.join(root, directory, _RULES)) for directory in _RULES_IN),
    )


def _is(words: list[str], keyword: str) -> bool:
    """mdadm takes a keyword by its first three letters or more (config.c, match_keyword)."""
    return len(words[0]) >= 3 and keyword.startswith(words[0].lower())


def _array(words: list[str]) -> tuple[str, dict[str, str]]:
    device = next((word for word in words[1:] if "=" not in word), "")
    return device, {key.lower(): value for key, _, value in (word.partition("=") for word in words[1:])}


def _paths(root: str) -> Iterator[str]:
    yield from (path for name in _FILES if os.path.exists(path := os.path.join(root, name)))
    for name in _DIRECTORIES:
        directory = os.path.join(root, name)
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
        yield from (os.path.join(directory, each) for each in names if each.endswith(".conf"))


def _lines(path: str) -> Iterator[str]:
    """Its lines without comments; one that begins with blanks continues the one before."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = [line.partition("#")[0].rstrip() for line in file]
    joined: list[str] = []
    for line in text:
        if line[:1].isspace() and joined:
            joined[-1] += line
        elif line:
            joined.append(line)
    return iter(joined)
