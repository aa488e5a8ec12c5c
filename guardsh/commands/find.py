"""find (findutils 4.9): what -delete would remove and -fprint and its kin would write; -exec is read as a command."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guardsh.commands.written import written
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_LINKS = ("-H", "-L", "-P")
_WRITING = ("-fls", "-fprint", "-fprint0", "-fprintf")
_HARMLESS = ("-help", "--help", "-version", "--version")
_ANYWHERE = {
    "-L": "it deletes through links, too, wherever they lead",
    "-files0-from": "a file names where it begins",
}
_COMBINING = frozenset({"(", ")", "!", ",", "-not", "-o", "-or"})
# No file of an instance ends like this.
_NEVER_DATA = (".log", ".gz", ".bz2", ".xz", ".zst", ".zip", ".csv", ".json", ".html", ".sql", ".dump", ".pyc")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete everything below the starting points that a test does not keep for certain: one test in a row of tests
    that all must hold, for names that no file of an instance has."""
    words = invocation.arguments
    if any(word in _HARMLESS for word in words):
        return ()
    links, paths, expression = _parted(words)
    files = [word for before, word in pairwise(expression) if before in _WRITING]
    return _deleted(links, paths, expression) + written(files, invocation, "find would write to")


def _parted(words: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Which links are followed (-P none, -H those named, -L all), the starting points, and the expression, which begins
    with the first word that looks like one (find.c, looks_like_expression)."""
    at = 0
    while at < len(words) and (words[at] in (*_LINKS, "--") or words[at].startswith(("-D", "-O"))):
        at += 2 if words[at] == "-D" else 1
    begins = (n for n in range(at, len(words)) if words[n].startswith("-") or words[n] in ("(", ")", "!", ","))
    end = next(begins, len(words))
    links = "-L" if "-follow" in words[end:] else next((each for each in reversed(words[:at]) if each in _LINKS), "-P")
    return links, words[at:end], words[end:]


def _deleted(links: str, paths: tuple[str, ...], expression: tuple[str, ...]) -> tuple[Intent, ...]:
    """Where links below a starting point lead, and which those in a file are, is not known here: anywhere."""
    if "-delete" not in expression or _spares_data(expression):
        return ()
    targets = tuple(Target(path, Extent.TREE, links != "-P" or path.endswith("/")) for path in paths or (".",) if path)
    doubts = tuple(sentence for option, sentence in _ANYWHERE.items() if option == links or option in expression)
    anywhere = (Target("/", Extent.TREE),) if doubts else ()
    if not targets and not anywhere:
        return ()
    return (Intent(Effect.DELETE, targets + anywhere, "find -delete would delete", doubts),)


def _spares_data(expression: tuple[str, ...]) -> bool:
    return not _COMBINING.intersection(expression) and any(map(_is_never_data, _names(expression)))


def _names(expression: tuple[str, ...]) -> Iterator[str]:
    """The patterns of names; only those before -delete are tested before it."""
    tests = expression[: expression.index("-delete")]
    return (word for before, word in pairwise(tests) if before in ("-name", "-iname"))


def _is_never_data(pattern: str) -> bool:
    return pattern.lower().endswith(_NEVER_DATA)
