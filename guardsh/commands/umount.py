"""umount, mount and fsfreeze (util-linux 2.38): what takes a directory away from the server that works in it.

The kernel refuses to unmount what is in use, so that only umount -l and -f do anything to a running server.
"""

from __future__ import annotations

from guardsh.commands.device_words import on_paths
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Extent, Intent, Invocation, Target

UMOUNT = declare(
    *("-a, --all", "-A, --all-targets", "-c, --no-canonicalize", "-d, --detach-loop", "--fake", "-f, --force"),
    *(
        "-i, --internal-only",
        "-n, --no-mtab",
        "-l, --lazy",
        "-O, --test-opts=LIST",
        "-R, --recursive",
        "-r, --read-only",
    ),
    *("-t, --types=LIST", "-v, --verbose", "-q, --quiet", "-N, --namespace=NS", "-h, --help", "-V, --version"),
)
MOUNT = declare(
    *("-a, --all", "-c, --no-canonicalize", "-f, --fake", "-F, --fork", "-T, --fstab=PATH", "-i, --internal-only"),
    *("-l, --show-labels", "-m, --mkdir[=MODE]", "-n, --no-mtab", "--options-mode=MODE", "--options-source=SOURCE"),
    *("--options-source-force", "-o, --options=LIST", "-O, --test-opts=LIST", "-r, --read-only", "-t, --types=LIST"),
    *("--source=SOURCE", "--target=TARGET", "--target-prefix=PATH", "-v, --verbose", "-w, --rw, --read-write"),
    *("-N, --namespace=NS", "-h, --help", "-V, --version", "-L, --label=LABEL", "-U, --uuid=UUID", "-B, --bind"),
    *("-M, --move", "-R, --rbind", "--make-shared", "--make-slave", "--make-private", "--make-unbindable"),
    *("--make-rshared", "--make-rslave", "--make-rprivate", "--make-runbindable", "-s", "--onlyonce"),
)
FSFREEZE = declare("-f, --freeze", "-u, --unfreeze", "-h, --help", "-V, --version")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Stop whatever runs below a mount point that goes away, is hidden by another one, frozen, or made read-only."""
    if invocation.name == "umount":
        return _umount(read(UMOUNT, invocation.arguments))
    if invocation.name == "mount":
        return _mount(read(MOUNT, invocation.arguments))
    line = read(FSFREEZE, invocation.arguments)
    return () if not line.given("--freeze") else _stop(line.operands, "fsfreeze would freeze the disk of", line)


def _umount(line: CommandLine) -> tuple[Intent, ...]:
    if line.given("--help", "--version", "--fake") or not (
        line.given("--lazy", "--force", "--read-only") or line.doubts
    ):
        return ()
    if line.given("--all"):
        return (Intent(Effect.STOP, (ANY_INSTANCE,), "umount -a would take the disks away from", line.doubts),)
    says = "umount would take the disk away from"
    return (*_stop(line.operands, says, line), *on_paths(Effect.STOP, line.operands, says, line.doubts))


def _mount(line: CommandLine) -> tuple[Intent, ...]:
    if line.given("--help", "--version", "--fake"):
        return ()
    place = line.values("--target")[-1:] or line.operands[-1:]
    options = {option for value in line.values("--options") for option in value.split(",")}
    if "remount" in options:
        read_only = "ro" in options or line.given("--read-only")
        return _stop(place, "mount -o remount,ro would make read-only the disk of", line) if read_only else ()
    if line.given("--move"):
        return _stop(line.operands, "mount --move would move the disk of", line)
    both = len(line.operands) > 1 or line.given("--source", "--label", "--uuid", "--target")
    return _stop(place, "mount would hide the files of", line) if both and place else ()


def _stop(paths: tuple[str, ...], action: str, line: CommandLine) -> tuple[Intent, ...]:
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in paths)
    return (Intent(Effect.STOP, targets, action, line.doubts),) if targets else ()
