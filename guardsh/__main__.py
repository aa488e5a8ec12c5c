"""The front door: started as a guarded name, guard that command; otherwise the command line of guardsh.

Light by contract (tests/test_imports.py): what an unrelated ``rm`` pays for is imported here.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os
import sys

from guardsh import fastpath
from guardsh.commands import COMMANDS, PREFIXES
from guardsh.system import program

FAILED = 125


def main() -> int:
    """Run the command line that this process was started with; the exit status of guardsh (docs/exit-statuses.md)."""
    name = os.path.basename(sys.argv[0])
    words = program.original_arguments()
    if name not in ("guardsh", "__main__.py"):
        return run([os.fsencode(name), *words])
    if words[:2] == [b"run", b"--"] and len(words) > 2:
        return run(words[2:])
    from guardsh.cli import main as command_line

    return command_line()


def run(words: list[bytes]) -> int:
    """Guard one command, given as its words, and become it."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    if sys.stderr is None:  # the caller has closed it
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for as long as we are)
    texts = [os.fsdecode(word) for word in words]
    if _certainly_unrelated(texts):
        return program.become(words)
    try:
        import gc

        gc.disable()  # for one command: importing takes a fifth less
        from guardsh import guard

        return guard.command(texts, words)
    except Exception as error:
        return _crashed(error, words)


def _certainly_unrelated(words: list[str]) -> bool:
    name = os.path.basename(words[0])
    if name in PREFIXES:  # a guarded name may also end a word that env -S will split
        return not any(part.endswith(tuple(COMMANDS)) for word in words for part in word.split())
    return name not in COMMANDS or fastpath.certainly_unrelated(name, words[1:])


def _crashed(error: Exception, words: list[bytes]) -> int:
    """Nothing is run that could not be judged, unless somebody says why (GUARDSH_BREAK_GLASS), on record."""
    reason = os.environ.get("GUARDSH_BREAK_GLASS", "")
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    if reason:
        import syslog

        syslog.syslog(syslog.LOG_WARNING, f"guardsh: break glass ({reason!r}) after {what!r}: {words!r}")
        return program.become(words)
    sys.stderr.write(
        f"guardsh: could not judge this command: {what!r}; not run\n"
        "hint: to run it all the same, on record: GUARDSH_BREAK_GLASS='REASON' before the command\n"
    )
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
