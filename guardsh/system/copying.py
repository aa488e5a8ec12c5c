"""Trees and files copied with all that they are: owner, mode, times, ACLs, xattrs; sharing blocks where that can be."""

from __future__ import annotations

import os
import subprocess

from guardsh.system import kernel

_TREE = ("cp", "-a", "--reflink=auto", "--sparse=auto", "--one-file-system", "-T", "--")


def tree(source: int, inside: str, target: int, name: str) -> None:
    """The directory ``inside`` an open one as ``name`` in another; OSError with what cp said where it failed."""
    words = (*_TREE, f"/proc/self/fd/{source}/{inside}", f"/proc/self/fd/{target}/{name}")
    done = subprocess.run(
        words, pass_fds=(source, target), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["cp failed"])[-1])


def shared(source: int, target: int) -> None:
    """The contents of one open file in another, new one, sharing its blocks, and all attributes; OSError where the file
    system cannot do that."""
    kernel.reflink(source, target)
    attributes(source, target)


def attributes(source: int, target: int) -> None:
    """Owner, mode, xattrs (with ACLs, capabilities and SELinux label) and times of an open file or directory."""
    status = os.fstat(source)
    os.fchown(target, status.st_uid, status.st_gid)  # before the mode: it clears set-uid bits
    os.fchmod(target, status.st_mode & 0o7777)
    wanted = {name: os.getxattr(source, name) for name in os.listxattr(source)}
    for name in set(os.listxattr(target)) - wanted.keys():
        os.removexattr(target, name)
    for name, value in wanted.items():
        os.setxattr(target, name, value)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
