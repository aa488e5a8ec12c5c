"""patronictl (Patroni 3.0 to 4.1, patroni/ctl.py): what its command would do to the cluster's members.

The members are on any node, perhaps on this one: what runs here is what it is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping

from guardsh.commands.grammar import Grammar, declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation

PROGRAM = declare("-c, --config-file=FILE", "-d, --dcs-url, --dcs=URL", "-k, --insecure", "--help")
_MEMBER = ("--group=N", "--force", "--help")
COMMANDS: Mapping[str, Grammar] = {
    "demote-cluster": declare(*_MEMBER, "--host=HOST", "--port=PORT", "--restore-command=C", "--primary-slot-name=S"),
    "failover": declare(*_MEMBER, "--leader, --primary, --master=NAME", "--candidate=NAME", "--scheduled=TIME"),
    "pause": declare("--group=N", "--wait", "--help"),
    "promote-cluster": declare(*_MEMBER),
    "reinit": declare(*_MEMBER, "--wait", "--from-leader"),
    "remove": declare("--group=N", "-f, --format=FORMAT", "--help"),
    "restart": declare(
        *(*_MEMBER, "-r, --role=ROLE", "--any", "--scheduled=TIME", "--pg-version=VERSION", "--pending"),
        "--timeout=SECONDS",
    ),
    "switchover": declare(*_MEMBER, "--leader, --primary, --master=NAME", "--candidate=NAME", "--scheduled=TIME"),
}
_CHANGES_ROLES = ((Effect.STOP, "would demote"), (Effect.PROMOTE, "would promote"))
_EFFECTS: Mapping[str, tuple[tuple[Effect, str], ...]] = {
    "demote-cluster": _CHANGES_ROLES,
    "failover": _CHANGES_ROLES,
    "pause": ((Effect.CONFIGURE, "would switch off automatic failover for"),),
    "promote-cluster": _CHANGES_ROLES,
    "reinit": ((Effect.STOP, "would delete a member's data directory and clone it anew, such as that of"),),
    "remove": ((Effect.STOP, "would delete what the cluster's members agree on (leader, configuration) for"),),
    "restart": ((Effect.STOP, "would restart"),),
    "switchover": _CHANGES_ROLES,
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Its other commands read, or change what somebody edits and confirms."""
    program = read(PROGRAM, invocation.arguments, permute=False)
    operands = program.operands
    at = next((at for at, word in enumerate(operands) if word in COMMANDS), 0) if program.doubts else 0
    verb = operands[at] if operands else ""
    if verb not in COMMANDS or program.given("--help"):
        return ()
    line = read(COMMANDS[verb], operands[at + 1 :])
    if line.given("--help"):
        return ()
    doubts = program.doubts + line.doubts
    return tuple(
        Intent(effect, (ANY_INSTANCE,), f"patronictl {verb} {says}", doubts) for effect, says in _EFFECTS[verb]
    )
