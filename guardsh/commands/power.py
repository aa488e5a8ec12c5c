"""Programs that take the whole machine down: systemd 252's and sysvinit 3.06's, and kexec (kexec-tools 2.0.25)."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

SHUTDOWN = declare(
    *("--help", "-H, --halt", "-P, --poweroff", "-r, --reboot", "-h", "-k", "--no-wall", "-c", "--show"),
    *("-a", "-f", "-F", "-n", "-q", "-Q", "-t SECONDS"),  # sysvinit's
)
HALT = declare(
    *("--help", "--halt", "-p, --poweroff", "--reboot", "-f, --force", "-w, --wtmp-only", "-d, --no-wtmp", "--no-wall"),
    *("-n, --no-sync", "-i", "-h", "-q"),  # sysvinit's
)
_DOES = {
    "halt": "halt this machine",
    "poweroff": "power this machine off",
    "reboot": "reboot this machine",
    "shutdown": "shut this machine down",
    "0": "power this machine off",
    "6": "reboot this machine",
}
_RESCUE = frozenset({"1", "s", "S", "single", "rescue", "emergency"})
_INIT = declare("-a", "-s", "-b", "-e VARIABLE", "-t SECONDS", "-z XXX", "--help", "--no-wall", "--version")
_KEXEC_ONLY_PREPARES = frozenset(
    {
        *("-l", "--load", "-p", "--load-panic", "-u", "--unload", "-S", "--status", "-h", "--help", "-v", "--version"),
        *("--print-ckr-size", "-K", "--load-live-update"),
    }
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Reboot, of the whole node: no targets."""
    does = _does(invocation.name, invocation.arguments)
    return (Intent(Effect.REBOOT, (), f"{invocation.name} would {does}"),) if does else ()


def _does(name: str, words: tuple[str, ...]) -> str | None:
    if name in ("init", "telinit"):
        return _change_of_runlevel(words)
    if name == "kexec":
        return _kexec(words)
    if name == "shutdown":
        return _shutdown(words)
    line = read(HALT, words)
    return None if line.given("--help", "--wtmp-only") else _DOES[name]


def _shutdown(words: tuple[str, ...]) -> str | None:
    """Without a time systemd's is in one minute, and sysvinit's complains; -k only warns, -c cancels."""
    line = read(SHUTDOWN, words)
    if line.given("--help", "-k", "-c", "--show"):
        return None
    for option, does in (("--reboot", "reboot"), ("--halt", "halt")):
        if line.given(option):
            return _DOES[does]
    return _DOES["shutdown"]


def _change_of_runlevel(words: tuple[str, ...]) -> str | None:
    """3 and 5 are where the machine is; q reads inittab again."""
    level = next(iter(read(_INIT, words).operands), "")
    return "take this machine to rescue mode" if level in _RESCUE else _DOES.get(level)


def _kexec(words: tuple[str, ...]) -> str | None:
    """Without an option it loads the kernel and calls shutdown; -f loads and jumps at once; -e jumps."""
    jumps = any(word in ("-e", "--exec", "-f", "--force") for word in words)
    prepares = any(word.partition("=")[0] in _KEXEC_ONLY_PREPARES for word in words)
    return _DOES["reboot"] if words and (jumps or not prepares) else None
