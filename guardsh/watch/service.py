"""What the service manager is told: sd_notify(3), without its library."""

from __future__ import annotations

import contextlib
import os
import socket

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def tell(message: str) -> None:
    """Tell it, where there is one ($NOTIFY_SOCKET); nothing is waited for, and nobody need listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as door:
        door.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        door.send(message.encode())


def is_there() -> bool:
    """Whether a service manager has started this process, and other units for what else there is to do."""
    return bool(os.environ.get("NOTIFY_SOCKET"))
