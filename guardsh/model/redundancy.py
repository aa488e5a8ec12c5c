"""Which members an array can lose, by its level and layout: arithmetic only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Levels that keep something twice, with the members that may be missing; raid1 and raid10 depend on their width.
_PARITY = {"raid4": 1, "raid5": 1, "raid6": 2}


@dataclass(frozen=True, slots=True)
class Layout:
    """How ``disks`` members hold the data. Of raid10 also: ``near`` copies on neighbouring slots, and ``copies`` in
    all; ``name`` as mdadm says it, such as ``near=2``.

    A copy of the far or offset layout lies on the next slots of the ring, as a near one does (raid10.c, Linux 6.1).
    """

    level: str
    disks: int
    near: int = 1
    copies: int = 1
    name: str = ""

    @property
    def redundant(self) -> bool:
        return self.level in (*_PARITY, "raid1", "raid10")

    def has_data(self, in_sync: Iterable[int]) -> bool:
        """Whether the members in these slots still give every piece of data.

        >>> Layout("raid10", 4, 2, 2).has_data({0, 2}), Layout("raid10", 4, 2, 2).has_data({2, 3})
        (True, False)
        >>> Layout("raid6", 8).has_data(range(6)), Layout("raid5", 8).has_data(range(6))
        (True, False)
        """
        present = frozenset(in_sync)
        if self.level == "raid10":
            return self._has_copies(present)
        spare = self.disks - 1 if self.level == "raid1" else _PARITY.get(self.level, 0)
        return self.disks - len(present) <= spare

    def lone(self, in_sync: Iterable[int]) -> tuple[int, ...]:
        """The slots whose loss, next, would lose data; none where it is lost already, or the level keeps no copies.

        >>> Layout("raid10", 4, 2, 2).lone({0, 2, 3}), Layout("raid10", 5, 1, 2).lone({0, 2, 3, 4})
        ((0,), (0, 2))
        >>> Layout("raid10", 4, 2, 2).lone(range(4)), Layout("raid5", 3).lone({0, 2}), Layout("raid0", 2).lone({0, 1})
        ((), (0, 2), ())
        """
        present = frozenset(in_sync)
        if not self.redundant or not self.has_data(present):
            return ()
        return tuple(slot for slot in sorted(present) if not self.has_data(present - {slot}))

    def _has_copies(self, present: frozenset[int]) -> bool:
        """``_enough`` of drivers/md/raid10.c (Linux 6.1): each set of neighbours that holds a chunk has one in sync."""
        starts = range(0, self.disks * self.near, self.near)
        ring = range(min(self.copies, self.disks))
        return all(any((start + copy) % self.disks in present for copy in ring) for start in starts)
