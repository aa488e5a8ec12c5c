"""GNU rm (coreutils 9, src/rm.c and src/remove.c): which of its operands it would remove, and how far below them."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-f, --force",
    "-i",
    "-I",
    "--interactive[=WHEN]",
    "--one-file-system",
    "--no-preserve-root",
    "--preserve-root[=all]",
    "---presume-input-tty",
    "-r, -R, --recursive",
    "-d, --dir",
    "-v, --verbose",
    "--help",
    "--version",
)
_LETTERS = {"--recursive": "r", "--force": "f", "-i": "i", "-I": "I", "--dir": "d"}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete every operand that rm would not refuse by itself.

    Of ``/`` in any spelling, ``.`` and ``..`` rm removes nothing; that another path leads to ``/`` through a link is
    left to observation. Asking (``-i``, ``-I``) is not counted as harmless: on the wrong host one answers yes.
    """
    line = read(GRAMMAR, invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    if line.given("--help", "--version"):
        return ()
    keeps_root, extent = _keeps_root(line), _extent(line)
    targets = tuple(
        Target(operand, extent, follow=operand.endswith("/"))
        for operand in line.operands
        if not _refused(operand, keeps_root)
    )
    if not targets:
        return ()
    return (Intent(Effect.DELETE, targets, f"{_as_given(line)} would delete", doubts=line.doubts),)


def _extent(line: CommandLine) -> Extent:
    if line.given("--recursive") or line.doubts:
        return Extent.TREE
    return Extent.EMPTY if line.given("--dir") else Extent.ENTRY


def _keeps_root(line: CommandLine) -> bool:
    """The last one given counts. Abbreviated, --no-preserve-root is an error only in newer versions: believed here."""
    given = [name for name, _ in line.options if name.endswith("preserve-root")]
    return not line.doubts and given[-1:] != ["--no-preserve-root"]


def _refused(operand: str, keeps_root: bool) -> bool:
    """Whether rm refuses this operand by itself (remove.c, rm_fts): last component ``.`` or ``..``, ``/``, nothing."""
    bare = operand.rstrip("/")
    if not bare:
        return keeps_root or not operand
    return bare.rpartition("/")[2] in (".", "..")


def _as_given(line: CommandLine) -> str:
    given = {name for name, _ in line.options}
    letters = "".join(letter for name, letter in _LETTERS.items() if name in given)
    return f"rm -{letters}" if letters else "rm"
