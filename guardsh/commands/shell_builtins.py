"""What a line does to the shell that runs it: where it is, and what its variables are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from glob import escape
from posixpath import join, normpath

from guardsh.commands.shell_expansion import value, without
from guardsh.commands.shell_state import Shell, Values
from guardsh.commands.shell_words import Kind, Word

CHANGES_DIRECTORY = frozenset({"cd", "chdir", "pushd", "popd"})
_DECLARES = frozenset({"export", "declare", "typeset", "local", "readonly"})
_READS = frozenset({"unset", "read", "mapfile", "readarray", "getopts", "printf", "let", "vared", "shift"})
SETS_NAMES = _DECLARES | _READS | {"set", "setenv", "setopt", "shopt"}
_CHANGE_PATTERNS = re.compile(r"(?<!\S)-[a-eg-z]*f|noglob|dotglob|nocaseglob|globdots")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\+?)=")
_CHANGED_INSIDE = re.compile(r"([A-Za-z_]\w*)\s*(?::?=(?!=)|\+\+|--|<<=|>>=|[-+*/%&|^]=)|(?:\+\+|--)\s*([A-Za-z_]\w*)")
_CHANGING = ("${", "$((", "((", "$[")


def assignments(words: Sequence[Word], shell: Shell) -> tuple[dict[str, Values], list[Word]]:
    """Leading ``NAME=value`` words (``NAME+=``, ``NAME[1]=`` and arrays have no value that is known), and the rest."""
    assigned: dict[str, Values] = {}
    for position, word in enumerate(words):
        first = word.pieces[0] if word.pieces else None
        found = _ASSIGNED.match(first.text) if first and first.kind is Kind.LITERAL else None
        if found is None and not _is_subscript(word):
            return assigned, list(words[position:])
        if found is None:
            assigned[word.source.partition("[")[0]] = None
            continue
        added = without(word, found.end())
        is_array = any(piece.kind is Kind.UNKNOWN and piece.text.startswith("(") for piece in added.pieces)
        assigned[found[1]] = None if is_array else value(added, shell)
        if found[2] and not is_array:
            assigned[found[1]] = _appended(shell.values(found[1]), assigned[found[1]])
    return assigned, []


def _is_subscript(word: Word) -> bool:
    return bool(re.match(r"[A-Za-z_]\w*\[[^]]*\]\+?=", word.source))


def _appended(before: Values, added: Values) -> Values:
    if before is None or added is None:
        return None
    return tuple(dict.fromkeys(one + other for one in before for other in added))


def timed(words: Sequence[Word]) -> tuple[str, ...]:
    """``time`` and ``time -p`` before a simple command: the word of the shell, which may stand before a builtin."""
    plain = [word.plain or "" for word in words]
    if len(plain) < 2 or plain[0] != "time" or (plain[1].startswith("-") and plain[1] != "-p"):
        return ()
    own = ("time", "-p") if plain[1] == "-p" and len(plain) > 2 else ("time",)
    return (*own, *timed(words[len(own) :]))


def changed_inside(word: Word) -> Iterator[str]:
    """Names that the expansion of this word assigns: ${x:=y}, $((x++)), ((x = 1))."""
    for piece in word.pieces:
        if piece.kind is Kind.UNKNOWN and piece.text.startswith(_CHANGING):
            for found in _CHANGED_INSIDE.finditer(piece.text):
                yield found[1] or found[2]


def set_names(argv: Sequence[str], words: Sequence[Word], unknown: Collection[str], shell: Shell) -> None:
    """Builtins that give variables values; ``words`` are those of ``argv`` before their expansion."""
    operands = [word for word in argv[1:] if not word.startswith("-")]
    if argv[0] in ("set", "shopt", "setopt") and _CHANGE_PATTERNS.search(" ".join(argv[1:])):
        shell.patterns = False
    if argv[0] == "set":
        _set(argv[1:], operands, unknown, shell)
    elif argv[0] == "setenv" and operands:
        shell.assign(operands[0], tuple(operands[1:2]) or ("",))
        shell.export(operands[0])
    elif argv[0] == "shift":
        shell.variables.update(dict.fromkeys((*"@*#", *map(str, range(1, 10)))))
    elif argv[0] in ("shopt", "setopt"):
        return
    elif argv[0] in _DECLARES:
        _declare(argv[0], words, operands, shell)
    else:
        for word in operands:
            name = word.partition("=")[0].partition("[")[0]
            if argv[0] != "printf" or "-v" in argv:
                shell.assign(name, ("",) if argv[0] == "unset" else None)
        if argv[0] == "read" and not operands:
            shell.assign("REPLY", None)


def _declare(builtin: str, words: Sequence[Word], operands: Sequence[str], shell: Shell) -> None:
    assigned: dict[str, Values] = {}
    for word in words[1:]:
        assigned |= assignments([word], shell)[0]
    for name, values in assigned.items():
        shell.assign(name, values)
    for name in (*assigned, *operands) if builtin == "export" else ():
        if name in shell.variables:
            shell.export(name)


def _set(words: Sequence[str], operands: Sequence[str], unknown: Collection[str], shell: Shell) -> None:
    """Positional parameters; of fish: ``set NAME VALUE…``."""
    if shell.language == "fish":
        if operands:
            values = tuple(words[words.index(operands[0]) + 1 :])  # options come before the name
            shell.assign(operands[0], None if set(values) & set(unknown) else values or ("",))
        return
    if "--" in words or operands:
        given = words[words.index("--") + 1 :] if "--" in words else operands
        set_parameters(tuple(given), bool(set(given) & set(unknown)), shell)


def set_parameters(given: Sequence[str], unknown: bool, shell: Shell) -> None:
    """``$1`` … and ``$@`` of a function or script."""
    names = [str(number) for number in range(1, max(9, len(given)) + 1)]
    for number, name in enumerate(names):
        shell.variables[name] = None if unknown else (given[number] if number < len(given) else "",)
    shell.variables["@"] = None if unknown else tuple(given)
    shell.variables["*"] = None if unknown else (" ".join(given),)
    shell.variables["#"] = None if unknown else (str(len(given)),)


def directory_after(
    argv: Sequence[str], unknown: Collection[str], place: str | None, shell: Shell
) -> tuple[Values, bool]:
    """Where cd leads from ``place``, and whether it may fail: it certainly does not where that is there already."""
    given = [word for word in argv[1:] if word == "-" or not word.startswith("-")]
    if argv[0] == "popd" or (argv[0] == "pushd" and not given):
        return None, True
    target = given[0] if given else shell.environment.get("HOME", "/")
    if target == "-":
        before = shell.values("OLDPWD")
        target = before[0] if before and len(before) == 1 else ""
    if not target or target in unknown or (place is None and not target.startswith("/")):
        return None, True
    there = normpath(join(place or "/", target))
    exists = bool(shell.expand(escape(there).rstrip("/") + "/.", "/"))  # one that may not be entered is none
    if not exists and shell.values("CDPATH") not in (("",), None) and not target.startswith(("/", ".")):
        return None, True
    return (there,), not exists
