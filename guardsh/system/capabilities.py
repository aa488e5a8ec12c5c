"""Capabilities of this process, given up for good: no program that it becomes or starts has them again."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

_VERSION_3 = 0x20080522  # <linux/capability.h>
_DROP = 24  # PR_CAPBSET_DROP of <linux/prctl.h>
_CLEAR_AMBIENT = (47, 4)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL


class Capability(IntEnum):
    """Those of <linux/capability.h> that are named here."""

    DAC_READ_SEARCH = 2
    SYS_MODULE = 16
    SYS_RAWIO = 17
    SYS_PTRACE = 19
    SYS_ADMIN = 21
    SYS_BOOT = 22
    MKNOD = 27
    CHECKPOINT_RESTORE = 40


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def give_up(capabilities: Iterable[Capability]) -> None:
    """Take them out of every set, the bounding set too. Raises OSError (EPERM without CAP_SETPCAP)."""
    wanted = tuple(capabilities)
    for each in wanted:
        _known(_libc().prctl(_DROP, ctypes.c_ulong(each), 0, 0, 0))
    _known(_libc().prctl(*_CLEAR_AMBIENT, 0, 0, 0))
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()
    _checked(_libc().capget(ctypes.byref(header), sets))
    for each in wanted:
        for name in ("effective", "permitted", "inheritable"):
            word = sets[each // 32]
            setattr(word, name, getattr(word, name) & ~(1 << each % 32))
    _checked(_libc().capset(ctypes.byref(header), sets))


def _known(result: int) -> None:
    """EINVAL: this kernel is older than the capability."""
    if result < 0 and ctypes.get_errno() != 22:
        _checked(result)


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "capabilities")
