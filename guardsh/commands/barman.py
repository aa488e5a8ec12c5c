"""Barman (3.4 to 3.17, barman/cli.py and barman/clients): what its command would do to a directory or the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target, ToolVersion

PROGRAM = declare(
    *("-h, --help", "-v, --version", "-c, --config=CONFIG", "--color, --colour=WHEN", "--log-level=LEVEL"),
    *("-q, --quiet", "-d, --debug", "-f, --format=FORMAT"),
)
RESTORE = declare(
    *("-h, --help", "--target-tli=TLI", "--target-time=TIME", "--target-xid=XID", "--target-lsn=LSN"),
    *("--target-name=NAME", "--target-immediate", "--exclusive", "--tablespace=NAME:LOCATION"),
    *("--remote-ssh-command=COMMAND", "--bwlimit=KBPS", "--retry-times=N", "--retry-sleep=S", "--no-retry"),
    *("-j, --jobs=N", "--jobs-start-batch-period=S", "--jobs-start-batch-size=N", "--get-wal", "--no-get-wal"),
    *("--network-compression", "--no-network-compression", "--target-action=ACTION", "--standby-mode"),
    *("--recovery-staging-path=PATH", "--local-staging-path=PATH", "--staging-path=PATH", "--staging-location=WHERE"),
    *("--recovery-option-port=PORT", "--recovery-conf-filename=NAME", "--recovery-conf-file=NAME"),
    *("--snapshot-recovery-instance=I", "--snapshot-recovery-zone=Z", "--snapshot-recovery-region=R"),
    *("--gcp-zone=Z", "--azure-resource-group=G", "--aws-region=R", "--combine-mode=MODE", "--delta-restore"),
    "--staging-wal-directory=DIR",
)
KEEP = declare("-h, --help", "-r, --release", "-s, --status", "--target=KIND")
CLOUD_RESTORE = declare(
    *("-V, --version", "--help", "-v, --verbose", "-q, --quiet", "-t, --test", "--cloud-provider=PROVIDER"),
    *("--endpoint-url=URL", "-P, --profile=NAME", "--aws-profile=NAME", "--read-timeout=S", "--tablespace=N:LOCATION"),
    *("--credential, --azure-credential=KIND", "--snapshot-recovery-instance=I", "--snapshot-recovery-zone=Z"),
    *("--aws-region=R", "--gcp-zone=Z", "--azure-resource-group=G", "--target-lsn=L", "--target-time=T"),
    *("--target-tli=T", "--no-partial", "--addressing-style=S"),
)
CLOUD_DELETE = declare(
    *("-V, --version", "--help", "-v, --verbose", "-q, --quiet", "-t, --test", "--cloud-provider=PROVIDER"),
    *("--endpoint-url=URL", "-P, --profile=NAME", "--aws-profile=NAME", "--read-timeout=S"),
    *("--credential, --azure-credential=KIND", "-b, --backup-id=ID", "-m, --minimum-redundancy=N"),
    *("-r, --retention-policy=POLICY", "--dry-run", "--batch-size=N", "--addressing-style=S"),
)
_RESTORES = ("recover", "restore")
_HELP = declare("-h, --help")
_CHECKS = "before 3.15, and with --delta-restore, Barman does not look whether the directory is empty"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without a command, and for help, Barman itself does nothing. Its other commands read, or add to the catalogue."""
    match invocation.name:
        case "barman-cloud-restore":
            return _cloud_restore(read(CLOUD_RESTORE, invocation.arguments), invocation)
        case "barman-cloud-backup-delete":
            return _cloud_delete(read(CLOUD_DELETE, invocation.arguments))
    program = read(PROGRAM, invocation.arguments, permute=False)
    if program.given("--help", "--version"):
        return ()
    verb, words = _verb(program)
    if verb in _RESTORES:
        return _restore(verb, read(RESTORE, words), invocation)
    line = read(KEEP if verb == "keep" else _HELP, words)
    if verb == "delete" and not line.given("--help"):
        return (_expire("barman delete would delete a backup, and WAL that only it needs", line),)
    if verb == "keep" and line.given("--release"):
        return (_expire("barman keep --release would let a kept backup be deleted", line),)
    return ()


def _verb(program: CommandLine) -> tuple[str, tuple[str, ...]]:
    """Where an option is not understood, the word after it may be its value."""
    operands = program.operands
    grave = (at for at, word in enumerate(operands) if word in (*_RESTORES, "delete", "keep"))
    at = next(grave, 0) if program.doubts else 0
    return (operands[at], operands[at + 1 :]) if operands else ("", ())


def _restore(verb: str, line: CommandLine, invocation: Invocation) -> tuple[Intent, ...]:
    """``SERVER BACKUP DIRECTORY``; to another machine where it gets a command that leads there."""
    if line.given("--help") or line.given("--remote-ssh-command"):
        return ()
    return _into(f"barman {verb}", line, invocation, (_CHECKS,))


def _cloud_restore(line: CommandLine, invocation: Invocation) -> tuple[Intent, ...]:
    """``URL SERVER BACKUP DIRECTORY``"""
    if line.given("--help", "--version", "--test"):
        return ()
    return _into("barman-cloud-restore", line, invocation, ())


def _into(spoken: str, line: CommandLine, invocation: Invocation, notes: tuple[str, ...]) -> tuple[Intent, ...]:
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in _directories(line) if path)
    if not targets:
        return ()
    version = ToolVersion(invocation.words[0], "barman")
    action = f"{spoken} would restore a backup into"
    return (Intent(Effect.OVERWRITE, targets, action, line.doubts, notes, (version,)),)


def _directories(line: CommandLine) -> Iterator[str]:
    """The last operand, or any where an option is not understood; and where tablespaces are sent."""
    yield from line.operands if line.doubts else line.operands[2:][-1:]
    yield from (mapping.partition(":")[2] for mapping in line.values("--tablespace"))


def _cloud_delete(line: CommandLine) -> tuple[Intent, ...]:
    if line.given("--help", "--version", "--test", "--dry-run"):
        return ()
    return (_expire("barman-cloud-backup-delete would delete backups and WAL", line),)


def _expire(action: str, line: CommandLine) -> Intent:
    return Intent(Effect.EXPIRE, (), action, line.doubts)
