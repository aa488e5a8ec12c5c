"""The statements of a typed line, by the grammar of bash (tree-sitter-bash, which is loaded here only).

The grammar gets the line with every word but the reserved ones blotted out, and without redirections and
here-documents: those are read by ``shell_tokens``, since version 0.25 of the grammar misreads some (``<>``, two
here-documents, ``<<E; rm``, ``!(a|b)``). What is left is structure, and each word must find its place in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from collections.abc import Sequence as Listed
from typing import TYPE_CHECKING

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
    Sequence,
    Simple,
    Statement,
)
from guardsh.commands.shell_tokens import Operator, Redirection, Token
from guardsh.commands.shell_words import UnreadableError, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_RESERVED = frozenset(
    "if then elif else fi while until do done for select in case esac function { }".split()  # noqa: SIM905
)
_COMPOUND = _RESERVED - {"in"}
_BEHIND_TIME = _COMPOUND | {"(", "!", "time", "coproc"}
_CLOSING = ("}", "done", "fi", "esac", ")")
_DEEPEST = 80  # statements in each other


class NotParsedError(Exception):
    """The grammar does not know the line."""


def parse(tokens: Listed[Token]) -> Statement:
    """The line whose tokens these are. Raises NotParsedError, and UnreadableError where it nests too deeply."""
    import tree_sitter

    text, starts = _blotted(tokens)
    parser = tree_sitter.Parser(tree_sitter.Language(_language()))
    root = parser.parse(text.encode("ascii")).root_node
    if root.has_error:
        raise NotParsedError
    converter = _Converter(tokens, starts)
    statement = converter.sequence(root.children, 0)
    converter.check()
    return statement


def _language() -> object:
    """The grammar, without what its package imports for other purposes (importlib.resources: 8 ms of each line)."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    package = PathFinder.find_spec("tree_sitter_bash")
    found = PathFinder.find_spec("_binding", package.submodule_search_locations) if package else None
    if found is None or found.loader is None:
        import tree_sitter_bash

        return tree_sitter_bash.language()
    binding = module_from_spec(found)
    found.loader.exec_module(binding)
    return binding.language()


def _blotted(tokens: Listed[Token]) -> tuple[str, list[int]]:
    """The line as the grammar gets it, and where each token begins in it."""
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    before = ""
    for index, token in enumerate(tokens):
        shown = _shown(token, before, tokens[index + 1 : index + 9])
        parts.append(shown + " ")
        starts.append(at)
        at += len(shown) + 1
        before = before if isinstance(token, Redirection) else _spelling(token)
    return "".join(parts), starts


def _shown(token: Token, before: str, behind: Listed[Token]) -> str:
    if isinstance(token, Operator):
        return "&" if token.text in ("&|", "&!") else token.text
    if isinstance(token, Redirection):
        follows = next((each for each in behind if not isinstance(each, Redirection)), None)
        return "w" if token.leads and (before not in _CLOSING or isinstance(follows, Word)) else ""
    if _is_modifier(token, behind) or (token.begins and token.plain == "in" and _ends_list(behind)):
        return ""
    if token.begins and token.plain in _RESERVED:
        return token.plain
    if token.source.endswith("()"):
        return "w()" if len(token.source) > 2 else "()"
    return "w"


def _ends_list(behind: Listed[Token]) -> bool:
    """Nothing between ``in`` and ``do`` is an error to the grammar."""
    return bool(behind) and isinstance(behind[0], Operator) and behind[0].text in (";", "\n")


def _spelling(token: Word | Operator) -> str:
    return token.text if isinstance(token, Operator) else token.plain or ""


def _is_modifier(word: Word, behind: Listed[Token]) -> bool:
    """``!`` and ``coproc``; ``time`` only before what is no simple command: otherwise it is a prefix."""
    if not word.begins:
        return False
    if word.plain in ("!", "coproc"):
        return True
    following = behind[0] if behind else None
    if word.plain != "time" or isinstance(following, Redirection | None):
        return False
    return _spelling(following) in _BEHIND_TIME


class _Converter:
    """Nodes of the grammar to statements; every token is taken by the innermost statement that it belongs to."""

    def __init__(self, tokens: Listed[Token], starts: list[int]) -> None:
        self.tokens = tokens
        self.starts = starts
        self.taken = [isinstance(token, Operator) for token in tokens]

    def check(self) -> None:
        if not all(self.taken):
            raise NotParsedError

    def sequence(self, nodes: Listed[Node], depth: int) -> Statement:
        parts: list[Statement] = []
        for node in nodes:
            if node.is_named and node.type != "comment":
                parts.append(self.statement(node, depth + 1))
            elif node.type == "&" and parts:
                parts[-1] = Apart(parts[-1])
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def statement(self, node: Node, depth: int) -> Statement:
        if depth > _DEEPEST:
            raise UnreadableError("statements nest too deeply")
        convert = getattr(self, f"_{node.type}", None)
        if convert is None:
            raise NotParsedError
        body: Statement = convert(node, depth)
        redirections = tuple(self._redirections_behind(node.end_byte))
        if redirections and isinstance(body, Simple):
            body = Simple(body.words, (*body.redirections, *redirections))
        elif redirections:
            body = Redirected(body, redirections)
        return Negated(body) if self._takes_modifiers(node.start_byte) else body

    # one method for each type of node

    def _command(self, node: Node, depth: int) -> Statement:
        own = [self._take(index) for index in self._within(node.start_byte, node.end_byte)]
        words = tuple(token for token in own if isinstance(token, Word))
        if words and words[0].begins and words[0].plain in _COMPOUND:  # the grammar takes it for a command
            raise NotParsedError
        return Simple(words, tuple(token for token in own if isinstance(token, Redirection)))

    def _list(self, node: Node, depth: int) -> Statement:
        others: list[tuple[str, Statement]] = []
        while node.type == "list":
            left, operator, right = (
                child for child in node.children if child.type != "comment" and child.text != b"\n"
            )
            others.append((operator.type, self.statement(right, depth + 1)))
            node = left
        return AndOr(self.statement(node, depth + 1), tuple(reversed(others)))

    def _pipeline(self, node: Node, depth: int) -> Statement:
        return Pipeline(tuple(self.statement(child, depth + 1) for child in _statements(node.children)))

    def _subshell(self, node: Node, depth: int) -> Statement:
        return Apart(self.sequence(node.children, depth))

    def _compound_statement(self, node: Node, depth: int) -> Statement:
        self._keywords(node)
        return self.sequence(node.children, depth)

    _do_group = _compound_statement

    def _if_statement(self, node: Node, depth: int) -> Statement:
        """``elif`` is an if of its own behind else."""
        self._keywords(node)
        then = next(index for index, child in enumerate(node.children) if child.type == "then")
        clauses = [child for child in node.children if child.type in ("elif_clause", "else_clause")]
        body = [child for child in node.children[then:] if child not in clauses]
        otherwise: Statement = Sequence(())
        converted = [(clause.type, self._clause(clause, depth + 1)) for clause in clauses]
        for kind, clause in reversed(converted):
            otherwise = If(clause.condition, clause.then, otherwise) if isinstance(clause, If) else clause
            assert kind in ("elif_clause", "else_clause")
        return If(self.sequence(node.children[:then], depth), self.sequence(body, depth), otherwise)

    def _clause(self, node: Node, depth: int) -> Statement:
        return self._if_statement(node, depth) if node.type == "elif_clause" else self._compound_statement(node, depth)

    def _while_statement(self, node: Node, depth: int) -> Statement:
        self._keywords(node)
        *condition, body = (child for child in node.children if child.type != "comment")
        return Loop(self.sequence(condition, depth), self._compound_statement(body, depth + 1))

    def _for_statement(self, node: Node, depth: int) -> Statement:
        body = node.child_by_field_name("body")
        if body is None:
            raise NotParsedError
        _, name, *rest = self._words(node.start_byte, body.start_byte)
        words = tuple(rest[1:]) if rest and rest[0].plain == "in" else None
        return For(name, words, self._compound_statement(body, depth + 1))

    def _case_statement(self, node: Node, depth: int) -> Statement:
        items = [child for child in node.children if child.type == "case_item"]
        self._keywords(node)
        first = items[0].start_byte if items else node.end_byte
        words = self._words(node.start_byte, first)
        if len(words) < 1:
            raise NotParsedError
        return Case(words[0], tuple(self._case_item(item, depth + 1) for item in items))

    def _case_item(self, node: Node, depth: int) -> Statement:
        closing = next(index for index, child in enumerate(node.children) if child.type == ")")
        self._words(node.start_byte, node.children[closing].start_byte)  # patterns: data
        return self.sequence(node.children[closing + 1 :], depth)

    def _function_definition(self, node: Node, depth: int) -> Statement:
        body = node.child_by_field_name("body")
        if body is None:
            raise NotParsedError
        words = [word.source.removesuffix("()") for word in self._words(node.start_byte, body.start_byte)]
        name = next((word for word in words if word not in ("function", "")), "")
        return Function(name, self.statement(body, depth + 1))

    # tokens

    def _take(self, index: int) -> Token:
        self.taken[index] = True
        return self.tokens[index]

    def _within(self, start: int, end: int) -> Iterator[int]:
        index = bisect_left(self.starts, start)
        while index < len(self.tokens) and self.starts[index] < end:
            yield index
            index += 1

    def _words(self, start: int, end: int) -> list[Word]:
        taken = (self._take(index) for index in self._within(start, end) if not self.taken[index])
        return [token for token in taken if isinstance(token, Word)]

    def _keywords(self, node: Node) -> None:
        """The reserved words that are this node's own."""
        for child in node.children:
            if not child.is_named and child.type in _RESERVED:
                self._words(child.start_byte, child.end_byte)

    def _redirections_behind(self, end: int) -> Iterator[Redirection]:
        index = bisect_left(self.starts, end)
        while index < len(self.tokens) and not self.taken[index]:
            token = self.tokens[index]
            if not isinstance(token, Redirection):
                return
            self._take(index)
            yield token
            index += 1

    def _takes_modifiers(self, start: int) -> bool:
        """The ``!``, ``time`` and ``coproc`` before a statement; whether it is negated."""
        index = bisect_left(self.starts, start) - 1
        negated = False
        while index >= 0 and not self.taken[index]:
            token = self.tokens[index]
            if not isinstance(token, Word) or not _is_modifier(token, self.tokens[index + 1 : index + 2]):
                break
            self._take(index)
            negated ^= token.plain == "!"
            index -= 1
        return negated


def _statements(nodes: Listed[Node]) -> Iterator[Node]:
    return (node for node in nodes if node.is_named and node.type != "comment")
