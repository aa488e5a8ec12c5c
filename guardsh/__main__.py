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
_IN_THE_SHIELD = ([b"completion"], [b"init"], [b"prompt"], [b"shell"])  # what never looks at an instance
# To a shim (shell-integrations/prefilter.sh); no crash ends like that.
PERMITTED = 86
_IN_ITS_PLACE = {0: 87, 1: 88}  # what the command was to do is done otherwise, with the status that it would have


def main() -> int:
    """Run the command line that this process was started with; the exit status of guardsh (docs/exit-statuses.md)."""
    name = os.path.basename(sys.argv[0])
    words = program.original_arguments()
    if words[:1] == [b"outside"] and len(words) > 3 and all(map(bytes.isdigit, words[1:4])):
        from guardsh.system import errand

        words = errand.stand_for(words)
    if name not in ("guardsh", "__main__.py"):
        return run([os.fsencode(name), *words])
    if words[:2] == [b"run", b"--"] and len(words) > 2:
        return run(words[2:])
    if words[:2] == [b"permit", b"--"] and len(words) > 2:
        status = permit(words[2:], os.getppid())
        return _IN_ITS_PLACE.get(status, status)
    if words[:2] == [b"shell", b"--login"] and len(words) == 4:
        return _login(words[2], words[3])
    if words[:1] == [b"line"]:
        return _line(words[1:])
    if words[:1] == [b"prompt"] and _is_shown(words[1:]):
        return 0
    if words[:1] not in _IN_THE_SHIELD and (outcome := _sent_out(words)) is not None:
        return outcome
    from guardsh.cli import main as command_line

    return command_line()


def _is_shown(options: list[bytes]) -> bool:
    """Print the segment without click, which would take longer than all the rest: it is for every prompt."""
    from guardsh.watch import prompt

    style = "text" if not options else os.fsdecode(options[-1])
    if style not in prompt.FORMATS or options[:-1] not in ([], [b"--format"]) or len(options) == 1:
        return False
    print(prompt.segment(style))
    return True


def run(words: list[bytes]) -> int:
    """Guard one command, given as its words, and become it."""
    status = permit(words)
    return program.become(words) if status == PERMITTED else status


def permit(words: list[bytes], becomes: int | None = None) -> int:
    """Guard one command for whoever becomes it: 86, or the exit status where it is not to run (any more)."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    if sys.stderr is None:  # the caller has closed it
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for as long as we are)
    texts = [os.fsdecode(word) for word in words]
    if _certainly_unrelated(texts):
        return PERMITTED
    try:
        if (outcome := _sent_out([b"run", b"--", *words], PERMITTED)) is not None:
            return outcome
        import gc

        gc.disable()  # for one command: importing takes a fifth less
        from guardsh import guard

        status = guard.outcome(texts, becomes=becomes)
        return PERMITTED if status is None else status
    except Exception as error:
        return _crashed(error, words)


def _sent_out(words: list[bytes], inside: int | None = None) -> int | None:
    """Have guardsh called outside the shield that we are in: its status; ``inside``, or what comes of the command,
    where that shall be run here after all. None where we are in no shield."""
    from guardsh.system import errand_sent

    outcome = errand_sent.run(words)
    if outcome is None:
        return None
    if outcome.inside:
        return inside or program.become(words[-outcome.inside :])
    # A shim would take 86 of the command's own for our permission, and run it a second time.
    return 1 if outcome.status == inside else outcome.status


def _line(words: list[bytes]) -> int:
    """Judge a typed line for the shell that read it; whatever goes wrong, the shell must get a status."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    try:
        from guardsh.line import entrance

        return entrance.main([os.fsdecode(word) for word in words])
    except Exception as error:
        sys.stderr.write(
            f"guardsh: could not judge this line: {f'{type(error).__name__}: {error}'.splitlines()[0]!r}\n"
        )
        return FAILED


def _login(name: bytes, path: bytes) -> int:
    """Become a login shell in a shield (shell-integrations/login.sh): whatever is wrong with us, there is a shell."""
    try:
        from guardsh.operations import login_shield

        return login_shield.become(name, path)
    except BaseException as error:
        sys.stderr.write(f"guardsh: this shell is not shielded: {type(error).__name__}: {error}\n")
        for number in (_signal.SIGINT, _signal.SIGQUIT):  # ignored until now
            _signal.signal(number, _signal.SIG_DFL)
        return program.become([name], b"GUARDSH_SHIELD=off", path)


def _certainly_unrelated(words: list[str]) -> bool:
    name = os.path.basename(words[0])
    if name in PREFIXES and any(_may_run_something(word) for word in words[1:]):
        return False
    return name not in COMMANDS or fastpath.certainly_unrelated(name, words[1:])


def _may_run_something(word: str) -> bool:
    """Whether a word has a guarded name anywhere, or what a shell may make one of."""
    return any(mark in word for mark in "\\'\"$`") or any(command in word for command in COMMANDS)


def _crashed(error: Exception, words: list[bytes]) -> int:
    """Nothing is run that could not be judged, unless somebody says why (GUARDSH_BREAK_GLASS), on record."""
    reason = os.environ.get("GUARDSH_BREAK_GLASS", "")
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    if reason:
        import syslog

        syslog.syslog(syslog.LOG_WARNING, f"guardsh: break glass ({reason!r}) after {what!r}: {words!r}")
        return PERMITTED
    sys.stderr.write(
        f"guardsh: could not judge this command: {what!r}; not run\n"
        "hint: to run it all the same, on record: GUARDSH_BREAK_GLASS='REASON' before the command\n"
    )
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
