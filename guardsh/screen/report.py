"""A verdict in words, as lines for a terminal: what this is, what would happen, how we know, what to do."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from guardsh.model.verdict import Decision, Reason, Verdict
from guardsh.screen.host_name import host_name_remark
from guardsh.screen.plain import safe, shortened
from guardsh.screen.rows import headline, paragraph, table
from guardsh.screen.style import WORDS, Style

_TYPE_ROLE = "To run it, type the host name and the role of what it would hit, as they stand in the first line."
_TYPE_ONLY_COPY = (
    "To run it all the same, type the host name and the role of what it would hit, as they stand in the first line, "
    "and then the words that say why this was refused: only copy."
)
_WORDS = 8  # of a command that are shown in full
_WOULD = {
    Decision.ALLOW: "It would run.",
    Decision.NOTICE: "It would run, with a notice.",
    Decision.CHALLENGE: "It would ask for host name and role.",
    Decision.REFUSE: "It would be refused.",
}


def challenge(verdict: Verdict, width: int, style: Style = WORDS) -> list[str]:
    """Everything above the input line."""
    only_copy = verdict.subject is not None and verdict.subject.only_copy
    remark = host_name_remark(verdict.host)
    said = [
        *_sentences([_text(reason, verdict) for reason in verdict.reasons], width),
        *_hints(verdict, width),
        *(paragraph(f"note: {remark}", width) if remark else []),
    ]
    return [
        *_findings(verdict, width, style),
        *(said and [*said, ""]),
        *paragraph(_TYPE_ONLY_COPY if only_copy else _TYPE_ROLE, width),
    ]


def refusal(verdict: Verdict, command: Sequence[str], width: int, style: Style = WORDS) -> list[str]:
    """What is said where nothing can be answered, the way forward last."""
    override = f"to override, with a reason that goes on record: {_again('--override', 'REASON', command)}"
    hints = (*verdict.hints, override) if command else verdict.hints
    return _concluded(replace(verdict, hints=hints), "Refused.", width, style)


def verdict(verdict: Verdict, width: int = 100, style: Style = WORDS) -> list[str]:
    """What is decided where nothing is asked and nothing runs: `check` and --dry-run."""
    if verdict.subject is None:
        return [f"{safe(verdict.host)}: nothing of Postgres would be touched. It would run."]
    return _concluded(verdict, _WOULD[verdict.decision], width, style)


def facts(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON values, for --json and the audit trail."""
    subject = verdict.subject
    return {
        "decision": verdict.decision.name.lower(),
        "host": verdict.host,
        "subject": subject and {"word": subject.word, "title": subject.title, "only_copy": subject.only_copy},
        "summary": verdict.summary,
        "reasons": [
            {"code": reason.code, "sentence": reason.sentence, "sources": list(reason.sources)}
            for reason in verdict.reasons
        ],
        "evidence": [{"label": label, "value": value, "source": source} for label, value, source in verdict.evidence],
        "hints": list(verdict.hints),
        "unattended": verdict.unattended,
    }


def notice(verdict: Verdict) -> str:
    """One line about a command that runs."""
    return f"guardsh: {safe(verdict.host)}: {_one_line(verdict)} Running."


def unattended(verdict: Verdict, command: Sequence[str]) -> str:
    """One line for standard error where nobody could be asked: what was refused, and what to run instead.

    Host and role are left for a person to write: a line to copy, or $(hostname), would confirm anything anywhere.
    """
    word = verdict.subject.word if verdict.subject else "unknown"
    what = f"guardsh: {safe(verdict.host)} ({safe(word)}): {_one_line(verdict)} Refused."
    return f"{what} {_way_forward(verdict, command)}".rstrip()


def _way_forward(verdict: Verdict, command: Sequence[str]) -> str:
    if not command:
        return ""
    if verdict.subject is None or verdict.subject.only_copy:
        return f"hint: at a terminal: {_again('--override', 'REASON', command)}"
    if verdict.subject.word == "unknown":
        return f"hint: run it at a terminal, where it can be asked about: {_again('', '', command)}"
    return f"hint: with host and role as you know them: {_again('--confirm', 'HOST ROLE', command)}"


def _again(option: str, value: str, command: Sequence[str]) -> str:
    """How the command is given the option; guardsh's own subcommands take it themselves."""
    given = f"{option} '{value}' " if option else ""
    if "guardsh" in command[:1]:
        return f"the same with {given}".rstrip() if given else "the same"
    return f"guardsh run {given}-- {_line(command)}"


def _line(command: Sequence[str]) -> str:
    """The command to run instead; what a shell has expanded is not spelled out again."""
    if len(command) > _WORDS:
        return safe(shortened(shlex.join(command[:3]), 200)) + " …"
    return safe(shortened(shlex.join(command), 200))


def _concluded(verdict: Verdict, conclusion: str, width: int, style: Style) -> list[str]:
    sentences = [*(_text(reason, verdict) for reason in verdict.reasons), conclusion]
    return [*_findings(verdict, width, style), *_sentences(sentences, width), *_hints(verdict, width), ""]


def _findings(verdict: Verdict, width: int, style: Style) -> list[str]:
    subject = verdict.subject
    rows = table(verdict.evidence, width)
    return [
        "",
        *headline(verdict.host, subject.word if subject else "", subject.title if subject else "", width, style),
        *paragraph(verdict.summary, width),
        *(rows and ["", *rows]),
        "",
    ]


def _sentences(texts: Sequence[str], width: int) -> list[str]:
    return paragraph(" ".join(text for text in texts if text), width)


def _hints(verdict: Verdict, width: int) -> list[str]:
    return [line for hint in verdict.hints for line in paragraph(f"hint: {hint}", width)]


def _text(reason: Reason, verdict: Verdict) -> str:
    """The sentence, with those of its sources, unless the summary or a row of the evidence says the same."""
    if reason.sentence == verdict.summary:
        return ""
    shown = {source for _, _, source in verdict.evidence}
    sources = "; ".join(source for source in reason.sources if source not in shown and source not in verdict.summary)
    if not sources:
        return reason.sentence
    return f"{reason.sentence.removesuffix('.')} ({sources})."


def _one_line(verdict: Verdict) -> str:
    sentences = [verdict.summary, *(reason.sentence for reason in verdict.reasons), *verdict.hints]
    return safe(" ".join(_ended(sentence) for sentence in dict.fromkeys(sentences) if sentence))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else sentence + "."
