"""System calls that reach around a mount, by name: tried in a shield (arguments: name, directory, outside pid, device).

The numbers are those of x86-64; newer ones are the same everywhere.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    done: int = libc.syscall(number, *arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def destroy(directory: int, path: str = ".") -> None:
    os.unlink(os.path.join(path, "base/1/1259"), dir_fd=directory)


def main(name: str, path: str, outside: int, device: str) -> None:
    relative = path.lstrip("/")
    if name == "open_tree":  # of the mount beneath, without what is mounted on it
        above = os.path.dirname(path)
        destroy(call(428, -100, above.encode(), 1), os.path.basename(path))
    elif name == "mount_setattr":
        call(442, -100, path.encode(), 0, struct.pack("QQQQ", 0, 1, 0, 0), 32)
        destroy(os.open(path, os.O_RDONLY))
    elif name == "fsopen":
        there = call(430, b"ext4", 0)
        call(431, there, 1, b"source", device.encode(), 0)
        call(431, there, 6, None, None, 0)
        mounted = call(432, there, 0, 0)
        for found in (".", os.path.basename(path)):
            try:
                destroy(mounted, found)
            except FileNotFoundError:
                continue
    elif name == "open_by_handle_at":
        handle, mount = ctypes.create_string_buffer(136), ctypes.c_int()
        struct.pack_into("I", handle, 0, 128)
        call(303, -100, path.encode(), handle, ctypes.byref(mount), 0)
        beneath = os.open(os.path.dirname(path), os.O_RDONLY)
        destroy(call(304, beneath, handle, os.O_RDONLY))
    elif name == "pidfd_getfd":
        victim = os.pidfd_open(outside)
        for number in range(3, 10):  # the test's outside process has the directory open as 3
            try:
                destroy(call(438, victim, number, 0))
                return
            except OSError as error:
                last = error
        raise last
    elif name == "setns_by_pidfd":
        call(308, os.pidfd_open(outside), 0x20000)
        destroy(os.open("/", os.O_RDONLY), relative)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
