"""git clean (git 2): the files below a working tree that it would delete; other verbs leave others' files alone."""

from __future__ import annotations

from posixpath import join

from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    *("-v, --version", "-h, --help", "-C PATH", "-c NAME=VALUE", "--exec-path[=PATH]", "--html-path", "--man-path"),
    *("--info-path", "-p, --paginate", "-P, --no-pager", "--no-replace-objects", "--bare", "--git-dir=PATH"),
    *("--work-tree=PATH", "--namespace=NAME", "--super-prefix=PATH", "--config-env=NAME=ENVVAR", "--no-optional-locks"),
    *("--literal-pathspecs", "--glob-pathspecs", "--noglob-pathspecs", "--icase-pathspecs", "--list-cmds=GROUP"),
    "--attr-source=TREE-ISH",
)
CLEAN = declare(
    *("-q, --quiet", "--no-quiet", "-n, --dry-run", "--no-dry-run", "-f, --force", "--no-force", "-i, --interactive"),
    *("-d", "-e, --exclude=PATTERN", "-x", "-X", "-h, --help"),
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete what is below the directory where git begins, or below the paths that are named."""
    program = read(GRAMMAR, invocation.arguments, permute=False)
    if program.operands[:1] != ("clean",) and not (program.doubts and "clean" in program.operands):
        return ()
    line = read(CLEAN, program.operands[program.operands.index("clean") + 1 :])
    if line.given("--dry-run", "--help") or program.given("--help", "--version"):
        return ()
    start = join("", *program.values("-C"), *program.values("--work-tree")[-1:])
    paths = dict.fromkeys(_plain(path) for path in line.operands or (".",))
    targets = tuple(Target(join(start, path) or ".", Extent.TREE, follow=True) for path in paths)
    return (Intent(Effect.DELETE, targets, "git clean would delete", program.doubts + line.doubts),)


def _plain(pathspec: str) -> str:
    """Of a pattern, and of a pathspec with magic (gitglossary(7)): everything."""
    return "." if pathspec.startswith(":") or not pathspec or set("*?[") & set(pathspec) else pathspec
