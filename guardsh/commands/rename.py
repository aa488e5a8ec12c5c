"""rename, as util-linux has it (rename OLD NEW FILE…) and as Perl's File::Rename has it (rename 's/…/…/' FILE…)."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

# Both tools' options; where they differ in what takes a value, each word counts as a file.
GRAMMAR = declare(
    *("-v, --verbose", "-n, --no-act, --nono", "-o, --no-overwrite", "-i, --interactive", "-s, --symlink"),
    *("-a, --all", "-l, --last", "-0, --null", "-f, --force", "--path, --fullpath", "-h, --help", "-m, --man"),
    *("-d, --filename, --nopath, --nofullpath", "-V, --version", "-u, --unicode[=ENCODING]", "-e EXPRESSION"),
    "-E STATEMENT",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete every file under the name that it has; which it would get is not read.

    Behind an operand, Perl's takes --nono for a file.
    """
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version", "--man") or read(GRAMMAR, invocation.arguments, permute=False).given("--nono"):
        return ()
    files = line.operands if line.doubts or line.given("-e", "-E") else line.operands[1:]
    targets = tuple(Target(path, Extent.TREE, follow=line.given("--symlink")) for path in files if path)
    return (Intent(Effect.DELETE, targets, "rename would give another name to", line.doubts),) if targets else ()
