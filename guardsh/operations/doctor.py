"""guardsh doctor: what is caught on this machine, proven, and what is not in order."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

from guardsh.commands import SHIMMED
from guardsh.model import node_state
from guardsh.operations import doctor_probes, doctor_shells, install_login, install_manifest, login_shield
from guardsh.operations.doctor_probes import ARGUMENTS, PAST_PATH, Probe
from guardsh.operations.install_manifest import Record
from guardsh.operations.install_plan import NODE, Places, of_account
from guardsh.operations.install_tree import Tree
from guardsh.system import program, state_place
from guardsh.system.state_place import UNIT

# Typed, only the line hook can see these. The last is the incident's own.
_TYPED = {
    "/path/rm": "/path/rm -rf {bait}",
    "env -i rm": "env -i rm -rf {bait}",
    "sudo /path/rm": "sudo /path/rm -rf {bait}",
    "sudo time /path/rm | tee": "sudo time /path/rm -rf {bait} 2>&1 | tee /dev/null",
}
_PERMITTED = 86  # guardsh/__main__.py


class Outcome(Enum):
    WELL = "well"
    OPEN = "open"  # not caught, and it could not be by what is installed
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """``net`` is what has caught a spelling: shim, diversion, line hook. ``remedy`` says what to do."""

    outcome: Outcome
    what: str
    found: str
    net: str = ""
    remedy: str = ""


def examine() -> Iterator[Check]:
    """Every check, the quick ones first. Raises ManifestError.

    What is tried is tried with the names that can be, without harm; all shims are one file.
    """
    yield from condition()
    names = {name: real for name in ARGUMENTS if (real := _real(name))}
    yield from hooks(names.get("rm", ""))
    yield from _spellings(names)


def condition() -> Iterator[Check]:
    """What was installed is there, unharmed, in the way, and alive; nothing is tried."""
    installed = [(places, records) for places in _installations() if (records := _records(places))]
    if not installed:
        yield Check(Outcome.WRONG, "installation", "nothing is installed", remedy="guardsh install, or install --user")
    for places, records in installed:
        yield from _parts(places, records)
    if installed:
        yield _watcher(state_place.to_read(os.environ))
    if group := install_login.named(Tree(), NODE.lib):
        yield _login_shield(group)
    yield from (_first_on_path(name) for name in sorted(SHIMMED) if _real(name))


def _installations() -> tuple[Places, Places]:
    return NODE, of_account(os.path.expanduser("~"))


def _records(places: Places) -> list[Record]:
    return [each for each in install_manifest.read(Tree(), places.manifest).values() if each.kind != "manifest"]


# what was installed


def _parts(places: Places, records: Sequence[Record]) -> Iterator[Check]:
    broken = [check for record in records if (check := _part(record, owner=os.geteuid() if places.home else 0))]
    yield from broken
    if not broken:
        yield Check(Outcome.WELL, "installation", f"{len(records)} changes as recorded in {places.manifest}")
    yield from _engine(places)


def _part(record: Record, owner: int) -> Check | None:
    """What is wrong with one change, if anything."""
    tree = Tree()
    wrong, remedy = "", "guardsh install"
    if not tree.exists(record.path):
        wrong = "is gone"
    elif record.kind == "block":
        found = tree.read(record.path).decode(errors="replace")
        wrong = "" if any(each in found for each in record.ours) else "has lost its lines"
    elif tree.fingerprint(record.path) not in record.ours:
        wrong, remedy = "was changed since", f"look at {record.path}; remove it, and guardsh install"
    elif record.kind == "diversion" and not tree.executable(record.path + os.fsdecode(program.ASIDE)):
        wrong, remedy = "stands before a program that is gone", "guardsh uninstall takes it away"
    elif record.kind != "link" and _writable_by_others(record.path, owner):
        wrong, remedy = "may be written by others", f"chown and chmod {record.path} and its directory"
    return Check(Outcome.WRONG, record.path, wrong, remedy=remedy) if wrong else None


def _writable_by_others(path: str, owner: int) -> bool:
    found, above = os.stat(path), os.stat(os.path.dirname(path))
    foreign = {found.st_uid, above.st_uid} - {0, owner}
    return bool(foreign or found.st_mode & (stat.S_IWOTH | stat.S_IWGRP) or above.st_mode & stat.S_IWOTH)


def _engine(places: Places) -> Iterator[Check]:
    """Whether a shim finds guardsh and its interpreter."""
    shim = f"{places.bin}/rm"
    try:
        with open(shim) as file:
            path = file.read(4096).splitlines()[1].partition("=")[2].strip("'")
        asked = [path, "permit", "--", "rm", "/"]
        ended = subprocess.run(asked, capture_output=True, check=False, timeout=30).returncode
    except (OSError, IndexError, subprocess.TimeoutExpired) as error:
        yield Check(Outcome.WRONG, "guardsh", f"does not start: {error}", remedy="install guardsh again")
        return
    if ended != _PERMITTED:
        yield Check(Outcome.WRONG, "guardsh", f"{path} ends with {ended}", remedy="install guardsh again")


def _watcher(path: str) -> Check:
    remedy = f"systemctl restart {UNIT}" if state_place.has_service() else "guardsh watch --background"
    try:
        age, wrong = _age(path)
    except OSError as error:
        age, wrong = 0.0, f"no state: {path}: {error.strerror}"
    if wrong or age > node_state.TTL:
        return Check(Outcome.WRONG, "watcher", wrong or f"dead for {age:.0f} s", remedy=remedy)
    return Check(Outcome.WELL, "watcher", f"its state is {max(age, 0.0):.0f} s old")


def _login_shield(group: str) -> Check:
    """Whether the login shells of this group's accounts become shielded ones, as far as this account can tell."""
    if wrong := install_login.outdated(Tree(), NODE.lib):
        return Check(Outcome.WRONG, "login shield", wrong, remedy="guardsh install --login-shield GROUP")
    said = login_shield.tried(os.getpid())
    if login_shield.works(said):
        return Check(Outcome.WELL, "login shield", f"of the group {group}")
    return Check(Outcome.WRONG, "login shield", said, remedy="guardsh install --no-login-shield")


def _age(path: str) -> tuple[float, str]:
    """Of the state in seconds, and why no prompt believes it. Raises OSError."""
    with open(path) as file:
        owner = os.fstat(file.fileno()).st_uid
        state = node_state.parse(file.read(node_state.LONGEST + 1).rstrip("\n"))
    if owner not in (0, os.geteuid()):
        return 0.0, f"{path} belongs to another account"
    return (time.time() - state.written, "") if state else (0.0, f"{path} is not a state")


# what is caught


def _real(name: str) -> str:
    """The path at which the real program is called, diverted or not; empty where there is none on this machine."""
    found = program.find(os.fsencode(name))
    missing = found is None or b"guardsh run" in _beginning(found)
    return "" if missing or found is None else os.fsdecode(found.removesuffix(program.ASIDE))


def _beginning(path: bytes) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4096)
    except OSError:  # a program need not be readable
        return b""


def _first_on_path(name: str) -> Check:
    first = shutil.which(name) or ""
    if b"guardsh" in _beginning(os.fsencode(first)):
        return Check(Outcome.WELL, name, f"is {first}", "shim")
    directories = " or ".join(dict.fromkeys(places.bin for places in _installations()))
    return Check(Outcome.WRONG, name, f"is {first}: no shim, or shadowed", remedy=f"put {directories} first on PATH")


def hooks(rm: str) -> Iterator[Check]:
    """The line hook of every shell, by what no shim can see; ``rm`` is the real program's path."""
    for shell in filter(shutil.which, doctor_probes.SHELLS if rm else ()):
        yield from _hook(shell, rm)


def _hook(shell: str, rm: str) -> Iterator[Check]:
    lines = {spelling.replace("/path/rm", rm): text.replace("/path/rm", rm) for spelling, text in _TYPED.items()}
    for what, seen in zip(lines, doctor_shells.asked(shell, tuple(lines.values())), strict=False):
        if seen:
            yield Check(Outcome.WELL, f"{what} typed in {shell}", "asked about", "line hook")
        else:
            remedy = f"guardsh install, or guardsh init {shell} at the end of its configuration"
            yield Check(
                Outcome.WRONG, shell, f"{what} is not seen: no line hook, or lost to another tool", remedy=remedy
            )
            return


def _spellings(names: dict[str, str]) -> Iterator[Check]:
    tried = [probe for name, real in names.items() for probe in doctor_probes.probes(name, real)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(lambda probe: _spelling(probe, names[probe.name]), tried)


def _spelling(probe: Probe, real: str) -> Check:
    where = "" if probe.shell == "sh" else f" in {probe.shell}"
    what = probe.spelling.replace("NAME", probe.name).replace("/path", os.path.dirname(real)) + where
    try:
        if doctor_probes.caught(probe, real):
            return Check(Outcome.WELL, what, "caught", "diversion" if probe.spelling in PAST_PATH else "shim")
    except subprocess.TimeoutExpired:
        return Check(Outcome.WRONG, what, "no answer", remedy="try it by hand")
    if probe.spelling in PAST_PATH:
        remedy = f"the line hook sees it typed; in scripts: guardsh install --divert {real}"
        return Check(Outcome.OPEN, what, "not caught", remedy=remedy)
    if probe.spelling.startswith("sudo"):
        login = "on PATH in root's login shells" if "-i" in probe.spelling else "in secure_path (sudoers(5))"
        return Check(Outcome.WRONG, what, "not caught", remedy=f"put /usr/local/bin first {login}")
    return Check(Outcome.WRONG, what, "not caught", remedy=f"put the shim of {probe.name} first on PATH")
