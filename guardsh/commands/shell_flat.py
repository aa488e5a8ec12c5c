"""The statements of a line that the grammar of bash does not know (fish, some of zsh, a line that is no line): its
simple commands in their order, wherever a command may begin."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Listed

from guardsh.commands.shell_statements import AndOr, For, Pipeline, Sequence, Simple, Statement
from guardsh.commands.shell_tokens import STARTERS, Operator, Redirection, Token
from guardsh.commands.shell_words import Word

_LISTS = ("for", "foreach", "select")
_DATA = ("case", "function", "switch")
_OF_FISH = {"and": "&&", "or": "||"}
_NOTHING = Sequence(())


def flat(tokens: Listed[Token]) -> Statement:
    """Every simple command. Parentheses, ``if``, ``while`` and their like are passed over."""
    parts: list[Statement] = []
    for lists in _split(tokens, ("&&", "||", "|", "|&"), outside=True):
        for operator, statement in _and_or(lists[1]):
            if operator and parts:
                before = parts.pop()
                parts.append(AndOr(before, ((operator, statement),)))
            else:
                parts.append(statement)
    return Sequence(tuple(parts))


def _and_or(tokens: Listed[Token]) -> Iterator[tuple[str, Statement]]:
    for operator, part in _split(tokens, ("&&", "||")):
        commands = [_command(each) for _, each in _split(part, ("|", "|&"))]
        first = next((token.plain or "" for token in part if isinstance(token, Word)), "")
        yield operator or _OF_FISH.get(first, ""), commands[0] if len(commands) == 1 else Pipeline(tuple(commands))


def _split(
    tokens: Listed[Token], operators: tuple[str, ...], *, outside: bool = False
) -> Iterator[tuple[str, list[Token]]]:
    """Runs of tokens with the operator before each, cut at these operators; ``outside``: at all others."""
    operator, run = "", list[Token]()
    for token in tokens:
        if isinstance(token, Operator) and (token.text in operators) is not outside:
            yield operator, run
            operator, run = token.text, []
        else:
            run.append(token)
    yield operator, run


def _command(tokens: Listed[Token]) -> Statement:
    words = [token for token in tokens if isinstance(token, Word)]
    redirections = tuple(token for token in tokens if isinstance(token, Redirection))
    while words and (words[0].plain in STARTERS or words[0].source.endswith("()")):
        words.pop(0)
    if words and words[0].plain in _LISTS and len(words) > 1:
        return For(words[1], tuple(words[3:]), _NOTHING)
    if words and words[0].plain in _DATA:
        return Simple((), redirections)
    return Simple(tuple(words), redirections)
