"""Certainly unrelated: decided in about a millisecond, and never wrong in that direction.

Light by contract: nothing but os and stat may be imported here (tests/test_imports.py). Every doubt is answered
"not certain", and the engine decides. What passes here, the engine would have allowed (tests/properties).
"""

from __future__ import annotations

from guardsh.fastpath import rm
from guardsh.fastpath.places import MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FILE_TOOLS", "MARKS", "certainly_unrelated"]

FILE_TOOLS = frozenset(
    {
        *("&>", "&>>", "7z", "7za", "7zr", "<>", ">", ">>", ">|", "bsdtar", "chcon", "chgrp", "chmod", "chown", "cp"),
        *("cpio", "dd", "file-rename", "find", "git", "install", "ln", "mv", "perl", "prename", "rename", "rename.ul"),
        *("restorecon", "rmdir", "rsync", "sed", "setfacl", "shred", "sponge", "tar", "tee", "touch", "truncate"),
        *("unlink", "unzip"),
    }
)


def certainly_unrelated(name: str, arguments: Sequence[str]) -> bool:
    """Whether the guarded command ``name`` with ``arguments`` cannot touch anything of an instance.

    Looks at the working directory and the files as they are; an error while looking is a doubt.
    """
    try:
        return _prefilter(name, arguments)
    except (OSError, ValueError):
        return False


def _prefilter(name: str, arguments: Sequence[str]) -> bool:
    """What only some commands need is loaded for these."""
    if name == "rm":
        return rm.unrelated(arguments) or _who_asks(name, arguments)
    if name in ("pg_ctl", "pgbackrest", "wal-g"):
        from guardsh.fastpath import tools

        return tools.VERBS[name](arguments) or _who_asks(name, arguments)
    if name in ("btrfs", "mdadm", "nvme", "zfs", "zpool"):
        from guardsh.fastpath import first_word

        return first_word.looks(name, arguments) or _who_asks(name, arguments)
    if name in FILE_TOOLS:
        from guardsh.fastpath import files

        return files.unrelated(name, arguments) or _who_asks(name, arguments)
    return _who_asks(name, arguments)


def _who_asks(name: str, arguments: Sequence[str]) -> bool:
    from guardsh.fastpath import asker

    return asker.is_server_or_manager(name, arguments)
