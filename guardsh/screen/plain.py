"""Text from outside (file names, host names, server messages) as one harmless line."""

from __future__ import annotations


def safe(text: str) -> str:
    """Everything that could steer a terminal or reorder what is read, written out as an escape of Python's.

    That is what is not printable to ``str.isprintable``: control and format characters (bidirectional ones too), line
    ends, unusual spaces, unassigned and private characters; and bytes that were not UTF-8 (surrogates, as from
    os.fsdecode).

    >>> safe("a\\x1b[31m\\nb\\u202e\\udcff")
    'a\\\\x1b[31m\\\\nb\\\\u202e\\\\xff'
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _written_out(character) for character in text)


def _written_out(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last one being an ellipsis where some were left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
