"""Signals as people write them (signal(7), Linux): TERM, SIGTERM, sigterm, 15."""

from __future__ import annotations

NUMBERS = {
    0: "0", 1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
    11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
    20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
    29: "POLL", 30: "PWR", 31: "SYS",
}  # fmt: skip
_OTHER = {"EXIT": "0", "IO": "POLL", "IOT": "ABRT", "CLD": "CHLD", "UNUSED": "SYS"}
_NAMES = frozenset(NUMBERS.values())

# To whatever process of a server they go: nothing ends, nothing stops (pqsignal calls in PostmasterMain and
# InitPostmasterChild, src/backend/postmaster; HUP reads the configuration, USR1 is how processes wake each other).
HARMLESS = frozenset({"0", "HUP", "USR1", "CONT", "CHLD", "URG", "WINCH"})


def named(word: str) -> str:
    """The name without SIG; "" where it is no signal. Real-time signals keep their names, and end a server.

    >>> named("9"), named("SIGKILL"), named("kill"), named("0"), named("RTMIN+3"), named("x"), named("99")
    ('KILL', 'KILL', 'KILL', '0', 'RTMIN+3', '', '')
    """
    if word.isascii() and word.isdecimal():
        return NUMBERS.get(int(word) if int(word) < 128 else int(word) - 128, "RT" if 34 <= int(word) <= 64 else "")
    name = word.upper().removeprefix("SIG")
    name = _OTHER.get(name, name)
    return name if name in _NAMES or name.startswith("RTM") else ""
