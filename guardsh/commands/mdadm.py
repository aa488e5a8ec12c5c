"""mdadm 4.2 (ReadMe.c): modes that take an array apart, write over its members, or leave it with fewer of them.

Most letters mean another thing in another mode, and many take a value in one of them only. Values need not be told
from devices: what is no path and not called md… names none.
"""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.device_words import on_names
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation

# Every option of `mdadm --MODE --help`, by what it makes of the command.
READS = frozenset(
    {
        *(
            "-h",
            "--help",
            "--help-options",
            "-V",
            "--version",
            "-D",
            "--detail",
            "--detail-platform",
            "-E",
            "--examine",
        ),
        *("-X", "--examine-bitmap", "--examine-badblocks", "-Q", "--query", "-F", "--follow", "--monitor"),
        *("--auto-detect", "-W", "--wait", "--wait-clean", "--udev-rules"),
    }
)
OVERWRITES = frozenset({"--zero-superblock", "-C", "--create", "-B", "--build", "--kill-subarray", "--update-subarray"})
DISMANTLES = frozenset({"-S", "--stop", "-G", "--grow"})
TAKES = frozenset({"--fail", "-f", "--set-faulty", "--remove", "-r"})  # of --manage, like the two that follow
WEAKENS = frozenset({"--replace", "-o", "--readonly"})
ADDS = frozenset({"-a", "--add", "--add-spare", "--add-journal"})
MODES = frozenset({"-A", "--assemble", "-I", "--incremental", "--manage", "--misc"})
FORCES = frozenset({"-f", "--force", "-U", "--update"})  # of --assemble
_KEYWORDS = ("failed", "faulty", "detached", "missing")  # members that do nothing for the array any more
_LETTERS_OF_MODES = "ABCDEFGIQSXhVW"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The first option that names a mode decides; without one it is --manage, and an array comes first."""
    given = tuple(_options(invocation.arguments))
    mode = next((option for option in given if option in READS | OVERWRITES | DISMANTLES | MODES), "--manage")
    devices = tuple(_devices(invocation.arguments))
    if mode in READS:
        return ()
    if mode in OVERWRITES:
        return on_names(Effect.DISMANTLE, devices, f"mdadm {mode} would overwrite")
    if mode in DISMANTLES:
        return _dismantle(mode, devices)
    if mode in ("-I", "--incremental"):
        return _incremental(invocation.arguments)
    if mode in ("-A", "--assemble"):
        forced = any(option in FORCES for option in given)
        return (
            on_names(Effect.DISMANTLE, devices, "mdadm --assemble --force would rewrite the array under")
            if forced
            else ()
        )
    return _manage(invocation.arguments)


def _dismantle(mode: str, devices: tuple[str, ...]) -> tuple[Intent, ...]:
    if mode in ("-G", "--grow"):
        return on_names(Effect.DISMANTLE, devices[:1], "mdadm --grow would reshape the array under")
    if not devices:  # --stop --scan
        return (Intent(Effect.DISMANTLE, (ANY_INSTANCE,), "mdadm --stop --scan would take apart every array, with"),)
    return on_names(Effect.DISMANTLE, devices, "mdadm --stop would take apart the array under")


def _incremental(words: tuple[str, ...]) -> tuple[Intent, ...]:
    """With --fail it takes a member out, by its kernel name too (sda1)."""
    fails = "--fail" in words or any("f" in word for word in words if word.startswith("-") and word[1:2] != "-")
    members = (word for word in words if not word.startswith("-"))
    return on_names(Effect.DISMANTLE, members, "mdadm --incremental --fail would take away") if fails else ()


def _manage(words: tuple[str, ...]) -> tuple[Intent, ...]:
    """What is done to the array, which keeps its data, to members taken from it, and to what is added to it."""
    array, *members = _disposed(words) or [("", "")]
    options = tuple(_options(words))
    weakening = next((option for option in options if option in WEAKENS), None)
    taking = next((option for option in options if option in TAKES), "")
    taken = (name for option, name in members if option in TAKES and name not in _KEYWORDS)
    added = (name for option, name in members if option in ADDS)
    return (
        *(on_names(Effect.STOP, (array[1],), f"mdadm {weakening} would weaken the array under") if weakening else ()),
        *on_names(Effect.DISMANTLE, dict.fromkeys(taken), f"mdadm {taking} would take away"),
        *on_names(Effect.DISMANTLE, added, "mdadm --add would overwrite"),
    )


def _disposed(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each operand with the option before it, which says what becomes of it: the array, then its members, of which
    --fail and --remove take the kernel's names, too (Manage_subdevs, Manage.c)."""
    disposed, option = [], ""
    for word in words:
        if word.startswith("-"):
            given = next(_options((word,)), "")
            option = given if given in TAKES | ADDS | WEAKENS or given == "--re-add" else option
        else:
            disposed.append((option, word))
    return disposed


def _options(words: tuple[str, ...]) -> Iterator[str]:
    """``-Ss`` is -S -s; what follows a letter that is no mode may be its value and says nothing."""
    for word in words:
        if word.startswith("--"):
            yield _unabbreviated(word.partition("=")[0])
        elif word.startswith("-"):
            yield word[:2]
            yield from (f"-{letter}" for letter in word[2:] if letter in _LETTERS_OF_MODES)


def _unabbreviated(option: str) -> str:
    known = sorted(READS | OVERWRITES | DISMANTLES | TAKES | WEAKENS | ADDS | MODES | FORCES)
    meant = [name for name in known if name.startswith(option)] if len(option) > 2 else []
    return option if option in known or not meant else next((name for name in meant if name not in READS), meant[0])


def _devices(words: tuple[str, ...]) -> Iterator[str]:
    for word in words:
        value = word.partition("=")[2] if word.startswith("--") else word
        if value.startswith(("/", "./", "../")) or (value.startswith("md") and not word.startswith("-")):
            yield value
