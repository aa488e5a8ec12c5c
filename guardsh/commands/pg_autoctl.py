"""pg_autoctl (pg_auto_failover 2.2, src/bin/pg_autoctl/cli_*.c): what its command would do to a node's instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Extent, Intent, Invocation, Target

# Of all its commands together; none of these letters means something else in another of those that matter here.
GRAMMAR = declare(
    *(
        "-D, --pgdata=DIR",
        "-h, --help",
        "-V, --version",
        "-v, --verbose",
        "-q, --quiet",
        "-d, --destroy",
        "-f, --force",
    ),
    *("--formation=NAME", "--group=N", "--monitor=URI", "--hostname=NAME", "--name=NAME", "--pgport=PORT", "--wait=S"),
    *("-p PORT", "-l, --listen=HOST", "-n NAME", "-A, --auth=METHOD", "-U, --username=NAME", "--dbname=NAME"),
    *("--pgctl=PATH", "--pghost=HOST", "--skip-pg-hba", "--pg-hba-lan", "--ssl-self-signed", "--ssl-mode=MODE"),
    *("--ssl-ca-file=F", "--ssl-crl-file=F", "--server-cert=F", "--server-key=F", "--no-ssl", "--run"),
    *("--candidate-priority=N", "--replication-quorum=BOOL", "--maximum-backup-rate=R", "--disable-monitor"),
    *("--node-id=N", "--citus-secondary", "--citus-cluster=NAME", "--allow-failover", "--fast", "--immediate"),
    *("--nodename=NAME", "--nodehost=NAME", "--nodeport=PORT", "--json", "--pg-hba-user=U", "--replication-host=H"),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One effect of a command on the directory it names; ``only_with`` an option, if that is set."""

    effect: Effect
    says: str
    extent: Extent = Extent.INSTANCE
    only_with: str = ""


_DESTROY = (Meaning(Effect.DELETE, "--destroy would delete", Extent.TREE, "--destroy"),)
_CREATE = (Meaning(Effect.OVERWRITE, "would create a cluster in", Extent.TREE),)
_ROLES = (Meaning(Effect.STOP, "would demote"), Meaning(Effect.PROMOTE, "would promote"))
COMMANDS: Mapping[tuple[str, ...], tuple[Meaning, ...]] = {
    **{("drop", what): _DESTROY for what in ("node", "monitor", "postgres")},
    **{("create", what): _CREATE for what in ("coordinator", "monitor", "postgres", "worker")},
    **{("perform", what): _ROLES for what in ("failover", "promotion", "switchover")},
    ("enable", "maintenance"): (Meaning(Effect.STOP, "would stop"),),
    ("stop",): (Meaning(Effect.STOP, "would stop"),),
    ("do", "destroy"): (Meaning(Effect.DELETE, "would delete", Extent.TREE),),
}
_ON_THE_CLUSTER = ("perform",)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without a directory (--pgdata, PGDATA) it does nothing, but for what it asks of the monitor."""
    line = read(GRAMMAR, invocation.arguments)
    path = next((known for known in (line.operands[:2], line.operands[:1]) if known in COMMANDS), None)
    if path is None or line.given("--help", "--version"):
        return ()
    spoken = f"pg_autoctl {' '.join(path)}"
    return tuple(
        Intent(meaning.effect, (target,), f"{spoken} {meaning.says}", line.doubts)
        for meaning in COMMANDS[path]
        if not meaning.only_with or line.given(meaning.only_with) or line.doubts
        for target in _targets(path, meaning, line, invocation)
    )


def _targets(path: tuple[str, ...], meaning: Meaning, line: CommandLine, invocation: Invocation) -> tuple[Target, ...]:
    directory = line.value("--pgdata") or invocation.environment.get("PGDATA")
    if path[0] in _ON_THE_CLUSTER or (directory is None and meaning.effect is Effect.STOP):
        return (ANY_INSTANCE,)
    return (Target(directory, meaning.extent, follow=True),) if directory else ()
