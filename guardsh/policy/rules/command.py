"""Reasons that lie in the command itself: what is doubtful about it, and what its tool would do."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.data_directory import Contents
from guardsh.model.intent import Effect, Emptiness, Question, Setting, ToolVersion
from guardsh.model.observed import Known, Observed, Unknown, explain
from guardsh.model.policy import ForbiddenVersion, Standing
from guardsh.model.verdict import Decision
from guardsh.policy.case import Case, Ruling
from guardsh.policy.versions import satisfies, version

_REVERSE_UNPACK = "WALG_USE_REVERSE_UNPACK"
_TRUE = ("1", "t", "true")  # strconv.ParseBool, which viper takes


def doubt(case: Case) -> Iterator[Ruling]:
    for sentence in case.intent.doubts:
        yield Ruling(f"Not sure what the command does, so the worst is assumed: {sentence.removesuffix('.')}.")


def note(case: Case) -> Iterator[Ruling]:
    """What its grammar wants to be seen; notes are true of what counts, and nothing but words elsewhere."""
    touches = case.touch is not None or case.backup is not None or bool(case.unseen)
    notes = case.intent.notes if case.standings != (Standing.NOTHING,) else ()
    for sentence in (*case.intent.remarks, *notes):
        least = Decision.NOTICE if touches else Decision.ALLOW
        yield Ruling(f"{sentence[:1].upper()}{sentence[1:].removesuffix('.')}.", least=least)


def forbidden_version(case: Case) -> Iterator[Ruling]:
    for question, forbidden in _forbidden(case):
        said = _answer(case, question)
        found = version(said.value) if isinstance(said, Known) else None
        if found and satisfies(found, forbidden.versions):
            what = f"{forbidden.tool} {forbidden.versions} is forbidden here: {forbidden.reason}"
            yield Ruling(f"{what}.", (f"{explain(said)}: {_printed(said)}",), Decision.CHALLENGE)


def version_unknown(case: Case) -> Iterator[Ruling]:
    """A version that could not be asked for may be a forbidden one; one without a number (``devel``) is pointed out."""
    for question in dict.fromkeys(question for question, _ in _forbidden(case)):
        said = _answer(case, question)
        if isinstance(said, Unknown):
            yield Ruling(f"Whether this {question.tool} is forbidden is not known: {said.why}.", (), Decision.CHALLENGE)
        elif version(said.value) is None:
            yield Ruling(f"Its version names no number: {_printed(said)}.", (said.source,), Decision.NOTICE)


def refuses_itself(case: Case) -> Iterator[Ruling]:
    looks = [_answer(case, question) for question in _emptiness(case)]
    if looks and all(isinstance(look, Known) and look.value == "not empty" for look in looks):
        yield Ruling("wal-g will refuse by itself: the directory is not empty.", (explain(looks[0]),))


def taken_for_empty(case: Case) -> Iterator[Ruling]:
    """The holes in wal-g's check: a link is not followed, an unreadable directory looks empty."""
    if case.instance is None or _is_empty(case):
        return
    for question in _emptiness(case):
        look = _answer(case, question)
        if isinstance(look, Unknown):
            yield Ruling(f"Whether wal-g will find it empty is not known: {look.why}.", (), Decision.NOTICE)
        elif look.value == "empty":
            yield Ruling("wal-g will find it empty, although it is not.", (look.source,), Decision.NOTICE)


def backups(case: Case) -> Iterator[Ruling]:
    if case.backup is not None:
        backup = case.backup
        what = f"{backup.path} holds {backup.what}; whether that is kept anywhere else is not known here"
        yield Ruling(f"{what}.", (backup.source,))
    elif case.effect is Effect.EXPIRE:
        yield Ruling("What remains afterwards is not known from here: list the backups first.")


def _forbidden(case: Case) -> Iterator[tuple[ToolVersion, ForbiddenVersion]]:
    for question in case.intent.questions:
        for forbidden in case.inquiry.policy.forbidden:
            if isinstance(question, ToolVersion) and question.tool == forbidden.tool:
                yield question, forbidden


def _emptiness(case: Case) -> Iterator[Emptiness]:
    """The ways in which wal-g may look: both, where its configuration could not be read."""
    reverse = _reverse_unpack(case)
    for question in case.intent.questions:
        if isinstance(question, Emptiness) and (reverse is None or reverse is not question.resolve):
            yield question


def _reverse_unpack(case: Case) -> bool | None:
    for question in case.intent.questions:
        if isinstance(question, Setting) and question.name == _REVERSE_UNPACK:
            said = _answer(case, question)
            return said.value.lower() in _TRUE if isinstance(said, Known) else None
    return None


def _answer(case: Case, question: Question) -> Observed[str]:
    return case.inquiry.findings.answers.get(question, Unknown("not asked"))


def _is_empty(case: Case) -> bool:
    contents = case.instance.directory.contents if case.instance else Unknown("")
    return isinstance(contents, Known) and contents.value in (Contents.ABSENT, Contents.EMPTY)


def _printed(said: Observed[str]) -> str:
    return " ".join(said.value.split()) if isinstance(said, Known) else ""
