"""kill (of bash, dash, procps 4 and util-linux 2.38), skill and killall5: which processes get which signal."""

from __future__ import annotations

from guardsh.commands.signal_names import HARMLESS, named
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation, Signal

_WITH_VALUE = ("-s", "--signal", "-n", "-q", "--queue")
_TWO_VALUES = ("--timeout",)  # util-linux: MILLISECONDS SIGNAL
_ANSWERS = ("-l", "-L", "--list", "--table", "--help", "--version", "-V", "-p", "--pid")
_FLAGS = ("-a", "--all", "--verbose", "-r", "--require-handler", "-d", "--show-process-state")
_OWN_SESSION = ("pgrep", "-s", "0")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Stop the servers among the processes that get a signal which ends or freezes them."""
    if invocation.name == "kill":
        return _kill(invocation.arguments)
    words = invocation.arguments
    signal = next((name for word in words if (name := named(word.removeprefix("-")))), "TERM")
    if signal in HARMLESS or {"-n", "--no-action", "--help", "--version", "-V", *_ANSWERS} & set(words):
        return ()
    if invocation.name == "skill":
        doubt = "which processes skill will find is not known"
        return (Intent(Effect.STOP, (ANY_INSTANCE,), f"skill -{signal} could stop", (doubt,)),)
    return (Intent(Effect.STOP, (ANY_INSTANCE,), f"killall5 -{signal} would stop"),)


def _kill(words: tuple[str, ...]) -> tuple[Intent, ...]:
    signal, operands = _read(words)
    if signal is None or signal in HARMLESS:
        return ()
    if "-1" in operands:
        return (Intent(Effect.STOP, (ANY_INSTANCE,), f"kill -{signal} -1 would stop"),)
    pids = tuple(int(word) for word in operands if word.isascii() and word.isdecimal() and int(word))
    listings = tuple(listing for word in operands if (listing := _listing(word)))
    if not pids and not listings:
        return ()
    action = f"kill -{signal} {' '.join(operands[:3])}{' …' if len(operands) > 3 else ''} would stop"
    doubts = () if signal else ("unknown signal",)
    return (Intent(Effect.STOP, (), action, doubts, signal=Signal(signal, pids, listings)),)


def _read(words: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """The signal (None where none is sent, "" where it is not known), and what it goes to.

    ``kill -9 -1`` is a signal and every process; ``kill -1 9`` is HUP: only the first such word is a signal.
    """
    signal, operands = "TERM", list[str]()
    remaining = iter(words)
    given = False
    for word in remaining:
        if word == "--":
            return signal, [*operands, *remaining]
        if word in _ANSWERS or word.startswith(("-l", "--list=")):
            return None, []
        if word in _TWO_VALUES:
            next(remaining, "")
            signal = next(remaining, "")
        elif word in _WITH_VALUE:
            value = next(remaining, "")
            signal, given = (signal, given) if word in ("-q", "--queue") else (named(value), True)
        elif word.startswith("--signal="):
            signal, given = named(word.partition("=")[2]), True
        elif word.startswith("-") and not given and not operands:
            signal, given = named(word[2:] if word.startswith(("-s", "-n")) and named(word[2:]) else word[1:]), True
        elif word not in _FLAGS:
            operands.append(word)
    return signal, operands


def _listing(word: str) -> tuple[str, ...]:
    """What lists the processes that a word stands for: a group, a job of this shell, or (util-linux) a name.

    0 is the group of the shell itself.
    """
    if word.startswith("-") and word[1:].isdecimal():
        return ("pgrep", "-g", word[1:])
    if word.startswith("%"):
        return _OWN_SESSION
    if word.isdecimal() or not word or word.startswith("-"):
        return ()
    return ("pgrep", "-x", "--", word)
