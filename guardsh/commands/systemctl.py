"""systemctl (systemd 219 to 257): what its verb would do to a server, or to the whole node."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands import units
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    *("-h, --help", "--version", "--system", "--user", "--global", "-H, --host=HOST", "-M, --machine=CONTAINER"),
    *("-C, --capsule=NAME", "-t, --type=TYPE", "--state=STATE", "--failed", "-p, --property=NAME", "-P NAME"),
    *("-a, --all", "-l, --full", "-r, --recursive", "--reverse", "--with-dependencies", "--after", "--before"),
    *("--job-mode=MODE", "--fail", "--irreversible", "--ignore-dependencies", "-T, --show-transaction"),
    *("--show-types", "--value", "--check-inhibitors=MODE", "-i, --ignore-inhibitors", "--kill-who, --kill-whom=WHOM"),
    *("--kill-value=INT", "--kill-subgroup=PATH", "-s, --signal=SIGNAL", "--what=RESOURCES", "--now", "--dry-run"),
    *("-q, --quiet", "-v, --verbose", "--no-warn", "-w, --wait", "--no-block", "--no-wall", "--message=TEXT"),
    *("--no-reload", "--legend=BOOL", "--no-legend", "--no-pager", "--no-ask-password", "--runtime", "-f, --force"),
    *("--preset-mode=MODE", "--root=PATH", "--image=PATH", "--image-policy=POLICY", "-n, --lines=INTEGER"),
    *("-o, --output=STRING", "--firmware-setup", "--boot-loader-menu=TIME", "--boot-loader-entry=NAME", "--plain"),
    *("--timestamp=FORMAT", "--read-only", "--mkdir", "--marked", "--when=TIME", "--drop-in=NAME", "--stdin"),
    *("--waiting", "--cat", "--privileged"),
)
_STOPS = ("stop", "condstop", "kill", "freeze")
_STARTS = ("start", "unfreeze")
_RESTARTS = ("restart", "try-restart", "condrestart")
_RELOADS_OR_RESTARTS = (
    *("reload-or-restart", "try-reload-or-restart", "reload-or-try-restart", "force-reload", "condreload"),
)
_WITH_NOW = {"disable": (Effect.STOP,), "mask": (Effect.STOP,), "enable": (Effect.START,),
             "reenable": (Effect.STOP, Effect.START)}  # fmt: skip
_NODE = frozenset(
    {
        *("reboot", "poweroff", "halt", "kexec", "soft-reboot", "rescue", "emergency", "default", "isolate", "exit"),
        *("switch-root", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "sleep"),
    }
)
_TARGETS_OF_NODE = frozenset(
    {
        *("reboot", "poweroff", "halt", "kexec", "soft-reboot", "rescue", "emergency", "shutdown", "final", "umount"),
        *("ctrl-alt-del", "exit", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "sleep"),
        *("runlevel0", "runlevel1", "runlevel6"),
    }
)
_HARMLESS_SIGNALS = ("0", "1", "10", "18", "28", "HUP", "USR1", "CONT", "WINCH")
_HERE = ("localhost", "127.0.0.1", "::1", ".host")
_GRAVE = frozenset({*_STOPS, *_STARTS, *_RESTARTS, *_RELOADS_OR_RESTARTS, *_WITH_NOW, *_NODE, "clean"})


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """What another machine's manager is asked to do is out of sight."""
    line = read(GRAMMAR, invocation.arguments)
    verb = _verb(line)
    if line.given("--help", "--version") or _elsewhere(line):
        return ()
    if verb in _NODE or _starts_a_target_of_the_node(verb, line):
        return _node(verb, line)
    if verb == "clean":
        return _clean(line)
    return tuple(_services(verb, line))


def _verb(line: CommandLine) -> str:
    """The first operand; where an option is not understood, that may be its value, and any grave verb counts."""
    grave = (word for word in line.operands if line.doubts and word in _GRAVE)
    return next(grave, line.operands[0] if line.operands else "")


def _elsewhere(line: CommandLine) -> bool:
    hosts = (*line.values("--host"), *line.values("--machine"))
    return any(host.rpartition("@")[2] not in _HERE for host in hosts)


def _services(verb: str, line: CommandLine) -> Iterator[Intent]:
    named = line.operands if line.doubts else line.operands[1:]
    servers, mounts = units.servers(named), units.mounts(named)
    for effect in _effects(verb, line):
        targets = servers + (mounts if effect is Effect.STOP else ())
        if targets:
            yield Intent(effect, targets, f"systemctl {verb} would {effect.value}", line.doubts)


def _effects(verb: str, line: CommandLine) -> tuple[Effect, ...]:
    """A verb that only looks, or only changes what happens at the next boot, has none."""
    if verb == "kill" and line.value("--signal") in (*_HARMLESS_SIGNALS, *(f"SIG{name}" for name in _HARMLESS_SIGNALS)):
        return ()
    if verb in _STOPS:
        return (Effect.STOP,)
    if verb in _STARTS:
        return (Effect.START,)
    if verb in _RELOADS_OR_RESTARTS and units.support_reload(line.operands[1:]):
        return (Effect.START,)  # of a unit that does not run
    if verb in (*_RESTARTS, *_RELOADS_OR_RESTARTS):
        return (Effect.STOP, Effect.START)
    return _WITH_NOW.get(verb, ()) if line.given("--now") or line.doubts else ()


def _starts_a_target_of_the_node(verb: str, line: CommandLine) -> bool:
    names = (unit.rpartition("/")[2] for unit in line.operands[1:])
    return verb in (*_STARTS, *_RESTARTS, *_RELOADS_OR_RESTARTS) and any(
        name.endswith(".target") and name.removesuffix(".target") in _TARGETS_OF_NODE for name in names
    )


def _node(verb: str, line: CommandLine) -> tuple[Intent, ...]:
    """Not where it is only simulated, where a scheduled one is cancelled or shown, or for a user's own manager."""
    own = line.given("--user") and verb in ("exit", "isolate", "default")
    if not line.doubts and (line.given("--dry-run") or line.value("--when") in ("cancel", "show") or own):
        return ()
    spoken = " ".join(("systemctl", verb, *line.operands[1:2]))
    return (Intent(Effect.REBOOT, (), f"{spoken} would stop everything on this node", line.doubts),)


def _clean(line: CommandLine) -> tuple[Intent, ...]:
    """A service's state lies below /var/lib, in directories that its unit names (systemd.exec(5), StateDirectory=)."""
    what = {part for value in line.values("--what") for part in value.split(",")}
    if not what & {"all", "state"} or not units.servers(line.operands[1:]):
        return ()
    state = Target("/var/lib", Extent.TREE, follow=True)
    return (Intent(Effect.DELETE, (state,), "systemctl clean --what=state would delete", line.doubts),)
