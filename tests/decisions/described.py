"""Findings from a few words: what each block of a decisions file describes (README.md has the vocabulary)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guardsh.model.backup import Backup
from guardsh.model.data_directory import Contents, ControlFile, ControlState, DataDirectory, Size
from guardsh.model.finding import Findings, Part, Touch
from guardsh.model.instance import (
    Archiver,
    Instance,
    Receiver,
    Replication,
    Role,
    Server,
    Slot,
    Standby,
    State,
    Witness,
)
from guardsh.model.intent import Effect, Emptiness, Extent, Intent, Question, Target, ToolVersion
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Identity, Place
from guardsh.model.storage import Array, Health, Member
from guardsh.model.verdict import Caller

NOW = 1_756_834_020.0  # 2025-09-02 17:27 UTC
DIRECTORY = "/mnt/data/postgresql-14"
SYSTEM_IDENTIFIER = 7_000_000_000_000_000_001
VERSION = ToolVersion("wal-g", "wal-g")

Block = dict[str, Any]

_CALLERS = {
    "at a terminal": Caller(True, "", 0),
    "by an ordinary account": Caller(True, "", 1000),
    "from cron": Caller(False, "no terminal", 0),
    "with --override": Caller(True, "", 0),
    "from cron with --override": Caller(False, "no terminal", 0),
}
_INSTEAD = {
    "aborted restore": (Contents.ABORTED, "24 directories, no files"),
    "incomplete restore": (Contents.INCOMPLETE, "relation files, no pg_control"),
    "restored copy": (Contents.RESTORED, "pg_control and backup_label, no server"),
    "empty directory": (Contents.EMPTY, "no entries"),
    "missing directory": (Contents.ABSENT, "no such directory"),
    "other directory": (Contents.OTHER, "12 entries, none of PostgreSQL's"),
}
_CONTROL = {
    "primary": ControlState.SHUT_DOWN,
    "replica": ControlState.SHUT_DOWN_IN_RECOVERY,
    "recovering": ControlState.IN_ARCHIVE_RECOVERY,
    "unknown": ControlState.IN_PRODUCTION,
}


def findings(block: Block) -> Findings:
    """What a block describes: ``on`` one thing (or each of ``[[decision.on]]``), touched by every effect it lists."""
    described = block["on"] if isinstance(block["on"], list) else [block]
    instances = tuple(instance(each, number) for number, each in enumerate(described))
    intents = tuple(_intent(block, effect) for effect in _list(block.get("effect", "delete")))
    touches = () if block.get("touches") == "nothing" else tuple(zip(described, instances, strict=True))
    return Findings(
        node=Node(block.get("host", "db-01"), instances, Known(_arrays(block), "/proc/mdstat"), NOW),
        intents=intents,
        touches=tuple(tuple(_touch(intent, {**block, **one}, each) for one, each in touches) for intent in intents),
        unseen=tuple(tuple(_list(block.get("unseen", []))) for _ in intents),
        answers=_answers(block),
        backups=tuple((Backup("/mnt/backup/pgbackrest", block["backup"], "its names"),) for _ in intents)
        if "backup" in block
        else (),
    )


def caller(block: Block) -> Caller:
    return _CALLERS[block.get("asked", "at a terminal")]


def instance(described: Block, number: int = 0) -> Instance:
    """``on = "running primary"`` and its figures as an Instance."""
    words = described["on"]
    directory = _directory(described, DIRECTORY if not number else f"{DIRECTORY}-{number + 1}")
    if words in _INSTEAD:
        contents, source = _INSTEAD[words]
        never = Unknown("never started")
        directory = replace(directory, contents=Known(contents, source))
        return Instance(directory, None, Known(State.STOPPED, "no server"), never, (), Unknown("not running"))
    if words == "unreadable directory":
        denied = Unknown("permission denied")
        directory = replace(directory, contents=denied, control=denied, files=denied)
        return Instance(directory, None, Known(State.STOPPED, "no server"), denied, (), denied)
    if words == "unreadable instance":
        silent = Unknown("no answer in 1.0 s")
        return Instance(directory, None, silent, silent, (), silent)
    state, role = words.split()
    server = _server(directory.place) if state in ("running", "starting") else None
    return Instance(
        directory=directory,
        server=server,
        state=Known(State(state), "processes"),
        role=_role(role, server is not None),
        witnesses=(Witness("sql", _role(role, server is not None)),),
        replication=_replication(described, role) if server else Unknown("not running"),
        warnings=tuple(described.get("warnings", ())),
    )


def _directory(described: Block, path: str) -> DataDirectory:
    path = described.get("directory", path)
    role = described["on"].split()[-1] if isinstance(described["on"], str) else "primary"
    control = ControlFile(SYSTEM_IDENTIFIER, 1300, _CONTROL.get(role, ControlState.SHUT_DOWN), int(NOW) - 11_000, 3)
    return DataDirectory(
        place=Place(path, Identity(64, 2)),
        owner=described.get("owner", 26),
        contents=Known(Contents.CLUSTER, "pg_control, base, global"),
        version=Known("14", "PG_VERSION"),
        control=Known(control, "global/pg_control"),
        files=Known(frozenset(_list(described.get("files", []))), "its entries"),
        primary_conninfo=Known(described.get("primary_conninfo", ""), "postgresql.auto.conf"),
        restore_command=Known(described.get("restore_command", ""), "postgresql.conf"),
        size=Known(Size(51_200_000_000_000, 1_400_000, True), "counted"),
        archived=Known(described["archived"], "archive_status")
        if "archived" in described
        else Unknown("not looked at"),
    )


def _server(place: Place) -> Server:
    return Server(
        pid=4711,
        owner=26,
        started=NOW - 11_000,
        directory=place,
        executable="/usr/lib/postgresql/14/bin/postgres",
        directory_argument=place.path,
        configuration_file=None,
        socket_directory="/run/postgresql",
        port=5432,
        titles=("walwriter",),
        suspended=False,
    )


def _role(word: str, live: bool) -> Observed[Role]:
    if word == "unknown":
        return Unknown("no answer in 1.0 s")
    recovery = "true" if word != "primary" else "false"
    source = f"pg_is_in_recovery() = {recovery} on /run/postgresql:5432" if live else "pg_control and signal files"
    return Known(Role(word), source)


def _replication(described: Block, role: str) -> Observed[Replication]:
    standbys = described.get("standbys", 0)
    if standbys == "unknown":
        return Unknown("authentication refused")
    receiver = Receiver("streaming", "db-02", 5432, "", 0.2) if role == "replica" else None
    return Known(
        Replication(
            standbys=Known(
                tuple(Standby(f"db-{n + 2:02}", "10.0.0.2", "streaming", "async", 0) for n in range(standbys)),
                "pg_stat_replication" if standbys else "no walsender",
            ),
            slots=Known(tuple(_slots(described)), "pg_replication_slots"),
            archiver=Known(_archiver(described.get("archive", "working")), "pg_stat_archiver"),
            receiver=Known(receiver, "pg_stat_wal_receiver"),
            clients=Known(described.get("clients", 412), "pg_stat_activity"),
            timeline=Known(3, "pg_control_checkpoint()"),
        ),
        "/run/postgresql:5432",
    )


def _slots(described: Block) -> list[Slot]:
    return [Slot(name, "physical", False, 214_000_000_000) for name in _list(described.get("idle_slots", []))]


def _archiver(state: str) -> Archiver:
    if state == "failing":
        return Archiver("on", True, NOW - 15_000, NOW - 14_400, 1204, 19_000_000_000)
    return Archiver("off" if state == "off" else "on", state != "off", NOW - 60, None, 0, 0)


def _arrays(block: Block) -> tuple[Array, ...]:
    health = block.get("array")
    if health is None:
        return ()
    working = 8 if health == "clean" else 7
    members = tuple(Member(f"nvme{n}n1", n, "in_sync") for n in range(working))
    return (Array("md0", "raid10", Health(health), 8, working, members, None, "", "/proc/mdstat"),)


def _intent(block: Block, effect: str) -> Intent:
    action = block.get("action", {"delete": "rm -rf would delete"}.get(effect, f"the command would {effect}"))
    return Intent(
        effect=Effect(effect),
        targets=(Target(DIRECTORY, Extent.TREE),),
        action=action,
        doubts=tuple(_list(block.get("doubts", []))),
        notes=tuple(_list(block.get("notes", []))),
        remarks=tuple(_list(block.get("remarks", []))),
        questions=tuple(_answers(block)),
    )


def _touch(intent: Intent, described: Block, touched: Instance) -> Touch:
    part = Part[described.get("part", "all").upper()]
    effect = Effect(described["becomes"]) if "becomes" in described else intent.effect
    operands = tuple(_list(described.get("operands", [touched.directory.place.path])))
    places = (touched.directory.place,)
    return Touch(touched, effect, part, operands[:3], described.get("entries", len(operands)), places)


def _answers(block: Block) -> dict[Question, Observed[str]]:
    answers: dict[Question, Observed[str]] = {}
    if "wal-g" in block:
        answers[VERSION] = _answer(block["wal-g"], "wal-g --version")
    if "looks" in block:
        answers[Emptiness(DIRECTORY)] = _answer(block["looks"], f"entries of {DIRECTORY}")
    return answers


def _answer(said: str, source: str) -> Observed[str]:
    return Known(said, source) if said else Unknown("no answer in 1.0 s")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
