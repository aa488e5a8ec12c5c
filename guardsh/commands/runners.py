"""Programs that run commands which are not simply their last words: sh -c, su -c, eval, xargs, find -exec."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands import COMMANDS, PREFIXES
from guardsh.model.intent import Invocation

_SHELLS = frozenset({"ash", "bash", "dash", "fish", "ksh", "mksh", "sh", "zsh"})
_WITH_SCRIPT = _SHELLS | {"flock", "runuser", "script", "su"}
_OWN_SHELL = ("eval", "trap")
_OF_ONE_WORD = ("tmux", "watch")
_FROM_INPUT = frozenset({"parallel", "xargs"})
_OTHERS = frozenset(
    {
        *(
            "busybox",
            "catchsegv",
            "chpst",
            "chroot",
            "dbus-run-session",
            "firejail",
            "gdb",
            "gosu",
            "ltrace",
            "nsenter",
        ),
        *("numactl", "perf", "pkexec", "prlimit", "rlwrap", "screen", "setarch", "setpriv", "softlimit", "ssh-agent"),
        *("strace", "su-exec", "systemd-inhibit", "systemd-run", "taskset", "tmux", "torsocks", "unbuffer", "unshare"),
        *("watch",),
    }
)
_EXECUTES = ("-exec", "-execdir", "-ok", "-okdir")


def is_own_shell(invocation: Invocation) -> bool:
    """Whether its scripts are run by the shell that reads the line."""
    return invocation.name in _OWN_SHELL


def scripts(invocation: Invocation) -> Iterator[str]:
    """The command lines among its words."""
    if invocation.name == "eval":
        yield " ".join(invocation.arguments)
    elif invocation.name == "trap":
        yield from invocation.arguments[:1]
    elif invocation.name in _WITH_SCRIPT:
        yield from _given_with_c(invocation.arguments)
    elif invocation.name in _OF_ONE_WORD:
        yield from (word for word in invocation.arguments if " " in word)


def commands(invocation: Invocation) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of each command that it runs, and a doubt where they are not all that the command will get."""
    if invocation.name == "find":
        yield from _of_find(invocation.arguments)
    elif invocation.name in _FROM_INPUT:
        for words in _from_first_name(invocation.arguments):
            doubt = f"what {invocation.name} will hand to {_base(words[0])} is not known before it runs"
            yield (words if "{}" in " ".join(words) else (*words, "{}")), doubt
    elif invocation.name == "chroot":
        for words in _from_first_name(invocation.arguments):
            yield words, "which files chroot's paths lead to is not looked at"
    elif invocation.name in _OTHERS:
        yield from ((words, "") for words in _from_first_name(invocation.arguments))


def _given_with_c(words: tuple[str, ...]) -> Iterator[str]:
    """``-c SCRIPT``, in a cluster too (-lc, -cx) and behind further options (-c -- SCRIPT), ``-cSCRIPT`` of su,
    ``--command SCRIPT``, ``--command=SCRIPT``."""
    awaited = False
    for word in words:
        if awaited:
            yield word
        name, equals, value = word.partition("=")
        if name in ("--command", "--session-command"):
            awaited = not equals
            yield value
        elif word.startswith("-") and not word.startswith("--"):
            awaited = awaited or "c" in word
            yield word.partition("c")[2]
        else:
            awaited = awaited and word == "--"


def _from_first_name(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for position, word in enumerate(words):
        if _base(word) in COMMANDS or _base(word) in PREFIXES or _base(word) in _WITH_SCRIPT:
            yield words[position:]
            return


def _of_find(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for position, word in enumerate(words):
        if word in _EXECUTES:
            own = words[position + 1 :]
            end = next((at for at, each in enumerate(own) if each in (";", "+")), len(own))
            if own[:end]:
                yield own[:end], f"what find will hand to {_base(own[0])} is not known before it runs"


def _base(word: str) -> str:
    return word.rpartition("/")[2]
