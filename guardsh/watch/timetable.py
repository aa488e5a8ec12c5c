"""When the watcher does what: regularly, and in quick succession while something changes; never without a pause."""

from __future__ import annotations

from collections import deque

# After an event the world takes its time to settle: a promotion about 100 ms, a start seconds.
_AFTER_EVENT = (0.0, 0.03, 0.08, 0.16, 0.32, 0.64, 1.28)
_MOST, _WITHIN, _PAUSE = 30, 10.0, 0.25  # after so many looks in so many seconds, a pause before each other


class Timetable:
    """Moments on the monotonic clock. ``every`` has the intervals of regular work, in seconds."""

    def __init__(self, now: float, every: dict[str, float]) -> None:
        self._every = every
        self._next = dict.fromkeys(every, now)
        self._looks: list[float] = []
        self._done: deque[float] = deque(maxlen=_MOST)

    def take(self, name: str, now: float) -> bool:
        """Whether this regular work is due; then the next time is set."""
        if now < self._next[name]:
            return False
        self._next[name] = now + self._every[name]
        return True

    def expect_change(self, now: float) -> None:
        """Look at once, and then again and again for some seconds."""
        self._looks = [now + pause for pause in _AFTER_EVENT]

    def look(self, now: float) -> None:
        """Look once, soon."""
        self._looks = [now, *self._looks]

    def take_look(self, now: float) -> bool:
        """Whether a look is due; those that were missed meanwhile are one."""
        if now < self._next_look():
            return False
        self._looks = [each for each in self._looks if each > now]
        self._done.append(now)
        return True

    def seconds_left(self, now: float) -> float:
        """Until something is due."""
        return max(0.0, min(*self._next.values(), self._next_look()) - now)

    def _next_look(self) -> float:
        if not self._looks:
            return float("inf")
        return max(self._looks[0], self._rested())

    def _rested(self) -> float:
        hurried = len(self._done) == _MOST and self._done[-1] - self._done[0] < _WITHIN
        return self._done[-1] + _PAUSE if hurried else 0.0
