"""What can be seen of a server every second for next to nothing: is it stopped, and which of its children tell."""

from __future__ import annotations

import os
import re

from guardsh.system import proc

# Children whose coming, going or change of title is a change of role or state (observe/instance.py).
_TELLING = re.compile(r"(?:^|: )(startup|walwriter|walreceiver(?: streaming)?)\b")
_FROZEN = ("refrigerator", "freezer")  # the cgroup freezer's, in wchan


class Pulse:
    """One server's; ``beat`` is compared with the one before."""

    def __init__(self, pid: int, root: str = "/proc") -> None:
        self._here = f"{root}/{pid}"
        self._pid = pid
        self._root = root
        self._others: frozenset[str] = frozenset()  # children that tell nothing: sessions above all

    def beat(self) -> tuple[bool, frozenset[str]]:
        """Whether its postmaster is suspended, and the children that tell, without the positions in their titles."""
        children = proc.read(f"{self._here}/task/{self._pid}/children").split()
        telling = {pid: self._kind(pid) for pid in children if pid not in self._others}
        self._others = frozenset(pid for pid in children if not telling.get(pid))
        return self._suspended(), frozenset(f"{pid} {kind}" for pid, kind in telling.items() if kind)

    def _kind(self, pid: str) -> str:
        words = proc.words(int(pid), self._root)
        found = _TELLING.search(words[0]) if words else None
        return found[1] if found else ""

    def _suspended(self) -> bool:
        process = proc.parse_stat(proc.read(f"{self._here}/stat"))
        if process is None or process.state in "Tt":
            return True
        return any(word in proc.read(f"{self._here}/wchan") for word in _FROZEN)


def stopping(directory: str) -> bool:
    """Whether postmaster.pid says so (line 8, PM_STATUS_STOPPING, src/include/utils/pidfile.h)."""
    lines = proc.read(os.path.join(directory, "postmaster.pid")).splitlines()
    return len(lines) >= 8 and lines[7].strip() == "stopping"


class Newcomers:
    """Servers that were started since the last time, wherever their data directories are."""

    def __init__(self, root: str = "/proc") -> None:
        self._root = root
        self._known: frozenset[str] = frozenset()

    def arrived(self, postmasters: frozenset[int]) -> bool:
        """Whether a process of Postgres is new that is no child of these. Only new processes are looked at."""
        listed = frozenset(name for name in os.listdir(self._root) if name.isdigit())
        unknown = listed - self._known
        self._known = listed
        return any(self._is_postmaster(pid, postmasters) for pid in unknown)

    def _is_postmaster(self, pid: str, postmasters: frozenset[int]) -> bool:
        process = proc.parse_stat(proc.read(f"{self._root}/{pid}/stat"))
        return (
            process is not None
            and process.name.removeprefix("edb-") in ("postgres", "postmaster")
            and not postmasters & {process.pid, process.parent}
        )
