"""Landlock, the kernel's own sandbox: a domain that keeps apart from the processes outside, and mounts nothing."""

from __future__ import annotations

import ctypes
import functools
import os
from typing import Any

# <linux/landlock.h>; the numbers are the same on every architecture (Linux 5.13).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1 << 0
_PATH_BENEATH = 1
_MAKE_BLOCK = 1 << 11
_REFER = 1 << 13
LEAST = 2  # the version (Linux 5.19) from which files can be moved and linked between directories as ever


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: Any) -> int:
    done: int = _libc().syscall(number, *arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "Landlock")
    return done


def version() -> int:
    """The version of the kernel's Landlock; 0 where it has none, or has not been switched on at boot."""
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def keep_apart() -> None:
    """Put this process and its descendants in a domain for good. Raises OSError; needs CAP_SYS_ADMIN.

    Of the file rights it denies one only, to make block devices: whatever else is written stays as it was. What it is
    for comes with every domain (landlock(7)): no mount(2), umount(2), move_mount(2) or pivot_root(2), and no ptrace
    access (ptrace(2), /proc/PID/root, cwd, fd, mem, ns) to a process outside, also of the same account.
    """
    ruleset = _Ruleset(_MAKE_BLOCK | _REFER)
    made = _call(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), ctypes.c_uint32(0))
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        # Moving between directories is denied in every domain that does not allow it somewhere.
        rule = _Beneath(_REFER, root)
        _call(_ADD_RULE, made, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        _call(_RESTRICT_SELF, made, ctypes.c_uint32(0))
    finally:
        os.close(root)
        os.close(made)
