"""Whatever text is read as a line: no error, an end in bounded time, no silence about what stands in plain sight."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardsh.commands.shell_line import LONGEST, Reading, Shell, read
from guardsh.line.handed import parse

_SECONDS = 20.0  # for 64 KiB of the worst; ordinarily a hundredth of that
TELLING = st.sampled_from(
    [
        *("rm", "rm -rf /d", "$(", ")", "`", "'", '"', "\\", ";", "&&", "||", "|", "&", "(", "{", "}", ">", "<<E"),
        *("<<<", "<(", "[[", "]]", "((", "))", "if", "then", "fi", "for", "in", "do", "done", "case", "esac", "f()"),
        *("eval", "bash -c", "sudo", "xargs", "cd", "$X", "${", "${x:-", "{a,b}", "{1..9}", "*", "?", "~", "E"),
        *("=", "A=", "A=(", "#", "!", "time", "coproc", "\0", "\x1b[31m", "\udcff", "é", "\t", "2>&1", "\n"),
    ]
)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
LINES = st.lists(TELLING | ANY_TEXT, max_size=30).flatmap(
    lambda parts: st.sampled_from(["", " ", "\n"]).map(lambda between: between.join(parts))
)
ALIASES = st.dictionaries(st.sampled_from(["a", "b", "rm", "ll", "sudo"]), LINES, max_size=3)
LANGUAGES = st.sampled_from(["bash", "zsh", "fish"])


def nothing_matches(pattern: str, place: str) -> tuple[str, ...]:
    return ()


def reading(line: str, aliases: dict[str, str] | None = None, language: str = "bash") -> Reading:
    shell = Shell(("/w",), {"HOME": "/h"}, {}, aliases or {}, nothing_matches, complete=False, language=language)
    return read(line, shell)


@given(LINES, ALIASES, LANGUAGES)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_read(line: str, aliases: dict[str, str], language: str) -> None:
    found = reading(line, aliases, language)
    assert all(each.invocation.words for each in found.found)


@given(
    LINES, LANGUAGES, st.sampled_from(["rm -rf /d", "sudo rm -rf /d", "/bin/rm -rf /d", "r\\m -rf /d", "echo x >/d"])
)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_command_at_the_beginning_is_never_lost(line: str, language: str, first: str) -> None:
    """Whatever follows: a shell that would run it has it in its first words."""
    found = reading(f"{first}\n{line}", language=language)
    named = {each.invocation.name for each in found.found}
    assert found.unjudged or named & {"rm", ">"}


@given(st.binary(max_size=200))
def test_any_bytes_are_handed_over(data: bytes) -> None:
    line = data.replace(b"\0", b"")
    assert parse(line + b"\0").line == line.decode(errors="surrogateescape")
    reading(parse(line + b"\0").line)


K = LONGEST
LARGE = {
    "commands": "rm x;" * (K // 5),
    "lists": " && ".join(["rm x"] * (K // 8)),
    "parentheses": "( " * (K // 4) + "rm x" + ")" * (K // 4),
    "arithmetic": "((" * 20000 + "rm",
    "substitutions": "$(" * (K // 4) + "rm x" + ")" * (K // 4),
    "unended substitutions": "rm " + "$(" * (K // 3),
    "parameters": "rm " + "${a:-" * 10000,
    "backticks": "`" * (K - 5) + "rm",
    "quotes": "rm " + "'\"" * 30000,
    "here-documents": "rm " + "<<E " * 10000 + "\n" + "E\n" * 9000,
    "unended here-documents": "rm x;" + "\n".join(f"rm <<E{number}" for number in range(4000)),
    "ifs": "if a; then " * 3500 + "rm x" + "; fi" * 3500,
    "unended cases": "rm x;" + "case x in " * 6000,
    "functions": "f() { f; f; f; rm x; }; f;" * 1000,
    "loops": "for i in a b c; do " * 40 + "rm $i;" + " done;" * 40,
    "changing loops": "while x=$x$i; do " * 12 + "rm $x;" + " done;" * 12,
    "evals": "eval " * 12000 + "rm x",
    "prefixes": "sudo " * 10000 + "rm x",
    "xargs": "xargs " * 10000 + "rm",
    "braces": "rm " + "{" * 60000,
    "products": "rm " + "{a,b}" * 10000,
    "brackets": "rm " + "[a-" * 20000,
    "stars": "rm " + "*/" * 30000,
    "values": 'x="a b";' + 'x="$x$x";' * 5000 + " rm $x",
    "branches": ";".join(f"if a; then x=$x{number}; cd {number}; fi" for number in range(1200)) + "; rm $x",
    "redirections": ">a " * 20000,
    "10 MB": "rm x;" * 2_000_000,
    "prefixes of nothing": "sudo " * 13000,
    "assignments of nothing": "a=b " * 16000,
    "10 MB of nothing": "a " * 5_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_comes_to_an_end(name: str) -> None:
    begin = time.monotonic()
    found = reading(LARGE[name])
    assert time.monotonic() - begin < _SECONDS
    assert found.found or found.unjudged or name.endswith("of nothing")


def test_a_shell_in_a_shell_a_hundred_deep_is_not_judged() -> None:
    line = "rm x"
    for _ in range(100):
        line = f"bash <<'E{len(line)}'\n{line}\nE{len(line)}"
    assert reading(line).unjudged == "command lines nest too deeply"


def test_aliases_that_name_each_other_come_to_an_end() -> None:
    assert reading("a x", {"a": "b", "b": "a"}) == Reading(())
    assert reading("a x", {"a": "b -f", "b": "a; rm"}).found[0].invocation.words == ("rm", "-f", "x")
    growing = {chr(97 + number): f"{chr(98 + number)} ; {chr(98 + number)} ; rm" for number in range(20)}
    assert reading("a", growing).unjudged == "its aliases make it too long"
