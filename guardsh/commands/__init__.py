"""The guarded commands: a name, and the module that reads its words. Light: the fast path looks names up here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from guardsh.model.intent import Intent, Invocation

# By name, so that a look-up imports nothing. Each module has ``understand(invocation) -> tuple[Intent, ...]``.
COMMANDS = {
    "pg_basebackup": "guardsh.commands.pg_basebackup",
    "pg_ctl": "guardsh.commands.pg_ctl",
    "rm": "guardsh.commands.rm",
    "wal-g": "guardsh.commands.wal_g",
}

# Those that get a shim on PATH (shell-integrations/prefilter.sh knows how to let each pass).
SHIMMED = frozenset({"pg_basebackup", "pg_ctl", "rm", "wal-g"})

# Programs that run the command in their words; guardsh.commands.prefixes knows the options of each.
PREFIXES = frozenset(
    {
        *("chrt", "command", "doas", "env", "exec", "flock", "ionice", "nice", "nohup"),
        *("runuser", "setsid", "stdbuf", "sudo", "taskset", "time", "timeout"),
    }
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """What the command would do; empty where it is not guarded, or certainly does nothing to an instance."""
    module = COMMANDS.get(invocation.name)
    if module is None:
        return ()
    from importlib import import_module

    intents: tuple[Intent, ...] = import_module(module).understand(invocation)
    return intents
