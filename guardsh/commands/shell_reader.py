"""The running of a line in the mind: its statements in their order, with all that each may find when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from guardsh.commands import shell_aliases, shell_builtins, upstream
from guardsh.commands.shell_commands import Outcome
from guardsh.commands.shell_expansion import expand
from guardsh.commands.shell_flat import flat
from guardsh.commands.shell_prefilter import mentioned
from guardsh.commands.shell_simple import SimpleReader, called, only_place
from guardsh.commands.shell_state import Shell, Values, merge, widen
from guardsh.commands.shell_statements import (
    AndOr,
    Apart,
    Case,
    For,
    Function,
    If,
    Loop,
    Negated,
    Pipeline,
    Redirected,
    Simple,
    Statement,
)  # fmt: skip
from guardsh.commands.shell_statements import Sequence as Statements
from guardsh.commands.shell_tokens import Lexer
from guardsh.commands.shell_words import UnreadableError, Word

_MOST_STATEMENTS = 20_000
_MOST_CHARACTERS = 1 << 18  # of all texts together: what lies in another is read twice
_NOT_PARSED = "this line could not be parsed"
_NOTHING = Statements(())
_IN_ONE_PLACE = (Simple, Pipeline, Redirected, For)  # what they are depends on where they run


class Reader(SimpleReader):
    def __init__(self) -> None:
        super().__init__()
        self.unjudged = ""
        self.statements = 0
        self.characters = 0

    def line(self, line: str, shell: Shell) -> None:
        """A whole line, and the functions that it defines without calling them."""
        if shell.language == "zsh" and "#" in line:
            self._without_comments(line, shell.copy())
        self.script(line, shell)
        for name in [name for name in shell.functions if name not in self.called]:
            before = len(self.found)
            for body in shell.functions[name]:
                self.run(body, called(shell, (), known=False))
            self.found[before:] = [found for found in self.found[before:] if not found.doubts]

    def _without_comments(self, line: str, shell: Shell) -> None:
        """As a zsh reads it that has no comments; what it cannot parse it does not run."""
        shell.comments = False
        self.script(line, shell)
        self.found = [found for found in self.found if _NOT_PARSED not in found.doubts]
        self.unjudged = ""

    def script(self, line: str, shell: Shell) -> Outcome:
        if shell.aliases:
            line = shell_aliases.expanded(line, shell.aliases, shell.language)
        self.characters += len(line)
        if self.characters > _MOST_CHARACTERS:
            raise UnreadableError("it is too long")
        statement = self._parsed(line, shell)
        if statement is not None:
            return self.run(statement, shell)
        before = len(self.found)
        outcome = self.run(flat(Lexer(line, shell.language, comments=shell.comments).tokens()), shell)
        if shell.language != "fish":
            self._doubt(before, line)
        return outcome

    def _parsed(self, line: str, shell: Shell) -> Statement | None:
        """None where the grammar of bash does not know it."""
        from guardsh.commands import shell_tree

        lexer = Lexer(line, shell.language, comments=shell.comments)
        tokens = lexer.tokens()
        if shell.language == "fish" or not lexer.complete:
            return None
        try:
            return shell_tree.parse(tokens)
        except shell_tree.NotParsedError:
            return None

    def _doubt(self, before: int, line: str) -> None:
        """Of what could not be parsed nothing is certain, and what it names may be run."""
        self.found[before:] = [replace(one, doubts=(*one.doubts, _NOT_PARSED)) for one in self.found[before:]]
        name = mentioned(line)
        if name and not self.found[before:]:
            self.unjudged = f"it could not be parsed, and it names {name}"

    # statements

    def run(self, statement: Statement, shell: Shell, given: str | None = None) -> Outcome:
        self.statements += 1
        if self.statements > _MOST_STATEMENTS:
            raise UnreadableError("it runs too much")
        method: Callable[..., Outcome] = getattr(self, f"_run_{type(statement).__name__.lower()}")
        if not isinstance(statement, _IN_ONE_PLACE) or shell.places is None or len(shell.places) == 1:
            return method(statement, shell, given)
        succeeds, fails = zip(*(method(statement, shell.at((place,)), given) for place in shell.places), strict=True)
        return reduce(merge, succeeds), reduce(merge, fails)

    def _run_sequence(self, statement: Statements, shell: Shell, given: str | None) -> Outcome:
        outcome: Outcome = (shell, shell)
        for part in statement.parts:
            now = merge(*outcome)
            if now is None:
                break
            outcome = self.run(part, now, given)
        return outcome

    def _run_andor(self, statement: AndOr, shell: Shell, given: str | None) -> Outcome:
        succeeds, fails = self.run(statement.first, shell, given)
        for operator, other in statement.others:
            starting = succeeds if operator == "&&" else fails
            if starting is None:
                continue
            then, otherwise = self.run(other, starting.copy(), given)
            if operator == "&&":
                succeeds, fails = then, merge(fails, otherwise)
            else:
                succeeds, fails = merge(succeeds, then), otherwise
        return succeeds, fails

    def _run_pipeline(self, statement: Pipeline, shell: Shell, given: str | None) -> Outcome:
        """Each part in a shell of its own; in zsh the last one runs in this."""
        after: Shell | None = None
        starts: tuple[str, ...] | None = None
        for part in upstream.fed(statement.parts):
            inside = shell.copy()
            after = merge(*self._run_part(part, inside, given, starts))
            given = upstream.output(part, inside, given)
            starts = upstream.below(part, inside, starts)
        now = merge(shell, after) if shell.language == "zsh" else shell
        return now, now

    def _run_part(self, part: Statement, shell: Shell, given: str | None, starts: tuple[str, ...] | None) -> Outcome:
        if isinstance(part, Simple):
            return self.simple(part, shell, given, starts)
        return self.run(part, shell, given)

    def _run_simple(self, statement: Simple, shell: Shell, given: str | None) -> Outcome:
        return self.simple(statement, shell, given, None)

    def _run_negated(self, statement: Negated, shell: Shell, given: str | None) -> Outcome:
        succeeds, fails = self.run(statement.body, shell, given)
        return fails, succeeds

    def _run_apart(self, statement: Apart, shell: Shell, given: str | None) -> Outcome:
        self.run(statement.body, shell.copy(), given)
        return shell, shell

    def _run_redirected(self, statement: Redirected, shell: Shell, given: str | None) -> Outcome:
        given = self.redirect(statement.redirections, shell, only_place(shell), given)
        return self.run(statement.body, shell, given)

    def _run_if(self, statement: If, shell: Shell, given: str | None) -> Outcome:
        succeeds, fails = self.run(statement.condition, shell, given)
        then = self.run(statement.then, succeeds.copy(), given) if succeeds else (None, None)
        otherwise = self.run(statement.otherwise, fails.copy(), given) if fails else (None, None)
        return merge(then[0], otherwise[0]), merge(then[1], otherwise[1])

    def _run_case(self, statement: Case, shell: Shell, given: str | None) -> Outcome:
        self.nested([statement.word], shell)
        after: Shell | None = shell
        for arm in statement.arms:
            after = merge(after, merge(*self.run(arm, shell.copy(), given)))
        return after, after

    def _run_loop(self, statement: Loop, shell: Shell, given: str | None) -> Outcome:
        return self._repeat(shell, lambda now: self._once(statement.condition, statement.body, now, given))

    def _run_for(self, statement: For, shell: Shell, given: str | None) -> Outcome:
        """Its variable has all its values at once."""
        self.nested([statement.name, *(statement.words or ())], shell)
        name = statement.name.plain
        if name is None:  # for ((i = 0; …))
            shell.variables.update(dict.fromkeys(shell_builtins.changed_inside(statement.name)))
        else:
            shell.assign(name, self._listed(statement.words, shell))
        return self._repeat(shell, lambda now: self._once(_NOTHING, statement.body, now, given))

    def _listed(self, words: Sequence[Word] | None, shell: Shell) -> Values:
        if words is None:
            return shell.values("@")
        listed = expand(words, shell, only_place(shell))
        return None if listed.unknown or not listed.words else tuple(dict.fromkeys(listed.words))

    def _once(self, condition: Statement, body: Statement, shell: Shell, given: str | None) -> Outcome:
        """One turn of a loop: where it goes on from, and where the loop ends."""
        succeeds, fails = self.run(condition, shell, given)
        again = merge(*self.run(body, succeeds.copy(), given)) if succeeds else None
        return again, fails

    def _repeat(self, shell: Shell, once: Callable[[Shell], Outcome]) -> Outcome:
        """A loop: once, and again with what it has changed."""
        again, ended = once(shell.copy())
        if again is not None and again != shell:
            more, ends = once(widen(shell, again))
            again, ended = widen(shell, merge(again, more) or again), merge(ended, ends)
        after = merge(shell, merge(again, ended))
        return after, after

    def _run_function(self, statement: Function, shell: Shell, given: str | None) -> Outcome:
        shell.functions[statement.name] = (statement.body,)
        return shell, shell
