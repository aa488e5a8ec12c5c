"""The entrance for the shells' line hooks: ``guardsh line --shell NAME --pid PID``, the line on standard input.

A line that touches nothing of Postgres is decided without anything heavy; the plainest without reading it as a shell's.
The exit status is 0 where the line may run and 77 where it may not.
"""

from __future__ import annotations

import os
import sys

from guardsh.line import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from guardsh.commands.shell_found import Found, Reading
    from guardsh.line.handed import Handed

_SHELLS = ("bash", "zsh", "fish")
_USAGE = 2


def main(words: list[str]) -> int:
    """Judge the line; ``words`` are those after ``line``."""
    match words:
        case ["--shell", language, "--pid", pid] if language in _SHELLS and pid.isdigit():
            data = sys.stdin.buffer.read()
        case _:
            sys.stderr.write("guardsh: usage: guardsh line --shell bash|zsh|fish --pid PID < LINE\n")
            return _USAGE
    return 0 if plain.certainly_unrelated(data) or _is_calm(data) else _judge(data, language, int(pid))


def _is_calm(data: bytes) -> bool:
    """Whether neither the line nor an alias has anything to look at."""
    from guardsh.commands.shell_prefilter import may_matter

    line, *records = data.decode(errors="surrogateescape").split("\0")
    aliases = [record.partition("=")[2] for record in records if record.startswith("a ")]
    return data.endswith(b"\0") and not may_matter(line, aliases)


def _judge(data: bytes, language: str, shell: int) -> int:
    from guardsh.line.handed import parse

    status = _sent_out(data, language, shell)
    if status is not None:
        return status
    handed = parse(data)
    reading = _going_out(read(handed, language))
    if not reading.found and not reading.unjudged:
        return 0
    from guardsh import judge
    from guardsh.line import story

    return story.settle(judge.relevant(reading, handed.functions), handed.line, shell, handed.functions)


def _sent_out(data: bytes, language: str, shell: int) -> int | None:
    """Have the line judged outside the shield that we are in; None where we are in none."""
    from guardsh.system import errand_sent

    text = os.memfd_create("line")
    os.write(text, data)
    os.lseek(text, 0, os.SEEK_SET)
    words = [b"line", b"--shell", language.encode(), b"--pid", b"%d" % shell]
    outcome = errand_sent.run(words, stdin=text)
    os.close(text)
    return None if outcome is None else outcome.status


def _going_out(reading: Reading) -> Reading:
    """Of a line that was typed in a shield, what will leave it. Of the tools that work on files, those that have no
    shim stay inside, where the kernel keeps them from doing harm."""
    from guardsh.system import errand

    if not errand.is_outside():
        return reading
    from dataclasses import replace

    from guardsh.commands import SHIMMED
    from guardsh.fastpath import FILE_TOOLS

    stays = FILE_TOOLS - SHIMMED
    return replace(reading, found=tuple(each for each in reading.found if each.invocation.name not in stays))


def read(handed: Handed, language: str) -> Reading:
    """What a line would run that may touch something."""
    from guardsh.commands import shell_line
    from guardsh.observe.matching import matching

    variables: dict[str, tuple[str, ...] | None] = {
        name: None if value is None else (value,) for name, value in handed.variables.items()
    }
    shell = shell_line.Shell((here(),), dict(os.environ), variables, handed.aliases, matching, language=language)
    return without_harmless(shell_line.read(handed.line, shell))


def typed(text: str) -> Reading:
    """The same of a line that is only asked about: the shell's own variables and aliases are not known."""
    from guardsh.commands import shell_line
    from guardsh.observe.matching import matching

    shell = shell_line.Shell((here(),), dict(os.environ), {}, {}, matching, complete=False)
    return without_harmless(shell_line.read(text, shell))


def without_harmless(reading: Reading) -> Reading:
    from dataclasses import replace

    return replace(reading, found=tuple(found for found in reading.found if not _is_harmless(found)))


def here() -> str:
    """As the shell calls it, where that is true: ``cd ..`` goes by names."""
    named = os.environ.get("PWD", "")
    try:
        return named if os.path.isabs(named) and os.path.samefile(named, ".") else os.getcwd()
    except OSError:
        return "/proc/self/cwd"


def _is_harmless(found: Found) -> bool:
    from guardsh import fastpath

    invocation = found.invocation
    if found.doubts:
        return False
    before = os.open(".", os.O_PATH | os.O_CLOEXEC)
    try:
        os.chdir(os.path.expanduser(invocation.cwd))
        return fastpath.certainly_unrelated(invocation.name, invocation.arguments) and _is_harmless_below(found)
    except (OSError, ValueError):
        return False
    finally:
        os.fchdir(before)
        os.close(before)


def _is_harmless_below(found: Found) -> bool:
    """Of operands that stand for anything below them, the trees count."""
    from guardsh import fastpath

    below = found.invocation.below
    return not below or fastpath.certainly_unrelated("rm", ("-rf", "--", *below))
