"""The guarded commands and redirections of a whole typed line, each with the directory and environment it gets.

What is not known before the line runs is a doubt, never left out; a line that cannot be read to its end is said to be
unjudged. Reads no files: which entries a pattern matches is asked of ``expand``. docs/lines.md tells it to operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from guardsh.commands.shell_found import Found, Reading
from guardsh.commands.shell_prefilter import may_matter, names_anything
from guardsh.commands.shell_state import Expand, Shell
from guardsh.commands.shell_words import UnreadableError
from guardsh.model.intent import Invocation

if TYPE_CHECKING:
    from guardsh.commands.shell_reader import Reader

__all__ = ["Expand", "Found", "Reading", "Shell", "read", "read_words"]

LONGEST = 1 << 16  # characters of a line that is read


def read(text: str, shell: Shell) -> Reading:
    """Every guarded command that the line ``text`` would run, as typed in ``shell``, which is left changed by it."""
    text = text.replace("\0", "")  # as shells do
    if len(text) > LONGEST:
        return Reading((), f"it is longer than {LONGEST} characters" if names_anything(text) else "")
    if not may_matter(text, shell.aliases.values()):
        return Reading(())
    from guardsh.commands.shell_reader import Reader

    return _read(Reader(), lambda reader: reader.line(text, shell))


def read_words(words: Sequence[str], place: str, environment: Mapping[str, str], expand: Expand) -> Reading:
    """The same of one command that is given as its words: nothing in them is expanded once more."""
    from guardsh.commands.shell_commands import Typed
    from guardsh.commands.shell_reader import Reader

    shell = Shell((place,), dict(environment), {}, {}, expand)
    invocation = Invocation(tuple(words), place, dict(environment))
    return _read(Reader(), lambda reader: reader.command(invocation, shell, Typed(tuple(words))))


def _read(reader: Reader, work: Callable[[Reader], object]) -> Reading:
    try:
        work(reader)
    except (UnreadableError, RecursionError) as error:
        why = str(error) if isinstance(error, UnreadableError) else "it nests too deeply"
        return Reading((), why, tuple(reader.elsewhere))
    return Reading(tuple(dict.fromkeys(reader.found)), reader.unjudged, tuple(dict.fromkeys(reader.elsewhere)))
