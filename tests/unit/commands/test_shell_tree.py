"""The structure of a line, as the grammar and our own words give it together."""

from __future__ import annotations

import pytest

from guardsh.commands import shell_tree
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
)  # fmt: skip
from guardsh.commands.shell_tokens import Lexer, Redirection
from guardsh.commands.shell_words import UnreadableError


def spoken(statement: Statement) -> str:
    """A form of its own for each statement; what is in quotes or parentheses is as it was typed."""
    match statement:
        case Simple(words, redirections):
            return " ".join([*(word.source for word in words), *map(redirected, redirections)])
        case Sequence(parts):
            return "[" + "; ".join(map(spoken, parts)) + "]"
        case AndOr(first, others):
            return "".join([spoken(first), *(f" {operator} {spoken(other)}" for operator, other in others)])
        case Pipeline(parts):
            return " | ".join(map(spoken, parts))
        case Negated(body):
            return f"not {spoken(body)}"
        case Apart(body):
            return f"({spoken(body)})"
        case Redirected(body, redirections):
            return f"{{{spoken(body)}}} " + " ".join(map(redirected, redirections))
        case If(condition, then, otherwise):
            return f"if {spoken(condition)} then {spoken(then)} else {spoken(otherwise)}"
        case Loop(condition, body):
            return f"while {spoken(condition)} do {spoken(body)}"
        case For(name, words, body):
            listed = "@" if words is None else ",".join(word.source for word in words)
            return f"for {name.source} in {listed} do {spoken(body)}"
        case Case(word, arms):
            return f"case {word.source} of " + " / ".join(map(spoken, arms))
        case Function(name, body):
            return f"def {name} {spoken(body)}"


def redirected(redirection: Redirection) -> str:
    document = "".join(piece.text for piece in redirection.document or ())
    return (
        redirection.operator + (redirection.word.source if redirection.word else "") + (document and f"={document!r}")
    )


def parsed(line: str) -> str:
    lexer = Lexer(line)
    tokens = lexer.tokens()
    assert lexer.complete
    return spoken(shell_tree.parse(tokens))


CASES = [
    ("a b 'c d' \"e $f\"", "a b 'c d' \"e $f\""),
    ("a; b\nc & d", "[a; b; (c); d]"),
    ("a && b || c; d", "[a && b || c; d]"),
    ("a | b |& c", "a | b | c"),
    ("! a | b", "not a | b"),
    ("! { a; b; }", "not [a; b]"),
    ("time a", "time a"),
    ("time { a; b; }", "[a; b]"),
    ("time ! (a)", "not (a)"),
    ("coproc { a; }", "a"),
    ("(a; b) > f", "{([a; b])} >f"),
    ("cd x && a > f", "cd x && a >f"),
    ("a | b > f", "a | b >f"),
    ("> f", " >f"[1:]),
    (">f a b", "a b >f"),
    ("a >f b", "a b >f"),
    ("A=b >f c", "A=b c >f"),
    ("a <> f", "a <>f"),
    ("a > f <<< 'b c'", "a >f <<<'b c'"),
    ("a 2>&1 >|f &>>g {fd}>h", "a >&1 >|f &>>g >h"),
    ("if a; then b; elif c; then d; else e; fi", "if a then b else if c then d else e"),
    ("if a; then b; fi > f; c", "[{if a then b else []} >f; c]"),
    ("while a; do b; done < f", "{while a do b} <f"),
    ("until a; do b; done", "while a do b"),
    ("for i in a 'b c'; do d $i; done", "for i in a,'b c' do d $i"),
    ("for i; do d; done", "for i in @ do d"),
    ("for i in; do d; done", "for i in  do d"),
    ("for ((i=0; i<3; i++)); do d; done", "for ((i=0; i<3; i++)) in @ do d"),
    ("select i in a b; do c; done", "for i in a,b do c"),
    ("case x in a|b) c;; (d) e;& *) f; g; esac", "case x of c / e / [f; g]"),
    ("case x in a) <f b;; esac", "case x of b <f"),
    ("f() { a; }; f", "[def f a; f]"),
    ("function f { a; }", "def f a"),
    ("f () (a)", "def f (a)"),
    ("cat <<A <<B; c\n1\nA\n2\nB\nd", "[cat <<A='1\\n' <<B='2\\n'; c; d]"),
    ("cat <<-'E' | b && c\n\t$x\n\tE\n", "cat <<-'E'='$x\\n' | b && c"),
    ("a <<E\n(\nE\n", "a <<E='(\\n'"),
    ("[[ a > b && ( c || d ) ]] && e", "[[ a > b && ( c || d ) ]] && e"),
    ("((a > b)) || c", "((a > b)) || c"),
    ("( (a); b)", "([(a); b])"),
    ("a !(b|c) *.@(d)", "a !(b|c) *.@(d)"),
    ("A=(a b) c", "A=(a b) c"),
    ("diff <(a; b) >(c)", "diff <(a; b) >(c)"),
    ("a $(b; c) `d; e` ${f:-g h} $((1 + 2))", "a $(b; c) `d; e` ${f:-g h} $((1 + 2))"),
    ("echo if then fi { } done", "echo if then fi { } done"),
    ("a # b; c\nd", "[a; d]"),
    ("a \\\n b", "a b"),
    ("a é\x1b\udcff b", "a é\x1b\udcff b"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_the_structure_of_a_line(line: str, expected: str) -> None:
    assert parsed(line) == expected


@pytest.mark.parametrize(
    "line", ["if a; then b", "fi", "else a", "} a", ") a", "a )", ";", "&& a", "for i in a { b; }", "() a"]
)
def test_what_is_no_line_is_not_parsed(line: str) -> None:
    with pytest.raises(shell_tree.NotParsedError):
        parsed(line)


@pytest.mark.parametrize("line", ["'a", '"a', "$(a", "`a", "${a", "a\\", "<<E", "a >", "a <<E\nb", "[[ a", "<(a"])
def test_what_does_not_end_is_known_not_to(line: str) -> None:
    lexer = Lexer(line)
    lexer.tokens()
    assert not lexer.complete


def test_depth_is_bounded() -> None:
    with pytest.raises(UnreadableError):
        parsed("( " * 500 + "a" + " )" * 500)
    with pytest.raises(UnreadableError):
        parsed("$(" * 500 + "a" + ")" * 500)
