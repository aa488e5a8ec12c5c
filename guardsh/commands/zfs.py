"""zfs and zpool (OpenZFS 2.1, cmd/zfs/zfs_main.c and cmd/zpool/zpool_main.c): what destroys a dataset, or goes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guardsh.commands.device_words import on_names
from guardsh.commands.grammar import Grammar, declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation


@dataclass(frozen=True, slots=True)
class Verb:
    """What a subcommand does; ``only_with`` one of these options, if any."""

    effect: Effect
    says: str
    options: Grammar
    only_with: tuple[str, ...] = ()
    everything: str | None = None  # the option that needs no name


_ZFS = {
    "destroy": Verb(Effect.DISMANTLE, "would destroy", declare("-f", "-n", "-p", "-r", "-R", "-v", "-d")),
    "rollback": Verb(Effect.REWIND, "would roll back", declare("-R", "-f", "-r")),
    "receive": Verb(
        Effect.REWIND,
        "would roll back and overwrite",
        declare("-v", "-s", "-n", "-h", "-M", "-F", "-u", "-A", "-d", "-e", "-o PROPERTY", "-x PROPERTY", "-c"),
        only_with=("-F",),
    ),
    "unmount": Verb(Effect.STOP, "would take the disk away from", declare("-f", "-a", "-u"), ("-f",), "-a"),
}
_ZPOOL = {
    "destroy": Verb(Effect.DISMANTLE, "would destroy", declare("-f")),
    "labelclear": Verb(Effect.DISMANTLE, "would take the label off the disk under", declare("-f")),
    "create": Verb(
        Effect.DISMANTLE,
        "would overwrite",
        declare("-f", "-n", "-d", "-o P", "-O P", "-m MOUNT", "-R ROOT", "-t NAME"),
    ),
    "add": Verb(Effect.DISMANTLE, "would overwrite", declare("-f", "-g", "-L", "-n", "-P", "-o P")),
    "remove": Verb(Effect.STOP, "would take devices away from under", declare("-n", "-p", "-s", "-w")),
    "offline": Verb(Effect.STOP, "would take a device away from under", declare("-f", "-t")),
    "detach": Verb(Effect.STOP, "would take a device away from under", declare()),
    "split": Verb(Effect.STOP, "would split the pool under", declare("-g", "-L", "-l", "-n", "-P", "-R ROOT", "-o P")),
    "export": Verb(Effect.STOP, "would take the disk away from", declare("-a", "-f"), (), "-a"),
}
_ALIASES = {"recv": "receive", "umount": "unmount"}
_VDEVS = ("mirror", "raidz", "draid", "spare", "log", "cache", "special", "dedup")  # zpoolconcepts(7)
_VERBS: Mapping[str, Mapping[str, Verb]] = {"zfs": _ZFS, "zpool": _ZPOOL}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """A dry run (-n) does nothing. A snapshot or bookmark is not the data, unless its clones go too (destroy -R)."""
    name, words = invocation.name, _from_verb(invocation.arguments)
    word = _ALIASES.get(words[0], words[0]) if words else ""
    verb = _VERBS[name].get(word)
    if verb is None:
        return ()
    line = read(verb.options, words[1:])
    if line.given("-n") or (verb.only_with and not line.given(*verb.only_with) and not line.doubts):
        return ()
    action = f"{name} {word} {verb.says}"
    if verb.everything and line.given(verb.everything):
        return (Intent(verb.effect, (ANY_INSTANCE,), action, line.doubts),)
    if name == "zpool":
        names = line.operands[:1]
        if word in ("create", "add"):
            names = tuple(each for each in line.operands[1:] if each.rstrip("0123456789:dcs") not in _VDEVS)
    else:
        names = tuple(each for each in line.operands if word != "destroy" or line.given("-R") or not _is_kept(each))
    return on_names(verb.effect, (_dataset(each) for each in names), action, line.doubts)


def _from_verb(words: tuple[str, ...]) -> tuple[str, ...]:
    """Neither takes options before it; a later version may."""
    return words[next((at for at, word in enumerate(words) if not word.startswith("-")), len(words)) :]


def _is_kept(name: str) -> bool:
    return "@" in name or "#" in name


def _dataset(name: str) -> str:
    return name.partition("@")[0].partition("#")[0]
