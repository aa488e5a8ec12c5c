"""What was saved, what is missing, what that means, and what to do now: REPORT.txt, the screen, and --json."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guardsh.model.figures import count, size
from guardsh.model.observed import Known
from guardsh.model.salvage import Copy, Rank, State
from guardsh.operations.salvage import recovery
from guardsh.operations.salvage.hold import Held
from guardsh.operations.salvage.journal import SCHEMA, record
from guardsh.operations.salvage.scene import Scene
from guardsh.screen.plain import safe
from guardsh.screen.rows import paragraph

_WIDTH = 100
_CATALOGUE = 20  # of files that could not be saved, and of databases, that are listed
_STARTABLE = {
    "global/pg_control": re.compile("data/global/pg_control"),
    "pg_xact": re.compile("data/(pg_xact|pg_clog)/[0-9A-F]+"),
    "global/pg_filenode.map": re.compile("data/global/pg_filenode.map"),
    "PG_VERSION": re.compile("data/PG_VERSION"),
}
_DATABASE = re.compile(r"(?:data|elsewhere)/(?:.*/)?(?:base|PG_[^/]+)/(\d+)/\d")
_SHARED = re.compile(r"data/global/\d")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a report says. ``when`` is in seconds since the epoch."""

    host: str
    when: float
    scene: Scene
    copies: tuple[Copy, ...]

    @property
    def expected(self) -> int:
        """The number of files that were to be copied."""
        return len(self.scene.found.sources)

    @property
    def complete(self) -> bool:
        return len(self.copies) == self.expected and all(copy.state is State.WHOLE for copy in self.copies)

    @property
    def absent(self) -> tuple[str, ...]:
        """What a cluster cannot be started without, and is not among the files that came home."""
        home = [copy.source.name for copy in self.copies if copy.is_home]
        return tuple(what for what, name in _STARTABLE.items() if not any(map(name.fullmatch, home)))


def lines(outcome: Outcome) -> list[str]:
    """The whole report, at most 100 columns wide."""
    return [
        *_heading(outcome),
        *_section("saved", _saved(outcome)),
        *_section("not saved", _not_saved(outcome)),
        *_section("what was seen", outcome.scene.signs),
        *_section("what this means", _meaning(outcome)),
        *_section("the real recovery", recovery.steps(outcome.scene.seen, outcome.scene.destination)),
        *_section("the server", _server(outcome)),
        *_section("who may read it", _secrecy(outcome)),
    ]


def facts(outcome: Outcome) -> dict[str, Any]:
    """For --json (docs/json.md)."""
    evidence, server = outcome.scene.seen, outcome.scene.held.accident.server
    return {
        "schema": SCHEMA,
        "host": outcome.host,
        "when": outcome.when,
        "directory": outcome.scene.held.accident.directory,
        "destination": outcome.scene.destination,
        "postmaster": server.pid if server else None,
        "role": evidence.role.value if isinstance(evidence.role, Known) else None,
        "version": evidence.version or None,
        "system_identifier": evidence.system_identifier,
        "signs": list(outcome.scene.signs),
        "complete": outcome.complete,
        "files": outcome.expected,
        "saved": _sum(copy for copy in outcome.copies if copy.is_home),
        "saved_deleted": _sum(copy for copy in outcome.copies if copy.is_home and copy.source.deleted),
        "not_saved": [record(copy) for copy in outcome.copies if not copy.is_home],
        "absent": list(outcome.absent),
        "left": list(outcome.scene.found.left),
        "followers": [{"address": each.address, "user": each.user, "sent": each.sent} for each in evidence.followers],
        "replicas": [each.directory.place.path for each in evidence.replicas],
        "managers": [{"name": each.name, "pid": each.pid} for each in outcome.scene.held.managers],
    }


def manifest(outcome: Outcome) -> dict[str, Any]:
    """Of every file: what it was, where it lies, its checksum and what came of it."""
    return {**facts(outcome), "links": outcome.scene.found.links, "copies": [record(copy) for copy in outcome.copies]}


def standing(held: Held) -> Iterator[str]:
    """Who stands still, and who does not though they should."""
    server, members = held.accident.server, held.accident.members
    if server is None:
        yield "Its postmaster is gone." + (" What is left of its processes stands still." if members else "")
    else:
        yield (
            f"Process {server.pid} and its {len(members) - 1} children stand still (SIGSTOP): their open files stay as"
            " they are until they end or this machine restarts. Do not end them before all is saved."
        )
    for manager in held.managers:
        yield (
            f"{manager.name} (process {manager.pid}) was stopped, so that it does not end the server. Its leader key"
            " expires, and a fail-over to another node is then right."
        )
    for manager in held.alive:
        yield f"{manager.name} (process {manager.pid}) could not be stopped{_why(manager.watchdog)}: pause it at once."
    for deleter in held.deleters:
        command = shlex.join(deleter.command[:6])
        yield f"Process {deleter.member.pid} was still deleting, and stands still too: {command}"
    yield from held.warnings


def letting_go(held: Held) -> Iterator[str]:
    """The command by which the server goes on."""
    if held.accident.server is not None:
        yield f"$ guardsh salvage --continue {shlex.quote(held.accident.directory)}    # lets it go on"


def _ending(held: Held) -> Iterator[str]:
    """Only once all is saved: what ends the processes, and their open files."""
    if held.accident.members:
        everyone = " ".join(str(member.pid) for member in held.accident.members)
        yield f"$ kill -KILL {everyone}    # ends it, and its open files"
    for deleter in held.deleters:
        yield f"$ kill -KILL {deleter.member.pid}    # ends what was still deleting"
    for manager in held.managers:
        purpose = "lets it go on: it ends this server, and may make a new replica in its place"
        yield f"$ kill -CONT {manager.pid}    # {manager.name}: {purpose}"


def _server(outcome: Outcome) -> Iterator[str]:
    yield from standing(outcome.scene.held)
    yield from letting_go(outcome.scene.held)
    if outcome.complete:
        yield from _ending(outcome.scene.held)


def _why(watchdog: str) -> str:
    return f" (it feeds {watchdog}, and the machine would be reset)" if watchdog else ""


def _heading(outcome: Outcome) -> list[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(outcome.when))
    version = f"PostgreSQL {outcome.scene.seen.version}" if outcome.scene.seen.version else "the server"
    role = outcome.scene.seen.role.value if isinstance(outcome.scene.seen.role, Known) else "role not known"
    what = f"{version} ({role}) in {outcome.scene.held.accident.directory}"
    return [f"salvage of {safe(what)}", f"on {safe(outcome.host)}, {when}, into {safe(outcome.scene.destination)}"]


def laid_out(texts: Iterable[str], indent: int = 2) -> list[str]:
    """Sentences, wrapped; commands (``$ COMMAND    # WHAT FOR``) as they stand, each below its purpose."""
    return [line for text in texts for line in _laid_out(text, indent)]


def _section(title: str, texts: Iterable[str]) -> list[str]:
    body = laid_out(texts)
    return ["", title, *body] if body else []


def _laid_out(text: str, indent: int) -> list[str]:
    if not text.startswith("$ "):
        return paragraph(text, _WIDTH, indent)
    command, _, purpose = text[2:].partition("    # ")
    begin = " " * (indent + 2)
    return [*([f"{begin}# {safe(purpose)}"] if purpose else []), begin + safe(command)]


def _saved(outcome: Outcome) -> Iterator[str]:
    home = [copy for copy in outcome.copies if copy.is_home]
    yield f"{_amount(each for each in home if each.source.deleted)} that were deleted and still open"
    yield f"{_amount(each for each in home if not each.source.deleted)} that were still present"
    yield f"{_amount(each for each in home if each.source.rank is Rank.WAL)} of these are WAL that no archive has"
    unread = sum(1 for copy in home if copy.state is not State.WHOLE)
    yield f"{count(unread)} of them not read back yet" if unread else "all of it read back, and the same"
    yield from _databases(home)


def _databases(home: Sequence[Copy]) -> Iterator[str]:
    found: dict[str, list[Copy]] = {}
    for copy in home:
        match = _DATABASE.match(copy.source.name)
        key = f"database {match[1]}" if match else "the shared catalogs" if _SHARED.match(copy.source.name) else ""
        if key:
            found.setdefault(key, []).append(copy)
    for name, copies in sorted(found.items())[:_CATALOGUE]:
        yield f"{name}: {_amount(copies)} of relations, named by relfilenode"


def _not_saved(outcome: Outcome) -> Iterator[str]:
    away = [copy for copy in outcome.copies if not copy.is_home]
    for copy in away[:_CATALOGUE]:
        yield f"{copy.source.path}: {copy.state.value}: {copy.detail}"
    if len(away) > _CATALOGUE:
        yield f"and {len(away) - _CATALOGUE} more, in manifest.json"
    pending = outcome.expected - len(outcome.copies)
    if pending > 0:
        yield f"{count(pending)} files were not reached. The same command goes on where this one ended."
    yield from outcome.scene.found.left
    if outcome.absent:
        yield f"not there to be saved: {', '.join(outcome.absent)}"


def _meaning(outcome: Outcome) -> Iterator[str]:
    if outcome.absent:
        yield (
            "Files of relations and WAL are not a cluster that can be started: without"
            f" {', '.join(outcome.absent)} Postgres does not know what they are. It never holds pg_control, pg_xact and"
            " pg_filenode.map open, so that they cannot be saved once they are deleted. What is here can be put back"
            " beside those files from a backup of this very cluster, or be read by specialists."
        )
    else:
        yield (
            "pg_control, pg_xact and the maps are here. Whether the rest is complete cannot be known from the files:"
            " start a copy of it, never this one, and compare with what you know of the data."
        )
    yield "How much there was before is not known: a deleted file that nobody held open leaves no trace."


def _secrecy(outcome: Outcome) -> Iterator[str]:
    yield (
        f"Only this account and root: {outcome.scene.destination} is production data, 0700, its files 0600."
        " manifest.json has the owners and modes of before, and sha256 of every file."
    )


def _amount(copies: Iterable[Copy]) -> str:
    found = list(copies)
    total = sum(copy.source.size for copy in found)
    return f"{count(len(found))} file{'' if len(found) == 1 else 's'}, {size(total)}"


def _sum(copies: Iterable[Copy]) -> dict[str, int]:
    found = list(copies)
    return {"files": len(found), "bytes": sum(copy.source.size for copy in found)}
