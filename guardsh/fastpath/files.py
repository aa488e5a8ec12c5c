"""Tools that write, move or remove files: every word that may be a path, and what it leads to. Light, as the whole
package.

Words are not read by a grammar here. Any word may be a path, and so may what follows ``=`` or a letter of an option:
a word that is none names a file that is not there, in a directory that is looked at anyway.
"""

from __future__ import annotations

import os
import stat

from guardsh.fastpath.places import (
    MARKS,
    inside_instance,
    is_device,
    like_transactions,
    places_of_servers,
    unrelated_tree,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKS = frozenset(MARKS)
_NAMELESS = ("", ".", "..")
_LONGEST_CLUSTER = 64  # letters of an option in which a path may begin anywhere
_MOST_PAIRS = 20_000  # of a directory and a name that would be put into it
_FEW_DIRECTORIES = 1000
_ACTIONS = ("-delete", "-exec", "-ok", "-fls", "-fprint")  # of find, and what begins like them


def unrelated(name: str, words: Sequence[str]) -> bool:
    """Whether none of the words, read as paths in any way, leads to an instance."""
    return _RULES.get(name, _unpacks)(words)


# what the tools do


def _writes(words: Sequence[str]) -> bool:
    """Single files, or new names in directories."""
    places = Places()
    paths = [path for word in words for path in _paths(word)]
    return all(map(places.unrelated, paths)) and all(map(places.unrelated, _put_into_directories(paths)))


def _goes_below(words: Sequence[str], most: float = float("inf")) -> bool:
    """Whatever lies below a directory, too."""
    places = Places()
    paths = dict.fromkeys(path for word in words for path in _paths(word))
    return all(places.unrelated(path) and places.unrelated_below(path, most) for path in paths)


def _edits(words: Sequence[str]) -> bool:
    return not any(word.startswith("-") and "i" in word for word in words) or _writes(words)


def _links(words: Sequence[str]) -> bool:
    """Of one word alone, the link is made in the working directory."""
    return _writes((*words, "."))


def _moves(words: Sequence[str]) -> bool:
    """What is moved, with all below; the last word is where to, unless an option says otherwise."""
    places = Places()
    moved = words if _has_option_beyond(_MV_LETTERS, words) else words[:-1]
    return _writes(words) and all(places.unrelated_below(path) for word in moved for path in _paths(word))


def _copies(words: Sequence[str]) -> bool:
    """Of directories, what is there already under the name that each would get; all, where the name is ``.``"""
    if not _has_option_beyond(_CP_FLAT, words):
        return _writes(words)
    if _has_option_beyond(_CP_LETTERS, words) or any(map(_is_nameless, words[:-1])):
        return _goes_below(words)
    places = Places()
    paths = [path for word in words for path in _paths(word)]
    return _writes(words) and all(map(places.unrelated_below, _put_into_directories(paths)))


def _changes_mode(words: Sequence[str]) -> bool:
    """-H and -L go through links, wherever they lead."""
    options = [word for word in words if word.startswith("-")]
    if any(word.startswith("--") or "H" in word or "L" in word for word in options):
        return False
    return _goes_below(words) if any("R" in word or "r" in word for word in options) else _writes(words)


def _finds(words: Sequence[str]) -> bool:
    if not any(word.startswith(_ACTIONS) for word in words):
        return True
    if any(word in ("-L", "-follow", "-files0-from") or word.startswith(("-exec", "-ok")) for word in words):
        return False
    return _goes_below((*words, ".") if words[0].startswith(("-", "(", "!")) else words)


def _cleans(words: Sequence[str]) -> bool:
    """Of all that git does, only ``git clean`` removes what it does not know."""
    return "clean" not in words or (words.count("-C") < 2 and _goes_below((*words, ".")))


def _unpacks(words: Sequence[str]) -> bool:
    """Below the working directory, or one that is named. These tools do not walk what is there, so neither do we for
    long. A directory may count from the one before it, and a name be absolute: not certain."""
    options = [*words[:1], *(word for word in words[1:] if word.startswith("-"))]
    if sum("C" in word or word.startswith(("--d", "--cd")) for word in options) > 1:
        return False
    if any("P" in word or word.startswith(("--abs", "-spf")) for word in options):
        return False
    return _goes_below((*words, "."), _FEW_DIRECTORIES)


def _packs_or_unpacks(words: Sequence[str]) -> bool:
    """tar, which only makes or lists an archive in the spellings that everybody uses."""
    letters = words[0].removeprefix("-") if words else ""
    others = (word for word in words[1:] if word.startswith("-") and word != "-")
    if _TAR_LETTERS.issuperset(letters) and all(word.startswith("--exclude=") for word in others):
        return _writes(words)
    return _unpacks(words)


def _has_option_beyond(letters: frozenset[str], words: Sequence[str]) -> bool:
    return any(word.startswith("-") and not letters.issuperset(word) for word in words)


def _is_nameless(word: str) -> bool:
    return word.rstrip("/").rpartition("/")[2] in _NAMELESS


_MV_LETTERS = frozenset("-fivnub")
_CP_FLAT = frozenset("-fpvnuixPHls")
_CP_LETTERS = _CP_FLAT | frozenset("aRrdL")
_TAR_LETTERS = frozenset("ctvzjJfpahS")
_RULES = {
    **dict.fromkeys(("&>", "&>>", "<>", ">", ">>", ">|", "dd", "install", "rmdir", "shred"), _writes),
    **dict.fromkeys(("sponge", "tee", "touch", "truncate", "unlink"), _writes),
    **dict.fromkeys(("chcon", "chgrp", "chmod", "chown", "restorecon", "setfacl"), _changes_mode),
    **dict.fromkeys(("file-rename", "prename", "rename", "rename.ul", "rsync"), _goes_below),
    "cp": _copies,
    "find": _finds,
    "git": _cleans,
    "ln": _links,
    "mv": _moves,
    "perl": _edits,
    "sed": _edits,
    "tar": _packs_or_unpacks,
}


# words as paths


def _paths(word: str) -> Iterator[str]:
    """Everything in a word that may be a path."""
    yield word
    if "=" in word:
        yield word.partition("=")[2]
    if word.startswith("-") and not word.startswith("--"):
        if len(word) > _LONGEST_CLUSTER:
            raise ValueError(word)
        yield from (word[at:] for at in range(1, len(word)))


def _put_into_directories(paths: Sequence[str]) -> Iterator[str]:
    """The name that each path would have in each of the directories among them."""
    names = {path.rstrip("/").rpartition("/")[2] for path in paths} - {*_NAMELESS}
    directories = {path for path in paths if os.path.isdir(path)}
    if len(names) * len(directories) > _MOST_PAIRS:
        raise ValueError("too many to look at")
    return (f"{directory}/{name}" for directory in directories for name in names)


class Places:
    """What lies where; each directory is looked at once."""

    def __init__(self) -> None:
        self._outside: dict[str, bool] = {}
        self._servers: tuple[str, ...] | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        if self._servers is None:
            self._servers = tuple(places_of_servers())
        return self._servers

    def unrelated(self, path: str) -> bool:
        """Whether nothing of an instance is there, or would be there after a file has been written."""
        if not path:
            return True
        bare = path.rstrip("/") or "/"
        head, _, last = bare.rpartition("/")
        try:
            mode = os.lstat(bare).st_mode
        except (FileNotFoundError, NotADirectoryError):
            mode = 0
        if last in _MARKS or "PG_" in bare or like_transactions(last) or is_device(os.path.abspath(bare)):
            return False
        if last in _NAMELESS or stat.S_ISDIR(mode):
            return self._is_outside(bare)
        if stat.S_ISLNK(mode) and not os.path.abspath(bare).startswith("/dev/"):  # /dev/stdout
            return self._is_outside(head or ("/" if bare.startswith("/") else ".")) and self._stray_file(bare)
        return not stat.S_ISBLK(mode) and self._is_outside(head or ("/" if bare.startswith("/") else "."))

    def unrelated_below(self, path: str, most: float = float("inf")) -> bool:
        return not os.path.isdir(path) or unrelated_tree(path, self.servers, most)

    def _stray_file(self, link: str) -> bool:
        """A link to a file that is unrelated itself."""
        target = os.path.realpath(link)
        return os.path.isfile(target) and self.unrelated(target)

    def _is_outside(self, directory: str) -> bool:
        if directory not in self._outside:
            ways = {os.path.realpath(directory), os.path.abspath(directory)}
            self._outside[directory] = not any(map(inside_instance, ways)) and not self._in_a_server(directory)
        return self._outside[directory]

    def _in_a_server(self, directory: str) -> bool:
        real = os.path.realpath(directory)
        return any(os.path.commonpath((real, server)) == server for server in self.servers)
