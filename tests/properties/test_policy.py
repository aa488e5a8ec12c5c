"""Whatever is observed: not knowing never weakens a verdict, nobody to ask never weakens a deletion, and so on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guardsh.model.backup import Backup
from guardsh.model.boot import Assembly, Boot, Job
from guardsh.model.data_directory import Contents, ControlFile, ControlState, DataDirectory
from guardsh.model.finding import Findings, Part, Touch
from guardsh.model.instance import Archiver, Instance, Receiver, Replication, Role, Server, Slot, Standby, State
from guardsh.model.intent import Effect, Emptiness, Extent, Intent, Question, Setting, Target, ToolVersion
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Identity, Place
from guardsh.model.policy import ForbiddenVersion, Policy, Standing
from guardsh.model.storage import Array, Health, Member
from guardsh.model.verdict import Caller, Decision
from guardsh.policy.assess import assess
from guardsh.policy.config import builtin
from guardsh.policy.strictness import weaker

POLICY = replace(builtin(), forbidden=(ForbiddenVersion("wal-g", "<3.0.5", "increments"),))
ATTENDED = Caller(True, "", 1000)
UNATTENDED = Caller(False, "no terminal", 1000)
UNKNOWN = Unknown("no answer in 1.0 s")
DESTROYING = (Effect.DELETE, Effect.OVERWRITE, Effect.REWIND, Effect.DISMANTLE)
QUESTIONS: tuple[Question, ...] = (
    ToolVersion("wal-g", "wal-g"),
    Setting("WALG_USE_REVERSE_UNPACK", ("/home/x/.walg.json",)),
    Emptiness("/data"),
    Emptiness("/data", resolve=False),
)
ANSWERS = {
    ToolVersion: ("wal-g version v3.0.1", "wal-g version v3.0.7", "wal-g version devel"),
    Setting: ("", "true", "false"),
    Emptiness: ("empty", "not empty"),
}


def observed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Observed[Any]]:
    return st.one_of(st.builds(Known, values, st.just("seen")), st.just(UNKNOWN))


standby = st.builds(Standby, st.just("db-02"), st.just("local"), st.just("streaming"), st.just("async"), st.just(0))
archiver = st.builds(
    Archiver,
    mode=st.sampled_from(["off", "on"]),
    configured=st.booleans(),
    last_archived=st.none(),
    failing_since=st.sampled_from([None, 1000.0]),
    waiting=st.sampled_from([None, 3]),
    waiting_bytes=st.none(),
)
replication = st.builds(
    Replication,
    standbys=observed(st.lists(standby, max_size=2).map(tuple)),
    slots=observed(st.just((Slot("db_02", "physical", False, 9),))),
    archiver=observed(archiver),
    receiver=observed(st.sampled_from([None, Receiver("streaming", "db-01", 5432, "", 0.1)])),
    clients=observed(st.just(3)),
    timeline=observed(st.just(2)),
)
directories = st.builds(
    DataDirectory,
    place=st.sampled_from(["/data", "/tmp/data", "/srv/data"]).map(lambda path: Place(path, Identity(1, 2))),
    owner=st.sampled_from([26, 1000]),
    contents=observed(st.sampled_from(Contents)),
    version=observed(st.just("15")),
    control=observed(st.just(ControlFile(7, 1300, ControlState.IN_PRODUCTION, 900, 1))),
    files=observed(st.sets(st.sampled_from(["standby.signal", "recovery.signal", "recovery.conf"])).map(frozenset)),
    primary_conninfo=observed(st.sampled_from(["", "host=db-01"])),
    restore_command=observed(st.sampled_from(["", "wal-g wal-fetch %f %p"])),
    archived=observed(st.booleans()),
    writers=st.sampled_from([(), (17,)]),
)
SERVER = Server(1, 26, 900.0, None, None, None, None, None, None, (), False)
instances = st.builds(
    Instance,
    directory=directories,
    server=st.sampled_from([None, SERVER]),
    state=observed(st.sampled_from(State)),
    role=observed(st.sampled_from(Role)),
    witnesses=st.just(()),
    replication=observed(replication),
    warnings=st.sampled_from([(), ("standby.signal beside a running primary",)]),
)

MEMBERS = (Member("sda1", 0, "in_sync"), Member("sdb1", 1, "missing"))
arrays = st.lists(
    st.builds(
        Array,
        name=st.just("md0"),
        level=st.just("raid1"),
        health=st.sampled_from(Health),
        expected=st.just(2),
        working=st.sampled_from([1, 2]),
        members=st.just(MEMBERS),
        progress=st.just(None),
        read_only=st.just(""),
        source=st.just("/proc/mdstat"),
        doubts=st.sampled_from([(), ("could not read /sys/block/md0/md/level",)]),
    ),
    max_size=1,
).map(tuple)
BACKUP = Backup("/mnt/backup", "backups of wal-g", "its names")
boots = st.builds(
    Boot,
    assemblies=st.just((Assembly("md0", doubts=("no answer in 1.0 s",)),)),
    jobs=observed(st.sampled_from([(), (Job(7, "pg_rewind"),)])),
    by_hand=observed(st.sampled_from([(), ("/mnt/data",)])),
)


@st.composite
def findings(draw: st.DrawFn, most: int = 2) -> Findings:
    effects = draw(st.lists(st.sampled_from(Effect), min_size=1, max_size=most))
    found = draw(st.lists(instances, min_size=2 - most, max_size=most))
    touches = tuple(tuple(_touch(each, effect, draw(st.sampled_from(Part))) for each in found) for effect in effects)
    questions = tuple(draw(st.lists(st.sampled_from(QUESTIONS), unique=True)))
    return Findings(
        node=Node("db-01", tuple(found), draw(observed(arrays)), 1000.0, draw(st.one_of(st.none(), boots))),
        intents=tuple(_intent(effect, questions, draw(st.sampled_from([(), ("unknown verb",)]))) for effect in effects),
        touches=touches,
        unseen=tuple(tuple(draw(st.lists(st.just("could not look"), max_size=1))) for _ in effects),
        answers={each: draw(observed(st.sampled_from(ANSWERS[type(each)]))) for each in questions},
        backups=tuple(tuple(draw(st.lists(st.just(BACKUP), max_size=1))) for _ in effects),
    )


def _intent(effect: Effect, questions: tuple[Question, ...], doubts: tuple[str, ...]) -> Intent:
    return Intent(effect, (Target("/data", Extent.TREE),), "x would y", doubts, (), questions)


def _touch(instance: Instance, effect: Effect, part: Part) -> Touch:
    return Touch(instance, BECOMES.get((part, effect), effect), part, ("/data",), 1, (instance.directory.place,))


BECOMES = {
    (Part.SIGNAL, Effect.DELETE): Effect.SIGNAL_FILE,
    (Part.CONFIGURATION, Effect.DELETE): Effect.CONFIGURE,
    (Part.FOREIGN, Effect.OVERWRITE): Effect.CONFIGURE,
}


# Each observation of a finding, replaced by Unknown, one at a time.


def blinded(value: Any) -> Iterator[tuple[str, Any]]:
    """Every version of a value in which one observation below it is unknown, with the name of its field."""
    for name, part, put in _parts(value):
        if isinstance(part, Known):
            yield name, put(UNKNOWN)
        for below, changed in blinded(part):
            yield below, put(changed)


def _parts(value: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        for n, part in enumerate(value):
            yield "", part, lambda new, n=n: (*value[:n], new, *value[n + 1 :])
    elif isinstance(value, dict):
        for key, part in value.items():
            yield type(key).__name__, part, lambda new, key=key: {**value, key: new}
    elif dataclasses.is_dataclass(value) and not isinstance(value, (type, Question)):
        for field in dataclasses.fields(value):
            yield field.name, getattr(value, field.name), lambda new, name=field.name: replace(value, **{name: new})


def decision(found: Findings, caller: Caller = ATTENDED, policy: Policy = POLICY) -> Decision:
    return assess(found, caller, policy).decision


@settings(max_examples=400)
@given(findings(most=1), st.sampled_from([ATTENDED, UNATTENDED]))
def test_not_knowing_never_weakens(found: Findings, caller: Caller) -> None:
    before = decision(found, caller)
    for name, less in blinded(found):
        after = decision(less, caller)
        # Where standbys cannot be seen, a refusal as the only copy becomes a question that says so.
        least = min(before, Decision.CHALLENGE) if name in ABOUT_STANDBYS and caller.attended else before
        assert after >= least, (name, before, after)


ABOUT_STANDBYS = ("replication", "standbys", "control")


@given(findings())
def test_nobody_to_ask_never_weakens_a_deletion(found: Findings) -> None:
    only = replace(found, intents=tuple(replace(intent, effect=Effect.DELETE) for intent in found.intents))
    only = replace(only, touches=tuple(tuple(replace(t, effect=Effect.DELETE) for t in each) for each in only.touches))
    assert decision(only, UNATTENDED) >= decision(only, ATTENDED)
    assert decision(only, UNATTENDED) is not Decision.CHALLENGE


@given(findings())
def test_nothing_that_destroys_passes_unattended_what_would_be_asked(found: Findings) -> None:
    verdict = assess(found, UNATTENDED, POLICY)
    effects = {touch.effect for touches in found.touches for touch in touches}
    if decision(found) >= Decision.CHALLENGE and effects and effects <= set(DESTROYING):
        assert verdict.decision is not Decision.ALLOW


@given(findings())
def test_an_override_changes_only_a_refusal_and_into_a_question(found: Findings) -> None:
    plain, meant = assess(found, ATTENDED, POLICY), assess(found, ATTENDED, POLICY, override=True)
    assert meant.decision is min(plain.decision, Decision.CHALLENGE)
    if plain.decision is not Decision.REFUSE:
        assert meant == plain


@given(findings(), st.sampled_from([ATTENDED, UNATTENDED]))
def test_a_challenge_has_a_phrase_and_every_verdict_its_reasons(found: Findings, caller: Caller) -> None:
    verdict = assess(found, caller, POLICY)
    if verdict.decision >= Decision.CHALLENGE:
        assert verdict.phrase.startswith("db-01 ")
    if verdict.decision > Decision.ALLOW:
        assert verdict.reasons and verdict.summary
    assert not (verdict.unattended and caller.attended)
    assert caller.attended or verdict.decision is not Decision.CHALLENGE


cells = st.dictionaries(
    st.tuples(st.sampled_from(Effect), st.sampled_from(Standing)), st.sampled_from(Decision), max_size=8
)


@given(findings(), cells, st.sampled_from([ATTENDED, UNATTENDED]))
def test_a_stricter_policy_never_weakens(
    found: Findings, changes: dict[tuple[Effect, Standing], Decision], caller: Caller
) -> None:
    stricter = replace(
        POLICY,
        verdicts={
            effect: {standing: max(before, changes.get((effect, standing), before)) for standing, before in row.items()}
            for effect, row in POLICY.verdicts.items()
        },
        unattended=dict.fromkeys(Effect, Decision.REFUSE) if changes else POLICY.unattended,
        scratch=(),
    )
    assert not weaker(stricter, POLICY)
    assert decision(found, caller, stricter) >= decision(found, caller)
