"""Take passwords, keys and tokens out of a command line before it goes on record."""

from __future__ import annotations

import re

MASK = "***"

# Names whose value is a secret: --walg-libsodium-key, AWS_SECRET_ACCESS_KEY, PGPASSWORD, sslpassword, sig. Rather one
# too many than one too few: what is lost is a value in a log line.
_SECRET = re.compile(
    r"password|passwd|passphrase|secret|token|credential|signature|key(?![a-z])"
    r"|(?<![a-z0-9])(?:pwd|pass|sig)(?![a-z0-9])",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(r"(?<![\w.-])([\w.-]+)\s*=\s*")
# A value as a shell or libpq reads it (conninfo_parse, fe-connect.c): quoted parts, backslashes, no white space.
_VALUE = re.compile(r"""(?:'(?:[^'\\]|\\.?)*(?:'|$)|"(?:[^"\\]|\\.?)*(?:"|$)|\\.?|[^\s'"\\])+""", re.DOTALL)
# postgresql://user:password@host, s3://key:secret@bucket; the host begins after the last @ before a slash.
_URI = re.compile(r"(://[^\s:/@?]*:)[^\s@]*(?:@[^\s/@]*)*@")


def redact(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command with every secret value replaced by ``***``; doing it twice changes nothing."""
    return tuple(
        MASK if _is_value_of(before, word) else _redact_word(word)
        for before, word in zip(("", *words), words, strict=False)
    )


def _is_value_of(option: str, word: str) -> bool:
    """Whether ``word`` is the value of the secret option before it.

    PostgreSQL's own --password takes none (psql, pg_basebackup): what looks like an option after it is one.
    """
    if not option.startswith("--") or option.startswith("--no-") or "=" in option or not _SECRET.search(option):
        return False
    return option != "--password" or not word.startswith("-")


def _redact_word(word: str) -> str:
    whole = _ASSIGNMENT.match(word)
    if whole and _SECRET.search(whole[1]):
        return whole[0] + MASK
    return _URI.sub(rf"\1{MASK}@", _redact_values(word))


def _redact_values(text: str) -> str:
    """Every ``name = value`` inside one word: a conninfo string, a URI's parameters, the script of sh -c."""
    parts: list[str] = []
    position = 0
    while found := _ASSIGNMENT.search(text, position):
        parts.append(text[position : found.end()])
        position = found.end()
        value = _VALUE.match(text, position) if _SECRET.search(found[1]) else None
        if value:
            parts.append(MASK)
            position = value.end()
    return "".join(parts) + text[position:]
