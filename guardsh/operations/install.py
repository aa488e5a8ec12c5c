"""guardsh install and uninstall: the flow, the same for a node, an image and one account's home.

The manifest is written before the first change and after the last. Whatever kills an installation between, the next
install or uninstall finishes it: every change can be judged, done and undone from any state that it may be in.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from guardsh.operations import diversion, install_manifest
from guardsh.operations.install_changes import Change, Kept, standing, undo_block, undo_file
from guardsh.operations.install_manifest import Record
from guardsh.operations.install_tree import Tree
from guardsh.system import state_place

_UNDO: dict[str, Callable[[Tree, Record], str]] = {
    "block": undo_block,
    "diversion": diversion.undo,
    "file": undo_file,
    "link": undo_file,
}
Say = Callable[[str], None]


def plan(tree: Tree, manifest: str, changes: Sequence[Change], say: Say) -> bool:
    """Say what `install` would do, and do nothing. Whether everything would be done."""
    return len(_possible(tree, install_manifest.read(tree, manifest), changes, say)) == len(changes)


def install(tree: Tree, manifest: str, changes: Sequence[Change], say: Say) -> bool:
    """Make the ``changes``, and undo those of an earlier installation that are not among them.

    Every change is said. What is not ours is left, and said. Returns whether everything could be done. Raises OSError,
    ManifestError, DiversionError; what is done by then is recorded.
    """
    with _alone(tree):
        _tidy(tree, manifest)
        made = tree.missing(manifest)
        before = install_manifest.read(tree, manifest)
        itself = Record("manifest", manifest, (), made).after(before.pop(manifest, None))
        possible = _possible(tree, before, changes, say)
        records = {each.path: _record(tree, each, before) for each in possible}
        install_manifest.write(tree, manifest, {manifest: itself} | before | records)
        for change in possible:
            if change.verb(tree, records[change.path].ours):
                change.do(tree, records[change.path].ours)
        wanted = {change.path for change in changes}
        left = _undo(tree, [each for each in before.values() if each.path not in wanted], say)
        kept = {path: each for path, each in before.items() if path in wanted or each in left}
        settled = {path: _settled(tree, each) for path, each in records.items()}
        install_manifest.write(tree, manifest, {manifest: itself} | kept | settled)
        return not left and len(possible) == len(changes)


def plan_uninstall(tree: Tree, manifest: str, say: Say) -> bool:
    """Say what `uninstall` would look at, and do nothing."""
    for record in reversed(install_manifest.read(tree, manifest).values()):
        if record.path != manifest:
            say(f"undo {record.kind} {record.path}")
    return True


def uninstall(tree: Tree, manifest: str, say: Say) -> bool:
    """Undo what the manifest records, and then the manifest. Returns whether nothing had to be left."""
    with _alone(tree):
        _tidy(tree, manifest)
        if not tree.exists(manifest):
            say("nothing is installed")
            return True
        records = install_manifest.read(tree, manifest)
        itself = records.pop(manifest)
        left = _undo(tree, list(reversed(records.values())), say)
        if left:
            install_manifest.write(tree, manifest, {each.path: each for each in (itself, *left)})
            return False
        tree.remove(manifest, itself.directories)
        return True


def _possible(tree: Tree, before: dict[str, Record], changes: Sequence[Change], say: Say) -> list[Change]:
    """Those that meet nothing foreign, each said unless it is so already."""
    possible = []
    for change in changes:
        known = before.get(change.path)
        try:
            verb = change.verb(tree, known.ours if known else ())
        except Kept as kept:
            say(f"left {change.path}: {kept}")
            continue
        possible.append(change)
        if verb:
            say(f"{verb} {change.path}")
    return possible


def _record(tree: Tree, change: Change, before: dict[str, Record]) -> Record:
    made = replace(change.record(tree), directories=tree.missing(change.path))
    return made.after(before.get(change.path))


def _settled(tree: Tree, record: Record) -> Record:
    """Only what is there now is ours from now on."""
    now = standing(tree, record) if record.kind == "block" else tree.fingerprint(record.path)
    return replace(record, ours=(now,)) if now in record.ours else record


def _undo(tree: Tree, records: Sequence[Record], say: Say) -> list[Record]:
    """Undo each; those that had to be left."""
    left = []
    for record in records:
        try:
            done = _UNDO[record.kind](tree, record)
        except Kept as kept:
            say(f"left {record.path}: {kept}")
            left.append(record)
            continue
        if done:
            say(f"{done} {record.path}")
    return left


def _tidy(tree: Tree, manifest: str) -> None:
    """Remove what an installation leaves that was killed before it had a manifest: nothing else is changed by then."""
    if not tree.exists(manifest):
        tree.remove(manifest, (os.path.dirname(manifest),))


@contextmanager
def _alone(tree: Tree) -> Iterator[None]:
    """Wait for another installation into the same tree. The lock is on the root, so that nothing is left of it."""
    descriptor = os.open(tree.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def start_watcher() -> None:
    """Have systemd read and start the unit, where it runs; a shell's watcher makes way within seconds."""
    if state_place.has_service():
        _systemctl("daemon-reload")
        _systemctl("restart", "--no-block", state_place.UNIT)
        _systemctl("restart", "--no-block", state_place.INSURANCE)


def stop_watcher() -> None:
    """Before its unit is gone."""
    if state_place.has_service():
        _systemctl("stop", state_place.UNIT)
        _systemctl("stop", state_place.INSURANCE)


def _systemctl(*words: str) -> None:
    subprocess.run(["systemctl", *words], check=False)
