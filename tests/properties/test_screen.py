"""No escape sequence, no line end and nothing that reorders text gets from outside to the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from guardsh.model.verdict import Accepted, Decision, Reason, Subject, Verdict
from guardsh.screen import report
from guardsh.screen.dialogue import contrast, judge
from guardsh.screen.escape import without_sequences
from guardsh.screen.plain import safe

HARMLESS = {"L", "M", "N", "P", "S"}
hostile = st.text(
    alphabet=st.one_of(st.sampled_from("\x1b[]\\;\n\r\x07\x9b\x7f\u202e\u2066\u2028\udcff\x00 a1m"), st.characters())
)
texts = st.lists(hostile, max_size=3).map(tuple)

verdicts = st.builds(
    Verdict,
    decision=st.sampled_from(Decision),
    host=hostile,
    subject=st.builds(Subject, word=hostile, title=hostile, only_copy=st.booleans()),
    summary=hostile,
    reasons=st.lists(st.builds(Reason, code=hostile, sentence=hostile, sources=texts), max_size=2).map(tuple),
    evidence=st.lists(st.tuples(hostile, hostile, hostile), max_size=3).map(tuple),
    hints=texts,
    unattended=st.booleans(),
)


def harmless(line: str) -> bool:
    return all(character == " " or unicodedata.category(character)[0] in HARMLESS for character in line)


def all_harmless(lines: Sequence[str]) -> bool:
    return all(harmless(line) and line.encode() for line in lines if line)


@given(hostile)
def test_safe_text_is_one_harmless_line(text: str) -> None:
    assert harmless(safe(text))
    assert safe(safe(text)) == safe(text)


@given(st.text(alphabet=st.characters(categories=("L", "N"))))
def test_words_are_left_alone(text: str) -> None:
    assert safe(text) == text


@given(st.binary())
def test_bytes_that_are_no_text_are_shown(name: bytes) -> None:
    assert harmless(safe(name.decode(errors="surrogateescape")))


@given(verdicts, st.integers(1, 200))
def test_reports_are_harmless(verdict: Verdict, width: int) -> None:
    assert all_harmless(report.challenge(verdict, width))
    assert all_harmless(report.refusal(verdict, ("rm", verdict.summary), width))
    assert all_harmless(report.verdict(verdict, width))
    assert all_harmless([report.notice(verdict)])


@given(verdicts, texts)
def test_unattended_is_one_harmless_line(verdict: Verdict, command: tuple[str, ...]) -> None:
    assert harmless(report.unattended(verdict, command))


@given(hostile, verdicts)
def test_the_contrast_is_harmless(answer: str, verdict: Verdict) -> None:
    assert harmless(contrast(answer, verdict))


@given(hostile)
def test_no_control_character_is_left_of_an_answer(typed: str) -> None:
    assert not any(unicodedata.category(character) == "Cc" for character in without_sequences(typed))


@given(hostile)
def test_only_the_phrase_is_accepted(typed: str) -> None:
    verdict = Verdict(Decision.CHALLENGE, "db-01", Subject("primary", "", False), "", ())
    outcome = judge(typed, verdict)
    assert not isinstance(outcome, Accepted) or "primary" in typed.lower()
