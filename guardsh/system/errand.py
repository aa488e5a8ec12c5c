"""An errand: what a process in the shield has judged, and run, outside of it, by the shield's broker.

This is what goes over the wire, and the side of the process that asks; guardsh/operations/broker.py is the other one.
A shield is found by the number of its mount namespace: no variable is needed (sudo drops them), and no file.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from dataclasses import dataclass

from guardsh.system import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_LENGTH = struct.Struct("!Q")
_LONGEST = 64 << 20  # bytes: far more than the kernel takes as arguments and environment
_MOST = 5  # descriptors: the working directory, three streams, a terminal
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: SO_PEERCRED of unix(7)
REPLY = struct.Struct("!ci")
SHIELDED = b"GUARDSH_SHIELD=1"  # for prompts, and shells that would begin another shield
UNSHIELDED = b"GUARDSH_SHIELD=off"  # what has been let out of one, or is in none on purpose
EXITED, KILLED, STOPPED, INSIDE, REFUSED = b"x", b"k", b"s", b"i", b"r"

_answer: int | None = None  # where to say that a command shall run inside
_requester: int | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """``words`` are those of guardsh's own command line. Descriptors travel beside it: of the working directory, of
    ``streams`` in their order, and last of the terminal of its own that it gets, if ``terminal``."""

    words: tuple[bytes, ...]
    environment: tuple[bytes, ...]
    umask: int
    ignored: tuple[int, ...]  # signals
    streams: tuple[int, ...]  # which of 0, 1 and 2 are open
    terminal: bool

    def packed(self) -> bytes:
        numbers = (self.umask, *map(len, (self.ignored, self.streams, self.words)), self.terminal)
        strings = b"".join(word + b"\0" for word in (*self.words, *self.environment))
        return b"".join(struct.pack("!i", each) for each in (*numbers, *self.ignored, *self.streams)) + strings

    @classmethod
    def unpacked(cls, data: bytes) -> Errand:
        """Raises struct.error and ValueError where it is none."""
        umask, ignoring, streaming, worded, terminal = struct.unpack_from("!5i", data)
        if not (0 <= ignoring < 65 and 0 <= streaming <= 3 and worded > 0):
            raise ValueError("no errand")
        numbers = struct.unpack_from(f"!{ignoring + streaming}i", data, 20)
        strings = tuple(data[20 + 4 * len(numbers) :].split(b"\0")[:-1])
        rest = numbers[:ignoring], numbers[ignoring:], bool(terminal)
        return cls(strings[:worded], strings[worded:], umask & 0o777, *rest)


def address(process: int | str = "self") -> str:
    """The abstract name (unix(7)) on which the broker of the shield that a process is in listens."""
    return f"\0guardsh-shield-{os.stat(f'/proc/{process}/ns/mnt').st_ino}"


def connect() -> socket.socket | None:
    """To the broker of the shield that we are in; None where we are in none.

    Anybody can take a name: one that is neither root's nor ours is not believed.
    """
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.connect(address())
    except OSError:
        door.close()
        return None
    if peer(door)[1] not in (0, os.geteuid()):
        door.close()
        return None
    return door


def peer(door: socket.socket) -> tuple[int, int, int]:
    """The process at the other end (of a listener: who listens), its uid and gid, by the kernel's word."""
    pid, uid, gid = _CREDENTIALS.unpack(door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid, gid


def send(door: socket.socket, errand: Errand, descriptors: list[int]) -> None:
    data = errand.packed()
    socket.send_fds(door, [_LENGTH.pack(len(data))], descriptors)
    door.sendall(data)


def receive(door: socket.socket) -> tuple[Errand, list[int]]:
    """Raises OSError, struct.error and ValueError where no errand comes."""
    head, descriptors, _, _ = socket.recv_fds(door, _LENGTH.size, _MOST)
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST:
        raise ValueError("too long")
    data = bytearray()
    while len(data) < length:
        chunk = door.recv(min(1 << 20, length - len(data)))
        if not chunk:
            raise ValueError("cut short")
        data += chunk
    return Errand.unpacked(bytes(data)), descriptors


def introduction(answer: int, requester: int, environment: list[bytes]) -> list[bytes]:
    """The words by which the broker starts us, before our own; ``environment`` is for the command alone."""
    return [b"outside", b"%d" % answer, b"%d" % requester, b"%d" % len(environment), *environment]


def stand_for(words: list[bytes]) -> list[bytes]:
    """As the broker starts us. Returns the words behind the introduction, which are our own from now on."""
    global _answer, _requester
    _answer, _requester, count = map(int, words[1:4])
    os.set_inheritable(_answer, False)
    program.withhold(words[4 : 4 + count])
    del sys.argv[1 : 5 + count]
    return words[4 + count :]


def is_outside() -> bool:
    """Whether we run outside a shield for somebody in it."""
    return _answer is not None


def parent() -> int:
    """The process that started this command: not the broker, which only acts for it."""
    return os.getppid() if _requester is None else _requester


def hand_back(count: int) -> None:
    """The last ``count`` words concern nothing that is shielded: whoever asked runs them where they are, and we end.
    Nothing happens where nobody in a shield has asked."""
    if _answer is not None:
        os.write(_answer, REPLY.pack(INSIDE, count))
        _end()


def _end() -> NoReturn:
    sys.exit(0)
