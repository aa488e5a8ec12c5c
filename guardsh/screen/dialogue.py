"""The challenge: one question, one attempt, answered by a person at the terminal or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping

from guardsh.model.verdict import Accepted, Rejected, Verdict
from guardsh.screen import escape, paint, report
from guardsh.screen.plain import safe, shortened
from guardsh.screen.style import style_for
from guardsh.system.terminal import NoAnswer, Terminal

_PROMPT = "host and role> "
_OWN_WORDS = {
    "primary": "the primary",
    "replica": "a replica",
    "recovering": "recovering, perhaps the only copy",
    "unknown": "of unknown role",
    "backup": "a backup",
}


def ask(terminal: Terminal, verdict: Verdict, patience: float, painting: bool = True) -> Accepted | Rejected:
    """Ask for host name and role, waiting ``patience`` seconds for the answer (and as long for another question on
    the same terminal). Whatever else happens (a signal, a closed terminal, a paste) is a rejection that says so.

    ``verdict`` must have a subject. The terminal has its modes and colours back on return.
    """
    try:
        with terminal.undisturbed(), terminal.exclusive(patience), terminal.cooked():
            typed = _typed(terminal, verdict, patience, os.environ, painting)
        outcome = judge(typed, verdict)
        begin = ""
    except NoAnswer as instead:
        outcome = Rejected("", instead.why)
        begin = "\r\n"
    if isinstance(outcome, Rejected):
        terminal.write_if_possible(f"{begin}  {outcome.why}. Nothing was run.\r\n")
    return outcome


def judge(typed: str, verdict: Verdict) -> Accepted | Rejected:
    """Compare a line as it came from the terminal with the phrase."""
    answer = " ".join(escape.without_sequences(typed).split())
    if escape.PASTE_BEGINS in typed or escape.PASTE_ENDS in typed:
        return Rejected(answer, "pasted, not typed")
    if not answer:
        return Rejected("", "nothing typed")
    if matches(answer, verdict):
        return Accepted(answer)
    return Rejected(answer, contrast(answer, verdict))


def matches(answer: str, verdict: Verdict) -> bool:
    """Whether ``answer`` is the phrase, in letters of either case; the node's own full name is as good as the host
    name's first label."""
    short, _, rest = verdict.phrase.partition(" ")
    hosts = {short, _first_label(short)}
    full = os.uname().nodename
    if _first_label(full) == _first_label(short):
        hosts.add(full)
    given = " ".join(answer.split()).casefold()
    return given in {f"{host} {rest}".casefold() for host in hosts}


def contrast(answer: str, verdict: Verdict) -> str:
    """What was typed beside what is the case.

    The missing words of an override are named; nothing else of the phrase is shown as it must be typed.
    """
    return f"you typed {safe(shortened(answer, 60))}; {truth(verdict)}"


def truth(verdict: Verdict) -> str:
    """Which host this is, and what would be hit on it."""
    assert verdict.subject is not None
    what = f"it is {_OWN_WORDS.get(verdict.subject.word, safe(verdict.subject.word))}"
    if verdict.subject.only_copy:
        what += ", the only live copy, which must be said in words"
    return f"this is {safe(verdict.host)}, and {what}"


def _first_label(host: str) -> str:
    return host.partition(".")[0].casefold()


def _typed(
    terminal: Terminal, verdict: Verdict, patience: float, environment: Mapping[str, str], painting: bool
) -> str:
    assert verdict.subject is not None
    text = "\n".join(report.challenge(verdict, terminal.width, style_for(environment))) + "\n\n"
    if not paint.may_paint(environment, painting):
        terminal.write(text)
        return _answer(terminal, patience)
    own = paint.show(terminal, text)
    with paint.painted(terminal, paint.chosen(verdict.subject.word, own)):
        return _answer(terminal, patience)


def _answer(terminal: Terminal, patience: float) -> str:
    with terminal.changed(escape.MARK_PASTES, escape.LEAVE_PASTES):
        terminal.discard_input()
        terminal.write(_PROMPT)
        return terminal.read_line(patience)
