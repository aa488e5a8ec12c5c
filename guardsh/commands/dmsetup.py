"""dmsetup (device mapper 1.02) and losetup (util-linux 2.38): devices taken away from what uses them."""

from __future__ import annotations

from guardsh.commands.device_words import on_names, on_paths
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation

DMSETUP = declare(
    *("--version", "-h, --help", "-c, -C, --columns", "-v, --verbose", "-f, --force", "--checks", "--manglename=MODE"),
    *("-r, --readonly", "--noopencount", "--noflush", "--nolockfs", "--inactive", "--udevcookie=COOKIE"),
    *("--noudevrules", "--noudevsync", "--verifyudev", "-y, --yes", "--readahead=N", "--retry", "-o, --options=FIELDS"),
    *("-O, --sort=FIELDS", "-S, --select=SELECTION", "--nameprefixes", "--noheadings", "--separator=S", "--deferred"),
    *("-j, --major=N", "-m, --minor=N", "-U, --uid=UID", "-G, --gid=GID", "-M, --mode=MODE", "-u, --uuid=UUID"),
    *("--addnodeonresume", "--addnodeoncreate", "-n, --notable", "--table=TABLE", "--concise", "--setuuid"),
    *("--target=TYPE", "--exec=COMMAND", "--tree", "--showkeys"),
)
LOSETUP = declare(
    *(
        "-a, --all",
        "-d, --detach",
        "-D, --detach-all",
        "-f, --find",
        "-c, --set-capacity=LOOP",
        "-j, --associated=FILE",
    ),
    *("-L, --nooverlap", "-o, --offset=N", "--sizelimit=N", "-b, --sector-size=N", "-P, --partscan", "-r, --read-only"),
    *(
        "--direct-io[=HOW]",
        "--show",
        "-v, --verbose",
        "-J, --json",
        "-l, --list",
        "-n, --noheadings",
        "-O, --output=COLS",
    ),
    *("--output-all", "--raw", "-h, --help", "-V, --version"),
)
_TAKING_AWAY = ("remove", "suspend", "wipe_table", "load", "reload", "clear")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The kernel refuses to remove a mapping in use, unless by force; a loop device goes after its last use."""
    return _losetup(invocation) if invocation.name == "losetup" else _dmsetup(invocation)


def _losetup(invocation: Invocation) -> tuple[Intent, ...]:
    line = read(LOSETUP, invocation.arguments)
    if line.given("--detach-all"):
        return (Intent(Effect.STOP, (ANY_INSTANCE,), "losetup -D could take the disk away from", line.doubts),)
    if not line.given("--detach"):
        return ()
    return on_paths(Effect.STOP, line.operands, "losetup -d would take the disk away from", line.doubts)


def _dmsetup(invocation: Invocation) -> tuple[Intent, ...]:
    line = read(DMSETUP, invocation.arguments)
    if line.given("--help", "--version") or not line.operands:
        return ()
    verb, *names = line.operands
    if verb == "remove_all":
        return (Intent(Effect.STOP, (ANY_INSTANCE,), "dmsetup remove_all could take the disk away from", line.doubts),)
    if verb not in _TAKING_AWAY:
        return ()
    grave = verb == "wipe_table" or line.given("--force")
    names = [*(names if verb in ("remove", "suspend", "wipe_table") else names[:1]), *line.values("--uuid")]
    effect = Effect.DISMANTLE if grave else Effect.STOP
    return on_names(effect, names, f"dmsetup {verb} would take the disk away from", line.doubts)
