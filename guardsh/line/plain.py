"""The plainest line: one guarded command of words that mean themselves, certainly unrelated to any instance.

Light by contract: a typed ``rm FILE`` waits for this. Every doubt is answered "not certain", and the line is read.
"""

from __future__ import annotations

from guardsh import fastpath

# Nothing that a shell expands, or takes for more than a part of a word; as bytes, as they come.
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@+ ")


def certainly_unrelated(handed: bytes) -> bool:
    """Whether the line of these records (guardsh/line/handed.py) is such a command, looked at where we are."""
    line, *records = handed.split(b"\0")
    words = _words(line.rstrip(b"\n"))
    begun = _begun(words[0], records) if words and handed.endswith(b"\0") else []
    if not begun:
        return False
    name = begun[0].rpartition("/")[2]
    return fastpath.certainly_unrelated(name, begun[1:] + words[1:])


def _words(text: bytes) -> list[str]:
    """None where one of them is not plain."""
    return text.decode().split() if _PLAIN.issuperset(text) else []


def _begun(name: str, records: list[bytes]) -> list[str]:
    """What stands for the first word: itself, or its alias, where that only adds words to it (rm='rm -i'); else
    nothing."""
    for record in records:
        if record.startswith(f"a {name}=".encode()):
            text = record.partition(b"=")[2]
            words = _words(text)
            return words if words[:1] == [name] and not text.endswith(b" ") else []
    return [name]
