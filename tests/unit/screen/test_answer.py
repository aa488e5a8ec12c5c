"""Answers compared with the phrase."""

from __future__ import annotations

import os

import pytest

from guardsh.model.verdict import Decision, Subject, Verdict
from guardsh.screen.dialogue import contrast, matches


def verdict(host: str, word: str = "primary", only_copy: bool = False) -> Verdict:
    return Verdict(Decision.CHALLENGE, host, Subject(word, "", only_copy), "", ())


@pytest.mark.parametrize(
    ("host", "given"),
    [
        ("db-01", "db-01 primary"),
        ("db-01", "  DB-01   PRIMARY "),
        ("db-01.example.org", "db-01 primary"),
        ("db-01.example.org", "db-01.example.org primary"),
    ],
)
def test_right(host: str, given: str) -> None:
    assert matches(given, verdict(host))


@pytest.mark.parametrize(
    "given", ["", "db-01", "primary", "db-01 replica", "db-1 primary", "db-01.example.net primary", "db-01. primary"]
)
def test_wrong(given: str) -> None:
    assert not matches(given, verdict("db-01"))


def test_the_full_name_of_this_node_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # The real host name cannot be changed without privileges.
    named = os.uname_result(("Linux", "db-01.prod.example.org", "6.1", "", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: named)
    assert matches("db-01.prod.example.org primary", verdict("db-01"))
    assert not matches("db-01.staging.example.org primary", verdict("db-01"))
    assert not matches("db-01.prod.example.org primary", verdict("db-02"))


@pytest.mark.parametrize(
    ("word", "only_copy", "ends"),
    [
        ("primary", False, "this is db-01, and it is the primary"),
        ("replica", False, "this is db-01, and it is a replica"),
        ("unknown", False, "this is db-01, and it is of unknown role"),
        ("restored", False, "this is db-01, and it is restored"),
        ("primary", True, "it is the primary, the only live copy, which must be said in words"),
    ],
)
def test_contrast(word: str, only_copy: bool, ends: str) -> None:
    said = contrast("db-02 \x1b[31mreplica", verdict("db-01", word, only_copy))
    assert said.startswith("you typed db-02 \\x1b[31mreplica; ")
    assert said.endswith(ends)
