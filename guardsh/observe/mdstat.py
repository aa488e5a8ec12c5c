"""Read the text of /proc/mdstat: one entry for each array, nothing looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guardsh.model.storage import Progress

# The formats are md_seq_show and status_resync of drivers/md/md.c and the status functions of raid1.c, raid10.c and
# raid5.c beside it (Linux 6.1).
_HEADER = re.compile(r"(md[\w-]{0,64}) : (\w+)((?: \([\w-]+\))*)((?: \S+)*) *")
_MEMBER = re.compile(r"([\w!/.-]+)\[[0-9]{1,9}\]((?:\([A-Z]\))*)")
_BLOCKS = re.compile(r"\s+([0-9]{1,20}) blocks(?: super (\S+))?")
_DISKS = re.compile(r"\[[0-9]+/[0-9]+\] \[([U_]{1,4096})\]")
_COPIES = re.compile(r"\b([0-9]{1,3}) (near|far|offset)-copies")
_MOVING = re.compile(r"\] +(\w+) = +[0-9.]+% \(([0-9]{1,20})/([0-9]{1,20})\)(?:.*speed=([0-9]{1,12})K/sec)?")
_HELD = re.compile(r"\s+(\w+)=(PENDING|DELAYED|REMOTE)\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One array as /proc/mdstat tells it. ``members`` are (kernel name, flag letters); the number that the kernel
    prints behind a name is not its slot and is left out. ``in_sync`` are the slots shown as U."""

    name: str
    status: str  # active, inactive, broken
    read_only: str  # "", "read-only", "auto-read-only"
    level: str  # "" where inactive
    members: tuple[tuple[str, str], ...]
    metadata: str
    expected: int | None
    in_sync: frozenset[int] | None  # None: a level without redundancy, or inactive
    near: int  # raid10: copies on neighbouring slots; otherwise 1
    copies: int  # raid10: near times far; otherwise 1
    layout: str  # raid10: as mdadm says it, near=2
    progress: Progress | None
    doubts: tuple[str, ...]

    @property
    def container(self) -> bool:
        """A set of disks with foreign metadata (IMSM, DDF), always inactive: it holds arrays and is none itself."""
        return self.metadata.startswith("external:") and not self.metadata.startswith("external:/")


def parse(text: str) -> tuple[Entry, ...]:
    """The arrays of a whole /proc/mdstat; ValueError where it is cut short or has a line that is no md's."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("Personalities :"):
        raise ValueError("it does not begin with “Personalities”")
    if not lines[-1].startswith("unused devices:"):
        raise ValueError("it is cut short")
    return tuple(_entry(block) for block in _blocks(lines[1:-1]))


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in lines:
        if not line.strip():
            continue
        if not line[0].isspace():
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
        else:
            raise ValueError(f"line {line!r} belongs to no array")
    return blocks


def _entry(block: list[str]) -> Entry:
    header = _HEADER.fullmatch(block[0])
    if header is None:
        raise ValueError(f"line {block[0]!r} is no array")
    name, status, modes, rest = header.groups()
    words = rest.split()
    level = "" if status == "inactive" or not words or _MEMBER.fullmatch(words[0]) else words.pop(0)
    body = "\n".join(block[1:])
    expected, in_sync = _disks(body)
    near, copies = _copies(body)
    blocks = _BLOCKS.search(body)
    return Entry(
        name=name,
        status=status,
        read_only=modes.strip(" ()"),
        level=level,
        members=_members(words),
        metadata=(blocks[2] or "") if blocks else "",
        expected=expected,
        in_sync=in_sync,
        near=near,
        copies=copies,
        layout=", ".join(f"{kind}={number}" for number, kind in _COPIES.findall(body)),
        progress=_progress(body),
        doubts=tuple(f"/proc/mdstat: {name}: {word!r} is no member" for word in words if not _MEMBER.fullmatch(word)),
    )


def _members(words: list[str]) -> tuple[tuple[str, str], ...]:
    matches = [match for word in words if (match := _MEMBER.fullmatch(word))]
    return tuple((match[1], match[2].replace("(", "").replace(")", "")) for match in matches)


def _disks(body: str) -> tuple[int | None, frozenset[int] | None]:
    disks = _DISKS.search(body)
    if disks is None:
        return None, None
    return len(disks[1]), frozenset(slot for slot, letter in enumerate(disks[1]) if letter == "U")


def _copies(body: str) -> tuple[int, int]:
    numbers = {kind: int(number) for number, kind in _COPIES.findall(body)}
    near = max(1, numbers.get("near", 1))
    return near, near * max(1, numbers.get("far", 1), numbers.get("offset", 1))


def _progress(body: str) -> Progress | None:
    if moving := _MOVING.search(body):
        action, done, total, speed = moving.groups()
        return Progress(2 * int(done), 2 * int(total), int(speed) if speed else None, "", action)
    if held := _HELD.search(body):
        return Progress(0, 0, None, held[2].lower(), held[1])
    return None
