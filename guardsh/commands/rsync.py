"""rsync 3 (rsync(1), "options.c"): what it would write, delete at the destination, and remove at the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.written import onto
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_FLAGS = (
    "verbose quiet no-motd checksum archive recursive relative no-implied-dirs backup update inplace append "
    "append-verify dirs old-dirs mkpath links copy-links copy-unsafe-links safe-links munge-links copy-dirlinks "
    "keep-dirlinks hard-links perms executability acls xattrs owner group devices specials copy-devices "
    "write-devices times atimes open-noatime crtimes omit-dir-times omit-link-times super fake-super sparse "
    "preallocate dry-run whole-file one-file-system existing ignore-existing ignore-non-existing "
    "remove-source-files remove-sent-files del delete delete-before delete-during delete-delay delete-after "
    "delete-excluded ignore-errors force ignore-missing-args delete-missing-args partial delay-updates "
    "prune-empty-dirs numeric-ids ignore-times size-only fuzzy compress cvs-exclude from0 old-args secluded-args "
    "protect-args trust-sender blocking-io stats 8-bit-output human-readable progress itemize-changes list-only "
    "fsync ipv4 ipv6 version help daemon server sender msgs2stderr qsort no-trust-sender inc-recursive i-r "
    "insecure-links old-d drop-D"
)
_VALUES = (
    "info debug stderr backup-dir suffix confine-root chmod checksum-choice cc block-size rsh rsync-path "
    "max-delete max-size min-size max-alloc partial-dir usermap groupmap chown timeout contimeout modify-window "
    "temp-dir compare-dest copy-dest link-dest compress-choice zc compress-level zl compress-threads "
    "skip-compress filter exclude exclude-from include include-from files-from copy-as address port sockopts "
    "outbuf remote-option out-format log-format log-file log-file-format password-file early-input bwlimit "
    "stop-after time-limit stop-at write-batch only-write-batch read-batch protocol iconv checksum-seed config "
    "dparam"
)
GRAMMAR = declare(
    *("-v, --verbose", "-q, --quiet", "-c, --checksum", "-a, --archive", "-r, --recursive", "-R, --relative"),
    *("-n, --dry-run", "-B SIZE", "-e COMMAND", "-T DIR", "-f RULE", "-M OPTION", "-@ NUM"),
    *(f"-{letter}" for letter in "budlLkKHpEAXogtUOJSDWxyzC0shPiN468FImV"),
    *(f"--{name}" for name in _FLAGS.split()),
    *(f"--no-{name}" for name in _FLAGS.split()),
    *(f"--{name}=VALUE" for name in _VALUES.split()),
)
_DELETING = ("--del", "--delete", "--delete-before", "--delete-during", "--delete-delay", "--delete-after")
_ALSO_DELETING = ("--delete-excluded", "--delete-missing-args")
_REMOVING = ("--remove-source-files", "--remove-sent-files")
_REMOTE = re.compile(r"rsync://|[^/]*:")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite what arrives at the last operand; with --delete, delete everything else below where it arrives.

    HOST:PATH is on another machine; --dry-run and one operand alone only list.
    """
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version", "-V", "--dry-run", "--list-only", "--daemon", "--server"):
        return ()
    sources, destination = line.operands[:-1], "".join(line.operands[-1:])
    if not sources:
        return ()
    here = () if _REMOTE.match(destination) or not destination else tuple(_arriving(line, sources, destination))
    return (
        *_deleted(line, here),
        *onto(here, invocation, "rsync would write to", line.doubts),
        *_removed(line, sources),
    )


def _arriving(line: CommandLine, sources: tuple[str, ...], destination: str) -> Iterator[Target]:
    """Each place that gets what a source has. Of doubtful words, any but the first may be the destination."""
    for there in dict.fromkeys((destination, *(line.operands[1:] if line.doubts else ()))):
        for source in sources:
            place = _place(line, source, there)
            known = not _REMOTE.match(source) and not line.given("--force")
            yield Target(place, Extent.TREE, follow=True, brings=source if known else "")
            for above in _above(place, there):  # where there is no such directory, one file alone becomes it
                yield Target(above, Extent.ENTRY, follow=True, brings=source if known else "")


def _place(line: CommandLine, source: str, destination: str) -> str:
    """``source/`` stands for what is in it; --relative makes all of its path (behind ``/./``)."""
    path = source.rpartition(":")[2] if _REMOTE.match(source) else source
    name = path.rpartition("/./")[2].strip("/") if line.given("--relative") else path.rpartition("/")[2]
    if name in ("", ".", "..") or line.given("--files-from"):
        return destination
    return f"{destination.rstrip('/')}/{name}"


def _above(place: str, destination: str) -> Iterator[str]:
    """The directories that a whole path makes, which take a link's place; and the destination."""
    while len(place) > len(destination):
        place = place.rpartition("/")[0]
        yield place or "/"


def _deleted(line: CommandLine, places: tuple[Target, ...]) -> tuple[Intent, ...]:
    if not line.given(*_DELETING, *_ALSO_DELETING):
        return ()
    trees = dict.fromkeys(Target(each.path, Extent.TREE, follow=True) for each in places if each.extent is Extent.TREE)
    action = "rsync --delete would delete what its source does not have from"
    return (Intent(Effect.DELETE, tuple(trees), action, line.doubts),) if trees else ()


def _removed(line: CommandLine, sources: tuple[str, ...]) -> tuple[Intent, ...]:
    """A slash behind a file's name is no error to rsync."""
    if not line.given(*_REMOVING):
        return ()
    here = [path for path in sources if path and not _REMOTE.match(path)]
    trees = tuple(Target(path, Extent.TREE, path.endswith("/")) for path in here)
    files = tuple(Target(normpath(path), Extent.ENTRY) for path in here if normpath(path) != path)
    return (Intent(Effect.DELETE, trees + files, "rsync would remove", line.doubts),) if trees else ()
