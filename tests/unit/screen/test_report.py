"""Verdicts as lines, compared whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from guardsh.model.verdict import Decision, Reason, Subject, Verdict
from guardsh.screen import report
from guardsh.screen.style import BOLD

REFUSED = Verdict(
    Decision.REFUSE,
    "db-01",
    Subject("primary", "PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h", True),
    "rm -rf would delete the data directory of a running primary: 14 entries of it, all of its data.",
    (Reason("only-copy", "This is the only live copy.", ("pg_stat_replication is empty",)),),
    (
        ("role", "primary", "pg_is_in_recovery() = false on /run/postgresql:5432; walwriter is running"),
        ("replicas", "none", "no walsender; slot db_02 inactive, 214 GB of WAL kept for it"),
        ("archive", "failing", "since 13:27; 1 204 segments (19 GB) only on this host"),
        ("array", "md0 raid10", "8 of 8 in sync"),
        ("clients", "412", ""),
    ),
    ("to override, with a reason that goes on record: guardsh run --override 'REASON' -- rm -rf …",),
)

ABORTED = Verdict(
    Decision.NOTICE,
    "db-02",
    Subject("aborted", "/mnt/data/postgresql-14", False),
    "24 directories, no files: an aborted restore, not a cluster.",
    (),
)


def test_a_refusal() -> None:
    assert (
        "\n".join(report.refusal(REFUSED, (), 110))
        == """
  db-01  PRIMARY     PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h
  rm -rf would delete the data directory of a running primary: 14 entries of it, all of its data.

    role       primary      pg_is_in_recovery() = false on /run/postgresql:5432; walwriter is running
    replicas   none         no walsender; slot db_02 inactive, 214 GB of WAL kept for it
    archive    failing      since 13:27; 1 204 segments (19 GB) only on this host
    array      md0 raid10   8 of 8 in sync
    clients    412

  This is the only live copy (pg_stat_replication is empty). Refused.
  hint: to override, with a reason that goes on record: guardsh run --override 'REASON' -- rm -rf …
"""
    )


def test_a_refusal_on_a_narrow_terminal() -> None:
    assert (
        "\n".join(report.refusal(REFUSED, (), 44))
        == """
  db-01  PRIMARY
  PostgreSQL 14 · /mnt/data/postgresql-14 ·
  51.2 TB · up 3 h
  rm -rf would delete the data directory of
  a running primary: 14 entries of it, all
  of its data.

    role       primary
      pg_is_in_recovery() = false on
      /run/postgresql:5432; walwriter is
      running
    replicas   none
      no walsender; slot db_02 inactive, 214
      GB of WAL kept for it
    archive    failing
      since 13:27; 1 204 segments (19 GB)
      only on this host
    array      md0 raid10
      8 of 8 in sync
    clients    412

  This is the only live copy
  (pg_stat_replication is empty). Refused.
  hint: to override, with a reason that goes
  on record: guardsh run --override 'REASON'
  -- rm -rf …
"""
    )


def test_a_verdict_says_its_reasons_once() -> None:
    lines = report.verdict(replace(ABORTED, reasons=(Reason("aborted", ABORTED.summary),)))
    assert " ".join(lines).count("an aborted restore") == 1


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, report.challenge(REFUSED, width))) <= max(width, 26)


def test_a_challenge_says_what_to_type_and_not_the_phrase() -> None:
    only_copy = "\n".join(report.challenge(REFUSED, 200))
    ordinary = "\n".join(report.challenge(replace(REFUSED, subject=Subject("replica", "", False)), 200))
    assert "type the host name and the role" in only_copy
    assert "only copy." in only_copy.splitlines()[-1]
    assert "only copy" not in ordinary.splitlines()[-1]
    for text in (only_copy, ordinary):
        assert "db-01 primary" not in text.lower()


def test_the_badge_stands_out() -> None:
    assert report.refusal(REFUSED, (), 110, BOLD)[1].startswith(
        "  \x1b[1mdb-01\x1b[0m  \x1b[1;7mPRIMARY\x1b[0m     PostgreSQL 14 ·"
    )


def test_a_notice_is_one_line() -> None:
    assert report.notice(ABORTED) == (
        "guardsh: db-02: 24 directories, no files: an aborted restore, not a cluster. Running."
    )


def test_a_notice_says_its_reasons_once() -> None:
    again = replace(ABORTED, reasons=(Reason("aborted", ABORTED.summary), Reason("cwd", "you are inside it")))
    assert report.notice(again) == (
        "guardsh: db-02: 24 directories, no files: an aborted restore, not a cluster. you are inside it. Running."
    )


@pytest.mark.parametrize(
    ("subject", "way_forward"),
    [
        (Subject("primary", "", False), "guardsh run --confirm 'HOST ROLE' -- rm -rf 'a b'"),
        (Subject("primary", "", True), "guardsh run --override 'REASON' -- rm -rf 'a b'"),
        (Subject("unknown", "", False), "at a terminal, where it can be asked about: guardsh run -- rm -rf 'a b'"),
        (None, "guardsh run --override 'REASON' -- rm -rf 'a b'"),
    ],
)
def test_unattended_is_one_line_with_the_way_forward(subject: Subject | None, way_forward: str) -> None:
    line = report.unattended(replace(REFUSED, subject=subject, hints=(), unattended=True), ["rm", "-rf", "a b"])
    assert line.startswith("guardsh: db-01 (")
    assert line.endswith(way_forward)
    assert "\n" not in line
    assert "db-01 primary" not in line
    assert "hostname)" not in line


def test_an_unattended_line_without_a_command_has_no_way_forward() -> None:
    line = report.unattended(replace(REFUSED, hints=("--confirm says 'db-02 primary'",)), ())
    assert line.endswith("--confirm says 'db-02 primary'. Refused.")


@pytest.mark.parametrize(
    ("decision", "conclusion"),
    [
        (Decision.ALLOW, "It would run."),
        (Decision.NOTICE, "It would run, with a notice."),
        (Decision.CHALLENGE, "It would ask for host name and role."),
        (Decision.REFUSE, "It would be refused."),
    ],
)
def test_what_would_happen(decision: Decision, conclusion: str) -> None:
    assert any(line.endswith(conclusion) for line in report.verdict(replace(REFUSED, decision=decision), 200))


def test_a_verdict_without_a_subject() -> None:
    assert report.verdict(Verdict(Decision.ALLOW, "db-01", None, "", ())) == [
        "db-01: nothing of Postgres would be touched. It would run."
    ]


def test_facts_are_json() -> None:
    assert REFUSED.subject is not None
    facts = json.loads(json.dumps(report.facts(REFUSED)))
    assert facts["decision"] == "refuse"
    assert facts["subject"] == {
        "word": "primary",
        "title": REFUSED.subject and REFUSED.subject.title,
        "only_copy": True,
    }
    assert facts["reasons"][0]["code"] == "only-copy"
    assert facts["evidence"][4] == {"label": "clients", "value": "412", "source": ""}
    assert report.facts(replace(REFUSED, subject=None))["subject"] is None
