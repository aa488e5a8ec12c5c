"""Programs that run commands which are not simply their last words: sh -c, su -c, eval, xargs, find -exec."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands import ACCOUNTS, COMMANDS, PREFIXES
from guardsh.model.intent import Invocation

_SHELLS = frozenset({"ash", "bash", "dash", "fish", "ksh", "mksh", "sh", "zsh"})
_WITH_SCRIPT = _SHELLS | {"flock", "runuser", "script", "su"}
_OWN_SHELL = ("eval", "trap")
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
        *("numactl", "perf", "pkexec", "prlimit", "rlwrap", "setarch", "setpriv", "softlimit", "ssh-agent", "strace"),
        *("su-exec", "systemd-inhibit", "systemd-run", "taskset", "torsocks", "unbuffer", "unshare", "watch"),
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
    elif invocation.name == "watch":
        yield from (word for word in invocation.arguments if " " in word)


def commands(invocation: Invocation) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of each command that it runs, and a doubt where they are not all that the command will get."""
    if invocation.name == "find":
        yield from _of_find(invocation.arguments)
    elif invocation.name in _FROM_INPUT:
        for words in _from_first_name(invocation.arguments):
            yield words, f"what {invocation.name} will hand to {_base(words[0])} is not known before it runs"
    elif invocation.name == "chroot":
        for words in _from_first_name(invocation.arguments):
            yield words, "which files chroot's paths lead to is not looked at"
    elif invocation.name in _OTHERS:
        yield from ((words, "") for words in _from_first_name(invocation.arguments))


def _given_with_c(words: tuple[str, ...]) -> Iterator[str]:
    """``-c SCRIPT``, in a cluster too (-lc), ``--command SCRIPT``, ``--command=SCRIPT``."""
    for option, value in zip(words, (*words[1:], ""), strict=True):
        if option in ("--command", "--session-command") or (
            option.startswith("-") and not option.startswith("--") and option.endswith("c")
        ):
            yield value
        elif option.startswith(("--command=", "--session-command=")):
            yield option.partition("=")[2]


def _from_first_name(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for position, word in enumerate(words):
        name = "" if word in ACCOUNTS else _base(word)
        if name in COMMANDS or name in PREFIXES or name in _WITH_SCRIPT:
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
