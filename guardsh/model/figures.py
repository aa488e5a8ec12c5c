"""Numbers as people read them: sizes, durations, counts, moments."""

from __future__ import annotations

import time

_SIZES = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
_DURATIONS = ((48 * 3600, 86400, "d"), (3600, 3600, "h"), (60, 60, "min"), (0, 1, "s"))


def size(number: float) -> str:
    """Bytes in decimal units with three digits, as disks are sold.

    >>> [size(51_200_000_000_000), size(214e9), size(19e9), size(999_999), size(12)]
    ['51.2 TB', '214 GB', '19 GB', '1 MB', '12 bytes']
    """
    for unit in _SIZES:
        # 999.5 would be shown as 1e+03
        if abs(number) < 999.5 or unit == _SIZES[-1]:
            break
        number /= 1000
    return f"{number:.3g} {unit}"


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits, rounded down; days from two days on.

    >>> [duration(11_000), duration(59.9), duration(60), duration(47 * 3600), duration(14 * 86400)]
    ['3 h', '59 s', '1 min', '47 h', '14 d']
    """
    whole = max(0, int(seconds))
    unit, name = next((unit, name) for least, unit, name in _DURATIONS if whole >= least)
    return f"{whole // unit} {name}"


def count(number: int) -> str:
    """
    >>> count(1204)
    '1 204'
    """
    return f"{number:,}".replace(",", " ")


def moment(when: float, now: float) -> str:
    """Seconds since the epoch in local time: ``13:27`` within the last day, else ``2024-05-01 13:27``."""
    near = 0 <= now - when < 86400
    return time.strftime("%H:%M" if near else "%Y-%m-%d %H:%M", time.localtime(when))
