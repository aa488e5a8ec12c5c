"""Who is asking, for the record: accounts, terminal, and where the session came from."""

from __future__ import annotations

import os
import pwd
from typing import Any

_UNSET = 0xFFFFFFFF  # loginuid of what no login started: daemons, containers (audit(8), AUDIT_UID_UNSET)
_MOST_ANCESTORS = 64


def operator() -> dict[str, Any]:
    """``login_uid`` and ``login`` (who logged in, whatever sudo and su did since), ``uid`` and ``account`` (who runs
    this), ``sudo_user``, ``tty``, ``ssh`` (address and port of the client). None where there is none or it cannot be
    read. Everything but login_uid, uid and tty can be forged by the operator.
    """
    login_uid = _login_uid()
    return {
        "login_uid": login_uid,
        "login": None if login_uid is None else _account(login_uid),
        "uid": os.getuid(),
        "account": _account(os.getuid()),
        "sudo_user": os.environ.get("SUDO_USER"),
        "tty": _terminal(),
        "ssh": _ssh_origin(),
    }


def _login_uid() -> int | None:
    text = _read("/proc/self/loginuid")
    return int(text) if text.isdecimal() and int(text) != _UNSET else None


def _account(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _terminal() -> str | None:
    """The controlling terminal, whatever the streams are: field tty_nr of /proc/self/stat (proc(5))."""
    fields = _read("/proc/self/stat").rpartition(")")[2].split()
    number = int(fields[4]) if len(fields) > 4 else 0
    major, minor = os.major(number), os.minor(number)
    if number == 0:
        return None
    if 136 <= major <= 143:  # Unix98 pseudo-terminals (Documentation/admin-guide/devices.txt)
        return f"/dev/pts/{(major - 136) * 256 + minor}"
    if major == 4:
        return f"/dev/tty{minor}" if minor < 64 else f"/dev/ttyS{minor - 64}"
    return f"{major}:{minor}"


def _ssh_origin() -> str | None:
    """From SSH_CONNECTION, which sudo takes out of the environment: then from the nearest ancestor that has it."""
    connection = os.environ.get("SSH_CONNECTION")
    process = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        if connection or process <= 1:
            break
        connection = _variable(process, "SSH_CONNECTION")
        process = _parent(process)
    return " ".join(connection.split()[:2]) if connection else None


def _variable(process: int, name: str) -> str | None:
    words = _read(f"/proc/{process}/environ").split("\0")
    return next((word.partition("=")[2] for word in words if word.startswith(name + "=")), None)


def _parent(process: int) -> int:
    fields = _read(f"/proc/{process}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return ""
