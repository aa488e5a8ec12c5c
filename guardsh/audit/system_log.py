"""Send a line to the system's log: journald, or a syslog daemon where there is no journald."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

JOURNALD = "/run/systemd/journal/socket"
SYSLOG = "/dev/log"
_NOTICE = 5
_AUTHPRIV = 10  # the facility that sudo uses; syslog(3)
_SECONDS = 1.0  # for a log daemon that is stuck


def send(line: bytes) -> str:
    """Which of the two took it; OSError where none did.

    journald answers on /dev/log too, and rsyslog reads the journal: one of them is enough.
    """
    if os.path.exists(JOURNALD):
        _send_to_journald(line)
        return "journald"
    if not os.path.exists(SYSLOG):
        raise FileNotFoundError(errno.ENOENT, "neither journald nor syslog is there")
    _send_datagram(SYSLOG, b"<%d>guardsh[%d]: %s" % (_AUTHPRIV << 3 | _NOTICE, os.getpid(), line.rstrip(b"\n")))
    return "syslog"


def _send_to_journald(line: bytes) -> None:
    """The native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields on lines; the JSON has no newline inside."""
    fields = (
        b"MESSAGE=%s" % line.rstrip(b"\n"),
        b"PRIORITY=%d" % _NOTICE,
        b"SYSLOG_FACILITY=%d" % _AUTHPRIV,
        b"SYSLOG_IDENTIFIER=guardsh",
    )
    entry = b"\n".join(fields) + b"\n"
    try:
        _send_datagram(JOURNALD, entry)
    except OSError as error:
        if error.errno != errno.EMSGSIZE:
            raise
        _send_as_file(JOURNALD, entry)


def _send_datagram(path: str, data: bytes) -> None:
    with _connected(path) as sender:
        sender.send(data)


def _send_as_file(path: str, data: bytes) -> None:
    """What is too long for a datagram (a command with thousands of operands) goes as a sealed file in memory."""
    import socket

    with open(os.memfd_create("guardsh", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "wb") as file:
        file.write(data)
        file.flush()
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        with _connected(path) as sender:
            socket.send_fds(sender, [b""], [file.fileno()])


def _connected(path: str) -> socket.socket:
    import socket

    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.settimeout(_SECONDS)
    try:
        sender.connect(path)
    except OSError:
        sender.close()
        raise
    return sender
