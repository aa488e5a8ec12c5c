"""unzip (Info-ZIP 6), cpio (GNU 2), 7z (7-Zip): where they would unpack."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile, zip_longest

from guardsh.commands.grammar import declare, read
from guardsh.commands.written import onto
from guardsh.model.intent import Extent, Intent, Invocation, Target

CPIO = declare(
    *("-i, --extract", "-o, --create", "-p, --pass-through", "-t, --list", "--block-size=SIZE", "-B", "-c"),
    *("-C, --io-size=NUMBER", "-D, --directory=DIR", "--force-local", "-H, --format=FORMAT", "--quiet"),
    *(
        "-R, --owner=OWNER",
        "-v, --verbose",
        "-V, --dot",
        "-W, --warning=FLAG",
        "-F, --file=FILE",
        "-M, --message=STRING",
    ),
    *("--rsh-command=COMMAND", "-b, --swap", "-f, --nonmatching", "-I FILE", "-n, --numeric-uid-gid", "-r, --rename"),
    *("-s, --swap-bytes", "-S, --swap-halfwords", "--to-stdout", "-E, --pattern-file=FILE", "--only-verify-crc"),
    *("-A, --append", "--device-independent, --reproducible", "--ignore-devno", "-O FILE", "--renumber-inodes"),
    *("-l, --link", "--absolute-filenames", "--no-absolute-filenames", "-0, --null", "-a, --reset-access-time"),
    *("-L, --dereference", "-d, --make-directories", "-m, --preserve-modification-time", "--no-preserve-owner"),
    *("--sparse", "-u, --unconditional", "-?, --help", "--usage", "--version", "-k"),
)
_ONLY_LISTS = frozenset("cltvzpZ")  # of unzip's letters; v only without a file to unpack, too
_RENAMING = frozenset("jL")
_READING = ("b", "h", "i", "l", "t")  # verbs of 7z


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite what the archive's members would become, below the working directory or the one that is named."""
    targets, doubts = {"unzip": _unzip, "cpio": _cpio}.get(invocation.name, _7z)(invocation.arguments)
    return onto(tuple(targets), invocation, f"{invocation.name} would unpack into", doubts)


def _unzip(words: tuple[str, ...]) -> tuple[list[Target], tuple[str, ...]]:
    """``unzip [-opts] FILE [MEMBER…] [-x MEMBER…] [-d DIRECTORY]``; behind FILE only -x and -d are options."""
    directory = next(_after_d(words), ".")
    others = [word for word in words if word != directory or word.endswith(".zip")]
    before = list(takewhile(lambda word: word.startswith("-"), others))
    letters = {letter for word in before for letter in word[1:].partition("d")[0]}
    archive = next(iter(others[len(before) :]), "")
    if letters & _ONLY_LISTS or not archive:
        return [], ()
    if letters & _RENAMING or set("*?[") & set(archive):
        return [Target(directory, Extent.TREE, follow=True)], ()
    named = dict.fromkeys((archive, archive.removesuffix(".zip") + ".zip"))
    return [Target(directory, Extent.TREE, follow=True, brings=each) for each in named], ()


def _after_d(words: tuple[str, ...]) -> Iterator[str]:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        head, d, rest = word.partition("d")
        if word.startswith("-") and d and not head[1:].strip("abfnojqCDKLMTUVXu:^$"):
            yield rest or following or "."


def _cpio(words: tuple[str, ...]) -> tuple[list[Target], tuple[str, ...]]:
    line = read(CPIO, words, permute=False)
    if line.given("--list", "--to-stdout", "--only-verify-crc", "--help", "--usage", "--version"):
        return [], ()
    if line.given("--pass-through"):
        return [Target(path, Extent.TREE, follow=True) for path in line.operands], line.doubts
    if line.given("--create") and not line.doubts:
        return [Target(path, Extent.ENTRY, follow=True) for path in (*line.values("--file"), *line.values("-O"))], ()
    anywhere = [Target("/", Extent.TREE)] if line.given("--absolute-filenames") else []
    return [Target(line.value("--directory") or ".", Extent.TREE, follow=True), *anywhere], line.doubts


def _7z(words: tuple[str, ...]) -> tuple[list[Target], tuple[str, ...]]:
    """``7z x ARCHIVE -oDIRECTORY``; its own archives cannot be listed here, zip archives can."""
    verb, *named = [word for word in words if not word.startswith("-")] or [""]
    if verb in _READING or "-so" in words or not named:
        return [], ()
    if verb not in ("x", "e"):
        removed = [Target(path, Extent.TREE) for path in named[1:] if "-sdel" in words]
        return [*(Target(named[0] + ending, Extent.ENTRY, follow=True) for ending in ("", ".7z")), *removed], ()
    directory = next((word[2:] for word in words if word.startswith("-o") and len(word) > 2), ".")
    brings = named[0] if named[0].endswith(".zip") and verb == "x" else ""
    anywhere = [Target("/", Extent.TREE)] if any(word.startswith("-spf") for word in words) else []
    return [Target(directory, Extent.TREE, follow=True, brings=brings), *anywhere], ()
