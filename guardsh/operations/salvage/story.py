"""A salvage, once the server stands still: look, ask, copy, read back, report. The server stays stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardsh.model.figures import count, size
from guardsh.model.salvage import Source
from guardsh.observe.node import host_name
from guardsh.operations.salvage import (
    accident,
    continuing,
    copying,
    evidence,
    hold,
    insured,
    inventory,
    journal,
    question,
    recovery,
    report,
)
from guardsh.operations.salvage.destination import Destination, Refused, shares_file_system
from guardsh.operations.salvage.hold import Held
from guardsh.operations.salvage.inventory import Inventory
from guardsh.operations.salvage.meter import Meter
from guardsh.operations.salvage.question import Wish
from guardsh.operations.salvage.recording import put_on_record
from guardsh.operations.salvage.scene import Scene
from guardsh.screen.plain import safe
from guardsh.system import terminal

SAVED, INCOMPLETE, REFUSED = 0, 1, 77
_SPARE = 16 << 20  # bytes for the journal, the manifest and the report


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of `guardsh salvage`."""

    same_file_system: bool = False
    deleted_only: bool = False
    unasked: bool = False
    as_json: bool = False


def salvage(held: Held, destination: str, wishes: Wishes) -> int:
    """Everything after ``hold.hold``; the exit status."""
    signs = accident.missing(held.accident)
    if not signs:
        return _nothing_missing(held)
    found = inventory.take(held.accident, deleted_only=wishes.deleted_only)
    if held.accident.server is None and not any(source.deleted for source in found.sources):
        return _nothing_open(held)
    seen = evidence.gather(held.accident, found.sources)
    scene = Scene(held, signs, found, seen, os.path.abspath(destination))
    wish, why = _asked(scene, wishes)
    if wish is Wish.CONTINUE:
        return continuing.ask_and_let_go(held)
    put_on_record(held, destination, wish.name.lower() + (f" ({why})" if why else ""), wish is not Wish.QUIT)
    if wish is Wish.QUIT:
        _say(["guardsh: nothing was copied", *_left(held)])
        return REFUSED
    return _save(scene, wishes)


def _asked(scene: Scene, wishes: Wishes) -> tuple[Wish, str]:
    who = terminal.caller()
    lines = ["", *report.laid_out(_found(scene)), ""]
    if wishes.unasked or not who.attended:
        _say(lines)
        return Wish.SALVAGE, "--yes" if wishes.unasked else f"not asked: {who.why}"
    return question.ask(lines)


def _found(scene: Scene) -> list[str]:
    """What is shown before the question."""
    deleted = [source for source in scene.found.sources if source.deleted]
    present = [source for source in scene.found.sources if not source.deleted]
    return [
        *report.standing(scene.held),
        *scene.signs,
        f"Still open although deleted: {_amount(deleted)}. Still present: {_amount(present)}.",
        f"They would be copied to {scene.destination}; nothing is changed where they lie.",
        *recovery.replicas(scene.seen),
        *insured.other_ways(scene.held.accident.directory),
    ]


def _amount(sources: Sequence[Source]) -> str:
    return f"{count(len(sources))} files, {size(sum(source.allocated for source in sources))}"


def _save(scene: Scene, wishes: Wishes) -> int:
    """Everything after the question. Whatever ends it, the server stays stopped, and a second run goes on."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a lost connection ends nothing
    origin = journal.origin_of(scene.held.accident, scene.seen.system_identifier)
    try:
        with Destination(scene.destination) as home:
            _check_file_system(home, scene, wishes)
            with contextlib.closing(journal.Journal(home, origin)) as kept:
                _check_space(home, scene.found, kept, wishes)
                return _concluded(scene, home, kept, _copy(scene.found, home, kept), wishes)
    except Refused as error:
        hints = [f"hint: {error.hint}"] if error.hint else []
        _say([f"guardsh: {error}; nothing was copied", *hints, *_left(scene.held)])
        return REFUSED
    except OSError as error:
        _say([f"guardsh: {_trouble(scene.destination, error)}", *_left(scene.held)])
        return INCOMPLETE


def _copy(found: Inventory, home: Destination, kept: journal.Journal) -> str:
    """Copy, then read back; what stood in the way, or ""."""
    total = sum(source.size for source in found.sources)
    try:
        with _metered("salvage", total, f"salvage to {home.path}") as meter:
            copying.copy_all(found.sources, home, kept, meter.moved)
        with _metered("reading back", total, f"salvage, reading back {home.path}") as meter:
            copying.verify_all(found.sources, home, kept, meter.moved)
    except KeyboardInterrupt:
        return "interrupted"
    except OSError as error:
        return _trouble(home.path, error)
    return ""


def _trouble(destination: str, error: OSError) -> str:
    return f"could not write to {destination}: {(error.strerror or str(error)).lower()}"


def _concluded(scene: Scene, home: Destination, kept: journal.Journal, trouble: str, wishes: Wishes) -> int:
    copies = tuple(kept.copies[each.name] for each in scene.found.sources if each.name in kept.copies)
    outcome = report.Outcome(host_name(), time.time(), scene, copies)
    lines = report.lines(outcome)
    with contextlib.suppress(OSError):  # a full DEST: it is shown all the same
        home.put("REPORT.txt", "\n".join(lines) + "\n")
        home.put("manifest.json", json.dumps(report.manifest(outcome), indent=1) + "\n")
    put_on_record(scene.held, home.path, f"{trouble or 'done'}: {count(len(copies))} files", True)
    with contextlib.suppress(OSError):  # the terminal is gone
        print(json.dumps(report.facts(outcome)) if wishes.as_json else "\n".join(lines), flush=True)
    if trouble:
        _say([f"guardsh: {trouble}; the server stays stopped, and the same command goes on where this one ended"])
    return SAVED if outcome.complete else INCOMPLETE


def _left(held: Held) -> list[str]:
    """How it is left where nothing was copied."""
    return report.laid_out([*report.standing(held), *report.letting_go(held)])


def _check_file_system(home: Destination, scene: Scene, wishes: Wishes) -> None:
    doors = [scene.held.accident.door, *_one_of_each_device(scene.found)]
    if not wishes.same_file_system and shares_file_system(home, doors):
        raise Refused(
            f"{home.path} lies on the file system of what is to be saved, where writing may overwrite what was deleted",
            "name a place on another disk; or, as a last resort, --same-filesystem",
        )


def _one_of_each_device(found: Inventory) -> list[str]:
    return list({source.identity.device: source.door for source in found.sources}.values())


def _check_space(home: Destination, found: Inventory, kept: journal.Journal, wishes: Wishes) -> None:
    """Blocks that are shared take none, but whether they can be is known only when it is tried."""
    needed = sum(min(each.allocated, each.size) for each in found.sources if kept.has(each) is None)
    if not wishes.same_file_system and home.free() < needed + _SPARE:
        less = "" if wishes.deleted_only else "; or only what is lost otherwise: --deleted-only"
        raise Refused(
            f"{home.path} has {size(home.free())} free, and {size(needed)} are to be copied",
            f"name a place with more space{less}",
        )


def _nothing_missing(held: Held) -> int:
    directory = held.accident.directory
    if held.accident.server is None:
        hold.release(held)
        _say([f"guardsh: no server runs in {directory}, and nothing is missing there"])
    elif held.was_held:
        _say([f"guardsh: nothing is missing in {directory}; its server stood still before, and was left so"])
    else:
        hold.release(held)
        _say([f"guardsh: nothing is missing in {directory}; its server was stopped for a moment, and runs on"])
    return REFUSED


def _nothing_open(held: Held) -> int:
    hold.release(held)
    _say(
        [
            f"guardsh: no process has a file of {held.accident.directory} open any more: what was deleted there is not"
            " to be had through the server, and what is still there can be copied with cp"
        ]
    )
    return REFUSED


@contextlib.contextmanager
def _metered(label: str, total: int, what: str) -> Iterator[Meter]:
    meter = Meter(label, total, sys.stderr, what)
    try:
        yield meter
    finally:
        meter.end()


def _say(lines: Sequence[str]) -> None:
    with contextlib.suppress(OSError):  # a terminal that is gone
        sys.stderr.write("".join(f"{safe(line)}\n" for line in lines))
        sys.stderr.flush()
