"""What a command or a whole typed line comes to: understood, looked at, decided. Nothing is asked and nothing runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from guardsh import commands
from guardsh.commands.prefixes import RUNNERS, peel
from guardsh.commands.shell_found import Found, Reading
from guardsh.model.finding import Findings
from guardsh.model.intent import Effect, Intent, Invocation, TextOf
from guardsh.model.policy import Policy
from guardsh.model.verdict import Caller, Decision, Reason, Verdict
from guardsh.observe import findings as observation
from guardsh.observe import node, shims, texts
from guardsh.observe.matching import matching
from guardsh.policy import config, whole_line
from guardsh.policy.assess import assess
from guardsh.policy.change import what_changed
from guardsh.screen import saying
from guardsh.system import terminal
from guardsh.system.apart import Deadline


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `guardsh run` was told beside the command."""

    confirm: str | None = None  # "HOST ROLE"
    override: str | None = None  # the reason, for the record
    dry_run: bool = False


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Case:
    """One command, understood and looked at, with what was decided."""

    found: Found
    intents: tuple[Intent, ...]
    policy: Policy
    caller: Caller
    findings: Findings
    verdict: Verdict

    @property
    def words(self) -> tuple[str, ...]:
        return self.found.typed

    @property
    def invocation(self) -> Invocation:
        return self.found.invocation

    @property
    def starts(self) -> bool:
        """Whether it is a program that starts, rather than the shell's own doing, or a line that was not read."""
        return bool(self.invocation.words) and not self.found.is_redirection


def words(given: Sequence[str], wishes: Wishes = NO_WISHES, caller: Caller | None = None) -> tuple[Case, ...]:
    """The cases of one command: one, but where it runs others (``sudo sh -c '…'``, ``find -exec``)."""
    here, environment = working_directory(), dict(os.environ)
    plain = Found(peel(tuple(given), here, environment), tuple(given))
    if not RUNNERS.intersection(map(os.path.basename, given)):
        return (one(plain, wishes, caller),)
    from guardsh.commands import shell_line

    reading = shell_line.read_words(given, here, environment, matching)
    return line(reading, tuple(given), wishes, caller) or (one(plain, wishes, caller),)


def line(
    reading: Reading, typed: tuple[str, ...], wishes: Wishes = NO_WISHES, caller: Caller | None = None
) -> tuple[Case, ...]:
    """The cases of all that a line runs, as it was read; none where that is nothing that is guarded."""
    judged = [one(found, wishes, caller) for found in reading.found]
    if reading.unjudged:
        judged.append(_unjudged(reading.unjudged, typed, caller))
    return tuple(judged)


def one(found: Found, wishes: Wishes = NO_WISHES, caller: Caller | None = None) -> Case:
    """Understand a command, look at what it would touch, and decide."""
    policy = _policy()
    invocation, intents = _understood(_here(found.invocation), policy)
    findings = observation.look(intents, invocation, policy)
    caller = caller or terminal.caller()
    if wishes.confirm is not None and wishes.override is None:
        caller = replace(caller, attended=True)  # somebody has answered beforehand; an override takes a person now
    verdict = assess(findings, caller, policy, override=wishes.override is not None)
    if found.note and verdict.subject:
        verdict = replace(verdict, reasons=(*verdict.reasons, Reason("note", found.note)))
    case = Case(replace(found, invocation=invocation), intents, policy, caller, findings, verdict)
    return _unsure(case) if found.doubts and intents else case


def nothing(typed: str, caller: Caller) -> Case:
    """The case of a line that runs nothing that is guarded."""
    policy = _policy()
    findings = observation.look((), Invocation((), "/", {}), policy)
    found = Found(Invocation((), working_directory(), {}), (typed,))
    return Case(found, (), policy, caller, findings, assess(findings, caller, policy))


def unknown(typed: tuple[str, ...], why: str, caller: Caller | None = None) -> Case:
    """The case of what nothing certain can be said of: it counts as reaching whatever runs on this node."""
    return _unjudged(why, typed, caller)


def together(cases: Sequence[Case]) -> Case:
    """The gravest, with a verdict that speaks for all."""
    verdicts = [case.verdict for case in cases]
    return replace(cases[whole_line.gravest(verdicts)], verdict=whole_line.joined(verdicts))


def changed(cases: Sequence[Case], wishes: Wishes = NO_WISHES) -> str:
    """Look at everything once more: the sentence that voids an answer, or nothing."""
    for before in cases:
        now = _again(before, wishes)
        sentence = what_changed(before.findings, now.findings, before.verdict, now.verdict)
        if sentence:
            return sentence
    return ""


def relevant(reading: Reading, functions: frozenset[str] = frozenset()) -> Reading:
    """Without the commands that a function of the shell (``functions`` are their names) or a shim will see when their
    words are known."""
    return replace(reading, found=tuple(each for each in reading.found if not _is_seen_later(each, functions)))


def _is_seen_later(found: Found, functions: frozenset[str]) -> bool:
    return bool(found.doubts) and is_met(found, functions)


def is_met(found: Found, functions: frozenset[str]) -> bool:
    """Whether the command comes to guardsh when it starts: through a function of the shell, or a shim."""
    if found.is_redirection:
        return False
    name = found.invocation.words[0]
    if found.by_name and name in functions:
        return True
    by_sudo = "sudo" in found.invocation.prefixes
    return "/" not in name and shims.is_shimmed(name, None if by_sudo else found.invocation.environment.get("PATH"))


def _again(before: Case, wishes: Wishes) -> Case:
    if before.found.invocation.words:
        return one(before.found, wishes, before.caller)
    return _unjudged(before.found.note, before.words, before.caller)


def _unsure(case: Case) -> Case:
    """What the operands may turn out to be counts, and what is known of them, whichever is graver."""
    doubt = case.found.doubts[0]
    seen = node.look(case.policy.data_directories, case.policy.connections, Deadline(case.policy.deadline))
    findings = whole_line.on_whatever_runs(case.findings, seen)
    verdict = whole_line.unsure(findings, case.caller, case.policy, doubt)
    if case.found.is_redirection:  # it is one file, by a name that nobody has typed
        verdict = replace(verdict, decision=min(verdict.decision, Decision.NOTICE), unattended=False)
    if whole_line.gravest([verdict, case.verdict]) == 1:
        return case
    return replace(case, findings=findings, verdict=verdict)


def _unjudged(why: str, typed: tuple[str, ...], caller: Caller | None) -> Case:
    """A line of which nothing certain can be said."""
    policy, caller = _policy(), caller or terminal.caller()
    seen = node.look(policy.data_directories, policy.connections, Deadline(policy.deadline))
    intents = (Intent(Effect.DELETE, (), "this line would do"),)
    findings = whole_line.on_whatever_runs(Findings(seen, intents, ((),), ((),)), seen)
    found = Found(Invocation((), working_directory(), {}), typed, note=why)
    return Case(found, intents, policy, caller, findings, whole_line.unjudged(findings, caller, policy, why))


def _here(invocation: Invocation) -> Invocation:
    """Where the prefixes lead, as a path: after sudo -i it is the other account's home."""
    return replace(invocation, cwd=os.path.expanduser(invocation.cwd))


def _understood(invocation: Invocation, policy: Policy) -> tuple[Invocation, tuple[Intent, ...]]:
    """What the command would do; files that tell it (psql -f) are read first, and then those that they name."""
    deadline = Deadline(policy.deadline)
    while True:
        intents = commands.understand(invocation)
        asked = {each for intent in intents for each in intent.questions if isinstance(each, TextOf)}
        if not asked - invocation.texts.keys():
            return invocation, intents
        read = texts.read(asked - invocation.texts.keys(), invocation.cwd, deadline)
        invocation = replace(invocation, texts={**invocation.texts, **read})


def working_directory() -> str:
    """Where this process is, as a path that leads there."""
    try:
        return os.getcwd()
    except FileNotFoundError:  # it has been removed: only absolute paths lead anywhere
        return "/proc/self/cwd"


def _policy() -> Policy:
    """The configuration; where it cannot be used, what guardsh came with, said on the terminal."""
    try:
        return config.load()
    except config.ConfigurationError as error:
        saying.say([f"guardsh: the configuration is not used, built-in policy instead: {error.problems[0]}"])
        return config.builtin()
