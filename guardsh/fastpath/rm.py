"""rm: every operand, and what lies below it. Light, as the whole package."""

from __future__ import annotations

import os

from guardsh.fastpath.places import Parents, places_of_servers, unrelated_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTERS = frozenset("dfiIrRv")
_WORDS = frozenset(
    "--dir --force --interactive --one-file-system --preserve-root --recursive --verbose".split()  # noqa: SIM905
)


def unrelated(arguments: Sequence[str]) -> bool:
    recursive, operands = words(arguments)
    if operands is None:
        return False
    if not recursive:
        return all(map(Parents().unrelated_entry, operands))
    servers = tuple(places_of_servers())
    parents = Parents()
    return all(parents.unrelated_entry(operand) and unrelated_tree(operand, servers) for operand in operands)


def words(arguments: Sequence[str]) -> tuple[bool, list[str] | None]:
    """Whether it is recursive, and the operands; None for a spelling that is not certain here."""
    recursive = False
    operands: list[str] = []
    options = True
    if "POSIXLY_CORRECT" in os.environ:
        return False, None
    for word in arguments:
        if not options or not word.startswith("-") or word == "-":
            operands.append(word)
        elif word == "--":
            options = False
        elif word.startswith("--"):
            if word.partition("=")[0] not in _WORDS:
                return False, None
            recursive = recursive or word == "--recursive"
        elif not _LETTERS.issuperset(word[1:]):
            return False, None
        else:
            recursive = recursive or "r" in word or "R" in word
    return recursive, operands
