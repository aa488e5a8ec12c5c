"""btrfs (btrfs-progs 6.2): subvolumes deleted, devices taken out or written over."""

from __future__ import annotations

from guardsh.commands.device_words import on_paths
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_GLOBAL = declare("--format=FORMAT", "-v, --verbose", "-q, --quiet", "--log=LEVEL", "--help", "--version")
_DELETE = declare(
    *("-c, --commit-after", "-C, --commit-each", "-i, --subvolid=ID", "-v, --verbose", "-q, --quiet", "--help"),
    *("-R, --recursive", "--delete-qgroup", "--no-delete-qgroup"),
)
_DEVICE = declare("--enqueue", "--force", "-v", "-q", "--help", "-f, --force", "-K, --nodiscard")
_REPLACE = declare("-r", "-f", "-B", "--enqueue", "-K, --nodiscard", "--help")
_RESCUES = frozenset({"zero-log", "clear-uuid-tree", "chunk-recover", "super-recover", "clear-space-cache"})


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Words may be shortened as long as they stay unambiguous (``btrfs sub del``)."""
    line = read(_GLOBAL, invocation.arguments, permute=False)
    if line.given("--help", "--version") or len(line.operands) < 2:
        return ()
    group, verb, rest = line.operands[0], line.operands[1], line.operands[2:]
    if _means(group, "subvolume", 2) and _means(verb, "delete", 1):
        return _delete(read(_DELETE, rest))
    if _means(group, "device", 1) and (_means(verb, "delete", 2) or _means(verb, "remove", 3)):
        return _remove(read(_DEVICE, rest))
    if _means(group, "device", 1) and _means(verb, "add", 1):
        return _overwrite(read(_DEVICE, rest).operands[:-1], "btrfs device add")
    if _means(group, "replace", 3) and _means(verb, "start", 3):
        return _overwrite(read(_REPLACE, rest).operands[1:2], "btrfs replace")
    if group == "check" and {"--repair", "--init-csum-tree", "--init-extent-tree"} & {verb, *rest}:
        return _overwrite((verb, *rest), "btrfs check --repair")
    if _means(group, "rescue", 3) and verb in _RESCUES:
        return _overwrite(rest, f"btrfs rescue {verb}")
    return ()


def _means(word: str, name: str, least: int) -> bool:
    return len(word) >= least and name.startswith(word)


def _delete(line: CommandLine) -> tuple[Intent, ...]:
    """By its id, the subvolume may be any of the file system's."""
    if line.given("--help") or not line.operands:
        return ()
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in line.operands)
    return (Intent(Effect.DELETE, targets, "btrfs subvolume delete would delete", line.doubts),)


def _remove(line: CommandLine) -> tuple[Intent, ...]:
    """The last operand is where the file system is mounted; its data moves to the devices that stay."""
    if line.given("--help") or len(line.operands) < 2:
        return ()
    target = Target(line.operands[-1], Extent.TREE, follow=True)
    return (Intent(Effect.STOP, (target,), "btrfs device remove would take a device away from under", line.doubts),)


def _overwrite(paths: tuple[str, ...], name: str) -> tuple[Intent, ...]:
    return on_paths(Effect.DISMANTLE, (path for path in paths if not path.startswith("-")), f"{name} would overwrite")
