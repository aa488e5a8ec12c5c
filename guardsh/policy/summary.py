"""One sentence that says what a command would do, to what."""

from __future__ import annotations

from guardsh.model.backup import Backup
from guardsh.model.data_directory import Contents
from guardsh.model.finding import Part, Touch
from guardsh.model.instance import Instance, Role, State
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Unknown
from guardsh.policy.case import NODE_WIDE, Case, word
from guardsh.policy.standing import is_spared

_ROLES = {Role.PRIMARY: "primary", Role.REPLICA: "replica", Role.RECOVERING: "copy in recovery"}
_INSTEAD = {
    Contents.ABSENT: "a directory that does not exist",
    Contents.EMPTY: "an empty directory",
    Contents.ABORTED: "an aborted restore",
    Contents.INCOMPLETE: "an incomplete copy",
    Contents.RESTORED: "a restored copy that was never started",
    Contents.OTHER: "a directory that is no cluster",
}
_OF = {
    Part.ALL: "the data directory of",
    Part.DATA: "part of the data of",
    Part.WAL: "write-ahead log of",
    Part.TRANSACTIONS: "transaction status of",
    Part.TABLESPACE: "a tablespace of",
    Part.LINK: "a link in the paths of",
    Part.SIGNAL: "a signal file of",
    Part.CONFIGURATION: "configuration of",
    Part.FOREIGN: "a foreign file in the data directory of",
    Part.DISPOSABLE: "disposable files of",
}
# Effects on an instance as a whole, not on its files.
_ON_INSTANCE = frozenset({Effect.START, Effect.STOP, Effect.PROMOTE, Effect.SQL})


def summary(case: Case) -> str:
    """``rm -rf would delete the data directory of a running primary: 14 entries of it, all of its data.``"""
    action = case.intent.action
    if case.backup is not None:
        return _on_backup(action, case.backup)
    if case.touch is None:
        return f"{action} what is not known: {case.unseen}." if case.unseen else f"{action}."
    if case.intent.connection is not None:
        return f"{action} {whom(case.touch.instance)}."
    if case.effect in NODE_WIDE:
        return f"{action}; this node carries {whom(case.touch.instance)}."
    return f"{action} {_member(action, case.touch)}{_object(case.touch)}{_way(case.touch)}."


def whom(instance: Instance) -> str:
    """``a running primary``, ``a crashed replica``, ``an aborted restore``"""
    contents = instance.directory.contents
    if not instance.live and isinstance(contents, Unknown):
        return "what may be a primary"
    if not instance.live and isinstance(contents, Known) and contents.value in _INSTEAD:
        return _INSTEAD[contents.value]
    state = instance.state.value.value if isinstance(instance.state, Known) else State.RUNNING.value
    if isinstance(instance.role, Unknown):
        return f"a {state} instance whose role is not known"
    return f"a {state} {_ROLES[instance.role.value]}"


def _on_backup(action: str, backup: Backup) -> str:
    """``mkfs.ext4 would overwrite backups of pgBackRest: /mnt/backup/pgbackrest (under /mnt/backup).``"""
    return f"{action} {_member(action, backup)}{backup.what}: {backup.path}{_way(backup)}."


def _member(action: str, reached: Touch | Backup) -> str:
    return "" if not is_spared(reached) or action.endswith(" under") else "a device under "


def _way(reached: Touch | Backup) -> str:
    return f" ({reached.how})" if reached.how else ""


def _object(touch: Touch) -> str:
    instance = touch.instance
    if touch.effect in _ON_INSTANCE:
        return whom(instance)
    if touch.part is not Part.ALL:
        return f"{_OF[touch.part]} {whom(instance)}: {_operands(touch)}"
    if word(instance) in {contents.value for contents in _INSTEAD}:
        return whom(instance)
    if touch.effect is not Effect.DELETE:
        return f"{_OF[Part.ALL]} {whom(instance)}"
    entries = f": {touch.count} entries of it" if touch.count > 1 else ""
    return f"{_OF[Part.ALL]} {whom(instance)}{entries}, all of its data"


def _operands(touch: Touch) -> str:
    more = touch.count - len(touch.operands)
    return ", ".join(touch.operands) + (f" and {more} more" if more > 0 else "")
