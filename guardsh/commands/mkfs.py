"""Programs that write over what a device holds: mkfs and its kin, wipefs, mkswap, blkdiscard (e2fsprogs 1.47,
xfsprogs 6.1, util-linux 2.38)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guardsh.commands.device_words import on_paths, paths_among
from guardsh.commands.grammar import CommandLine, Grammar, declare, read
from guardsh.model.intent import Effect, Intent, Invocation

_EXT = declare(
    *("-b BLOCK-SIZE", "-c", "-C CLUSTER-SIZE", "-d ROOT-DIRECTORY", "-D", "-e ERRORS", "-E EXTENDED", "-F", "-g N"),
    *("-G N", "-i BYTES", "-I INODE-SIZE", "-j", "-J JOURNAL", "-K", "-l FILENAME", "-L LABEL", "-m PERCENT", "-M DIR"),
    *("-n", "-N INODES", "-o OS", "-O FEATURES", "-q", "-r REVISION", "-s SPARSE", "-S", "-t TYPE", "-T USAGE"),
    *("-U UUID", "-v", "-V", "-z UNDO-FILE"),
)
_XFS = declare(
    *(
        "-b SIZE",
        "-c OPTIONS",
        "-C",
        "-d DATA",
        "-f",
        "-i INODE",
        "-K",
        "-l LOG",
        "-L LABEL",
        "-m METADATA",
        "-n NAMING",
    ),
    *("-N", "-p FILE", "-q", "-r REALTIME", "-s SECTOR", "-V"),
)
_WIPEFS = declare(
    *("-a, --all", "-b, --backup", "-f, --force", "-i, --noheadings", "-J, --json", "-n, --no-act", "-o, --offset=NUM"),
    *("-O, --output=LIST", "-p, --parsable", "-q, --quiet", "-t, --types=LIST", "--lock[=MODE]", "-h, --help"),
    "-V, --version",
)
_MKSWAP = declare(
    *("-c, --check", "-f, --force", "-q, --quiet", "-p, --pagesize=SIZE", "-L, --label=LABEL", "-v, --swapversion=NUM"),
    *("-U, --uuid=UUID", "--verbose", "--lock[=MODE]", "-h, --help", "-V, --version"),
)
_BLKDISCARD = declare(
    *("-f, --force", "-o, --offset=NUM", "-l, --length=NUM", "-p, --step=NUM", "-s, --secure", "-z, --zeroout"),
    *("-v, --verbose", "-h, --help", "-V, --version"),
)
GRAMMARS: Mapping[str, Grammar] = {
    **dict.fromkeys(("mke2fs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"), _EXT),
    "mkfs.xfs": _XFS,
    "wipefs": _WIPEFS,
    "mkswap": _MKSWAP,
    "blkdiscard": _BLKDISCARD,
}
_ANSWERS = ("--help", "--version", "-V", "--usage")
_DRY = {
    "mkfs.xfs": "-N",
    "wipefs": "--no-act",
    **dict.fromkeys(("mke2fs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"), "-n"),
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the device among its words; nothing in a dry run, and where wipefs only lists."""
    if invocation.name == "mkfs":
        return _front(invocation.arguments)
    return _understand(invocation.name, invocation.arguments)


def _front(words: tuple[str, ...]) -> tuple[Intent, ...]:
    """mkfs hands everything but -t and -V to ``mkfs.TYPE``; twice -V is a dry run (disk-utils/mkfs.c)."""
    kind, rest = "ext2", []
    remaining = iter(words)
    for word in remaining:
        if word in ("-t", "--type"):
            kind = next(remaining, kind)
        elif word.startswith("--type="):
            kind = word.partition("=")[2]
        elif word.startswith("-t"):
            kind = word[2:]
        else:
            rest.append(word)
    verbose = [word for word in rest if word == "--verbose" or (word.startswith("-V") and not word.strip("-V"))]
    if rest[:1] in (["-h"], ["--help"]) or "".join(verbose).count("V") + verbose.count("--verbose") > 1:
        return ()
    return _understand(f"mkfs.{kind}", tuple(word for word in rest if word not in verbose))


def _understand(name: str, words: tuple[str, ...]) -> tuple[Intent, ...]:
    grammar = GRAMMARS.get(name)
    if grammar is None:  # another file system's: its options are not worth knowing
        answered = bool(words) and set(words) <= set(_ANSWERS)
        return () if answered else on_paths(Effect.DISMANTLE, paths_among(words), f"{name} would overwrite")
    line = read(grammar, words)
    if not line.doubts and not _writes(name, line):
        return ()
    names = (*_in_values(line), *(paths_among(words) if line.doubts else line.operands))
    says = "would discard" if name == "blkdiscard" else "would overwrite"
    return on_paths(Effect.DISMANTLE, names, f"{name} {says}", line.doubts)


def _writes(name: str, line: CommandLine) -> bool:
    if line.given(_DRY.get(name, "--help"), "--help", "--version"):
        return False
    if name == "wipefs":
        return line.given("--all", "--offset")
    return True


def _in_values(line: CommandLine) -> Iterator[str]:
    """``-l logdev=/dev/sdc``, ``-d name=/dev/sdb``, ``-J device=/dev/sdd``"""
    for _, value in line.options:
        if value and "=" in value:
            yield from paths_among([value])
