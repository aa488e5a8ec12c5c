"""The configuration, read from its files: defaults, the system's, and the operator's own, which only makes stricter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from guardsh.model.intent import Effect
from guardsh.model.policy import Connection, ForbiddenVersion, MoveAside, Policy, Precaution, Standing
from guardsh.model.verdict import Decision
from guardsh.policy import versions
from guardsh.policy.strictness import weaker
from guardsh.policy.table import MisfitError, Table, decision, flag, move_aside, path, paths, seconds, text, unasked
from guardsh.policy.trust import own_text, system_files, system_text

SYSTEM = "/etc/guardsh"
LONGEST_LOOK = 60.0
LONGEST_PATIENCE = 86400.0

_DEFAULTS = os.path.join(os.path.dirname(__file__), "defaults.toml")
_NOT_YOURS = "belongs in the configuration of the system, in /etc/guardsh; remove it here"

# What defaults.toml is laid over: where it should forget something, the strictest holds.
_STRICTEST = Policy(
    verdicts={effect: dict.fromkeys(Standing, Decision.REFUSE) for effect in Effect},
    unattended=dict.fromkeys(Effect, Decision.REFUSE),
    scratch=(),
    data_directories=(),
    connections=(),
    forbidden=(),
    deadline=1.0,
    patience=60.0,
    paint=True,
    audit_file="/var/log/guardsh/audit.jsonl",
    move_aside=MoveAside.ALWAYS,
    snapshots=Precaution.REQUIRE,
    snapshot_deadline=10.0,
)


class ConfigurationError(Exception):
    """The configuration cannot be used; ``problems`` are all that is wrong with it, each with its file."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(system_directory: str = SYSTEM, own: str | None = None, owner: int = 0) -> Policy:
    """The policy in force here. Raises ConfigurationError.

    ``own`` is the operator's file (the standard one where None); ``owner`` is the uid that system files must belong
    to. Files that do not exist say nothing.
    """
    problems: list[str] = []
    policy = builtin()
    for file in system_files(system_directory, owner, problems):
        policy = _layered(policy, file, system_text(file, owner, problems), _apply, problems)
    file = own_file() if own is None else own
    before = policy
    policy = _layered(policy, file, own_text(file, problems), _apply_own, problems)
    problems += [f"{file}: {change}: your own file can only make things stricter" for change in weaker(policy, before)]
    if problems:
        raise ConfigurationError(tuple(problems))
    return policy


def in_force() -> Policy:
    """The policy here; the built-in one where the configuration cannot be used: who decides by it says so (judge)."""
    try:
        return load()
    except ConfigurationError:
        return builtin()


def builtin() -> Policy:
    """The policy where nothing is configured: defaults.toml alone."""
    with open(_DEFAULTS, encoding="utf-8") as file:
        return parse(file.read(), "defaults.toml", _STRICTEST)


def parse(source: str, file: str, before: Policy) -> Policy:
    """The policy that the TOML text of a system file makes of the one before. Raises ConfigurationError."""
    problems: list[str] = []
    policy = _layered(before, file, source, _apply, problems)
    if problems:
        raise ConfigurationError(tuple(problems))
    return policy


def weaker_than_default(policy: Policy) -> tuple[str, ...]:
    """Every setting that lets more through than defaults.toml does, as ``verdicts.delete.live = "notice" …``."""
    return weaker(policy, builtin())


def own_file() -> str:
    """Where the operator's own configuration lies (XDG Base Directory Specification: a relative path is ignored)."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    if not home.startswith("/"):
        home = os.path.expanduser("~/.config")
    return os.path.join(home, "guardsh", "config.toml")


# Layers: what one file makes of the policy before it.


def _layered(
    policy: Policy, file: str, source: str, apply: Callable[[Table, Policy], Policy], problems: list[str]
) -> Policy:
    if not source:
        return policy
    import tomllib

    try:
        values = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file}: not TOML: {str(error)[:1].lower()}{str(error)[1:]}")
        return policy
    document = Table(values, "", file, problems)
    layered = apply(document, policy)
    document.close()
    return replace(layered, sources=(*policy.sources, file))


def _apply_own(document: Table, before: Policy) -> Policy:
    for key in ("instance", "audit"):
        document.forbid(key, _NOT_YOURS)
    after = _apply(document, before)
    return replace(after, connections=before.connections, audit_file=before.audit_file)


def _apply(document: Table, before: Policy) -> Policy:
    verdicts, unattended = document.table("verdicts"), document.table("unattended")
    node, observe, challenge = (document.table(name) for name in ("node", "observe", "challenge"))
    snapshots = document.table("snapshots")
    return Policy(
        verdicts={effect: _row(verdicts.table(key(effect)), before.verdicts[effect]) for effect in Effect},
        unattended={each: unattended.read(key(each), before.unattended[each], unasked) for each in Effect},
        scratch=node.read("scratch", before.scratch, paths),
        data_directories=node.read("data_directories", before.data_directories, paths),
        connections=(*before.connections, *_connections(document)),
        forbidden=(*before.forbidden, *_forbidden(document.table("tools"))),
        deadline=observe.read("deadline", before.deadline, seconds(LONGEST_LOOK)),
        patience=challenge.read("patience", before.patience, seconds(LONGEST_PATIENCE)),
        paint=challenge.read("paint", before.paint, flag),
        audit_file=document.table("audit").read("file", before.audit_file, path),
        move_aside=document.table("undo").read("move_aside", before.move_aside, move_aside),
        snapshots=snapshots.read("before", before.snapshots, _precaution),
        snapshot_deadline=snapshots.read("deadline", before.snapshot_deadline, seconds(LONGEST_LOOK)),
    )


def key(effect: Effect) -> str:
    """An effect as it is written in the configuration."""
    return effect.value.replace(" ", "-")


def _row(table: Table, before: Mapping[Standing, Decision]) -> dict[Standing, Decision]:
    return {standing: table.read(standing.value, before[standing], decision) for standing in Standing}


def _connections(document: Table) -> Iterator[Connection]:
    for block in document.blocks("instance"):
        directory, conninfo = block.require("directory", path), block.require("conninfo", text)
        if directory and conninfo:
            yield Connection(directory, conninfo)


def _forbidden(tools: Table) -> Iterator[ForbiddenVersion]:
    for tool in tools.names():
        for block in tools.table(tool).blocks("forbid"):
            condition, reason = block.require("versions", _condition), block.require("reason", text)
            if condition and reason:
                yield ForbiddenVersion(tool, condition, reason)


def _precaution(value: object) -> Precaution:
    names = [each.value for each in Precaution]
    if value not in names:
        raise MisfitError(f"write {', '.join(names[:-1])} or {names[-1]}")
    return Precaution(value)


def _condition(value: object) -> str:
    condition = text(value)
    try:
        versions.check(condition)
    except ValueError as error:
        raise MisfitError(str(error)) from None
    return condition
