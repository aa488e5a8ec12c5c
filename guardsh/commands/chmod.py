"""chmod, chown, chgrp, chcon (coreutils 9), setfacl (acl 2.3), restorecon: whose files they would change, how deep.

With other permissions or another owner a server keeps running and does not start again: a data directory must be
0700 or 0750 and its owner's (src/backend/utils/init/miscinit.c, checkDataDir).
"""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_ALL = ("-c, --changes", "-f, --silent, --quiet", "-v, --verbose", "--no-preserve-root", "--preserve-root")
_COMMON = (*_ALL, "--reference=RFILE", "-R, --recursive", "--help", "--version")
_LINKS = ("--dereference", "-h, --no-dereference", "-H", "-L", "-P")
# A mode may begin with a hyphen: chmod -w,g-r FILE.
_MODES = tuple(f"-{letter}" for letter in "rwxXstugoa,+=01234567")
GRAMMARS = {
    "chmod": declare(*_COMMON, *(f"{mode}[=MODE]" for mode in _MODES), *_LINKS),
    "chown": declare(*_COMMON, *_LINKS, "--from=CURRENT"),
    "chgrp": declare(*_COMMON, *_LINKS, "--from=CURRENT"),
    "chcon": declare(
        *("-v, --verbose", "--no-preserve-root", "--preserve-root", "--reference=RFILE", "-R, --recursive", "--help"),
        *("-u, --user=USER", "-r, --role=ROLE", "-t, --type=TYPE", "-l, --range=RANGE", "--version"),
        *_LINKS,
    ),
    "setfacl": declare(
        *(
            "-m, --modify=ACL",
            "-M, --modify-file=FILE",
            "-x, --remove=ACL",
            "-X, --remove-file=FILE",
            "-b, --remove-all",
        ),
        *("-k, --remove-default", "--set=ACL", "--set-file=FILE", "--mask", "-n, --no-mask", "-d, --default"),
        *("-R, --recursive", "-L, --logical", "-P, --physical", "--restore=FILE", "--test", "-v, --version"),
        "-h, --help",
    ),
    "restorecon": declare(
        *("-A", "-D", "-d", "-e DIRECTORY", "-f FILE", "-F", "-h", "-I", "-i", "-m", "-n", "-N", "-0", "-o FILE", "-p"),
        *("-r, -R, --recursive", "-T THREADS", "-U", "-v", "-V", "-W", "-x", "-q"),
    ),
}
_CHANGED = {
    "chmod": "the permissions of",
    "chown": "the owner of",
    "chgrp": "the group of",
    "chcon": "the security context of",
    "setfacl": "the access control list of",
    "restorecon": "the security context of",
}
_ELSEWHERE = {"chmod": _MODES, "chcon": ("--user", "--role", "--type", "--range")}  # instead of the first operand
_THROUGH = ("-H", "-L", "--logical")
_ANYWHERE = "it changes what links lead to, wherever that is"
# What leaves a data directory as its owner needs it, and others out.
_OWNERS_ONLY = frozenset(
    {"700", "0700", "u=rwx,go=", "u=rwX,go=", "u+rwX,go-rwx", "u=rwx,g=,o=", "go-rwx", "og-rwx", "go=", "og="}
    | {"u+rwX", "u+rwx", "o-rwx", "o=", "g-w", "go-w"}
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Everything below counts as overwritten; one directory or file alone, easily put back, as configured."""
    name = invocation.name
    line = read(GRAMMARS[name], invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    if line.given("--help", "--version") or _only_shows(name, invocation.arguments):
        return ()
    deep = line.given("--recursive", "--restore") or bool(line.doubts)
    targets = tuple(
        Target(path, Extent.TREE if deep else Extent.ENTRY, follow=_follows(name, line, path))
        for path in (*_files(name, line), *_restored(line))
        if path and not (line.given("--preserve-root") and not path.strip("/"))
    )
    doubts = line.doubts + ((_ANYWHERE,) if deep and line.given(*_THROUGH) else ())
    targets += (Target("/", Extent.TREE),) if targets and _ANYWHERE in doubts else ()
    grave = deep and not _keeps_it_startable(name, line)
    effect = Effect.OVERWRITE if grave else Effect.CONFIGURE
    action = f"{name}{' -R' if line.given('--recursive') else ''} would change {_CHANGED[name]}"
    return (Intent(effect, targets, action, doubts),) if targets else ()


def _only_shows(name: str, words: tuple[str, ...]) -> bool:
    """setfacl changes what stands before --test."""
    before = read(GRAMMARS[name], words, permute=False)
    return before.given("--test") or (name == "restorecon" and before.given("-n"))


def _files(name: str, line: CommandLine) -> tuple[str, ...]:
    """The first operand says what to change to, unless an option does."""
    says = name in ("setfacl", "restorecon") or line.given("--reference", *_ELSEWHERE.get(name, ()))
    return line.operands if line.doubts or says else line.operands[1:]


def _restored(line: CommandLine) -> tuple[str, ...]:
    """The files that ``setfacl --restore`` changes are named in another, from here on."""
    return (".",) if line.given("--restore") else ()


def _follows(name: str, line: CommandLine, path: str) -> bool:
    """Whether a link that is named is followed: with -R, chown and its kin do so only where they are told to; -H and
    -L say nothing without it."""
    if path.endswith("/") or name in ("chmod", "setfacl"):
        return True
    return line.given(*_THROUGH) if line.given("--recursive") else not line.given("--no-dereference")


def _keeps_it_startable(name: str, line: CommandLine) -> bool:
    return name == "chmod" and not line.doubts and _OWNERS_ONLY.issuperset(line.operands[:1])
