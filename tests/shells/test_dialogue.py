"""The question, on a real pseudo-terminal: what is seen, typed, refused, and put back."""

from __future__ import annotations

import signal

import pytest

from tests.shells.conftest import PROMPT, Put, wait_until

PASTE = "\x1b[200~{}\x1b[201~"


def test_what_the_operator_sees(put: Put) -> None:
    question = put()
    question.answered("db-01 primary\r")
    assert question.screen()[:19] == [
        "ready",
        "",
        "  db-01  PRIMARY     PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h",
        "  rm -rf would delete the data directory of a running primary: 14 entries of it, all of its data.",
        "",
        "    role       primary      pg_is_in_recovery() = false on /run/postgresql:5432; walwriter is",
        "                            running",
        "    replicas   none         no walsender; slot db_02 inactive, 214 GB of WAL kept for it",
        "    archive    failing      since 13:27; 1 204 segments (19 GB) only on this host",
        "",
        "  It is running.",
        "  note: the host name db-01 reads like a rank; that is no evidence of a role, and was not used.",
        "",
        "  To run it, type the host name and the role of what it would hit, as they stand in the first line.",
        "",
        "host and role> db-01 primary",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("answer", ["db-01 primary", "DB-01  Primary", "  db-01 primary  ", "db-00\x7f1 primary"])
def test_the_right_answer_is_accepted(put: Put, answer: str) -> None:
    outcome = put().answered(answer + "\r")
    assert outcome["accepted"]
    assert outcome["answer"].split()[0].lower() == "db-01"
    assert outcome["modes_kept"]


@pytest.mark.parametrize("answer", ["y", "yes", "primary", "db-01", "db-01primary", "primary db-01", "db-01 primary x"])
def test_anything_else_is_not(put: Put, answer: str) -> None:
    outcome = put().answered(answer + "\r")
    assert not outcome["accepted"]
    assert outcome["answer"] == answer


def test_a_wrong_answer_is_contrasted_with_what_is(put: Put) -> None:
    question = put()
    outcome = question.answered("db-02 replica\r")
    assert outcome["why"] == "you typed db-02 replica; this is db-01, and it is the primary"
    assert f"  {outcome['why']}. Nothing was run." in question.screen()
    assert outcome["modes_kept"]


def test_one_attempt(put: Put) -> None:
    question = put()
    question.wait_for_prompt()
    question.type("db-02 replica\rdb-01 primary\r")
    assert not question.end()["accepted"]
    assert question.seen.count(PROMPT.encode()) == 1


def test_an_override_takes_more_words(put: Put) -> None:
    assert put(only_copy=True).answered("db-01 primary only copy\r")["accepted"]
    outcome = put(only_copy=True).answered("db-01 primary\r")
    assert not outcome["accepted"]
    assert outcome["why"].endswith("the only live copy, which must be said in words")


def test_the_phrase_is_nowhere_to_be_copied(put: Put) -> None:
    question = put(only_copy=True)
    question.wait_for_prompt()
    shown = "\n".join(question.screen()).lower()
    assert "db-01 primary" not in shown
    assert "primary only copy" not in shown


@pytest.mark.parametrize("pasted", ["db-01 primary", "db-01 primary\r", "rm -rf /\rdb-01 primary\rmore\r", "primary"])
def test_pasted_text_is_refused(put: Put, pasted: str) -> None:
    question = put()
    outcome = question.answered(PASTE.format(pasted) + "\r")
    assert not outcome["accepted"]
    assert outcome["why"] == "pasted, not typed"
    assert outcome["left_to_read"] == ""
    assert b"\x1b[?2004h" in question.seen
    assert question.seen.endswith(b"\x1b[?2004l  pasted, not typed. Nothing was run.\r\r\n")


def test_what_was_typed_ahead_is_discarded(put: Put) -> None:
    question = put(pause=0.5)
    question.wait_for("ready")
    question.type("db-01 primary\r")
    outcome = question.answered("\r")
    assert outcome == outcome | {"accepted": False, "why": "nothing typed", "left_to_read": ""}


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("\x03", "interrupted"),
        ("\x1c", "interrupted (SIGQUIT)"),
        ("\x04", "end of input (Ctrl-D)"),
        ("db-01 primary\x04", "end of input (Ctrl-D)"),
    ],
)
def test_keys_that_reject(put: Put, key: str, why: str) -> None:
    question = put()
    outcome = question.answered(key)
    assert outcome == outcome | {"accepted": False, "why": why, "modes_kept": True}
    assert question.seen.endswith(f"\x1b[?2004l\r\r\n  {why}. Nothing was run.\r\r\n".encode())


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "terminated (SIGTERM)"),
        (signal.SIGHUP, "terminal closed"),
        (signal.SIGQUIT, "interrupted (SIGQUIT)"),
    ],
)
def test_signals_that_reject(put: Put, number: signal.Signals, why: str) -> None:
    question = put()
    question.wait_for_prompt()
    question.type("db-01 prim")
    question.signal(number)
    outcome = question.end()
    assert outcome == outcome | {"accepted": False, "why": why, "modes_kept": True, "left_to_read": ""}


def test_a_stop_is_ignored(put: Put) -> None:
    # A job of its own: where nobody could continue it, the kernel itself ignores the signal (setpgid(2), orphaned).
    question = put(shell="set -m; {}; echo over")
    question.wait_for_prompt()
    question.signal(signal.SIGTSTP)
    question.type("db-01 primary\r")
    question.wait_for("over")
    assert question.outcome()["accepted"]


def test_ctrl_z_is_no_key(put: Put) -> None:
    assert put().answered("db-0\x1a1 primary\r")["accepted"]


def test_a_closed_terminal_rejects(put: Put) -> None:
    question = put()
    question.wait_for_prompt()
    question.master.close(force=False)
    assert wait_until(lambda: question.file.exists() and question.file.stat().st_size > 0)
    assert question.outcome()["why"] == "terminal closed"


def test_patience_ends(put: Put) -> None:
    question = put(patience=0.3)
    question.wait_for_prompt()
    question.type("db-01 primary")
    outcome = question.end()
    assert outcome == outcome | {"accepted": False, "why": "no answer in 0.3 s", "left_to_read": ""}


def test_a_terminal_left_raw_can_be_typed_on(put: Put) -> None:
    question = put(raw=True)
    outcome = question.answered("db-00\x7f1 primary\r")
    assert outcome == outcome | {"accepted": True, "modes_kept": True}
    assert "host and role> db-01 primary" in question.screen()


def test_ctrl_c_on_a_terminal_left_raw(put: Put) -> None:
    outcome = put(raw=True).answered("\x03")
    assert outcome == outcome | {"why": "interrupted", "modes_kept": True}


def test_a_terminal_left_raw_rejects_in_straight_lines(put: Put) -> None:
    question = put(raw=True)
    question.answered("no\r")
    assert "  you typed no; this is db-01, and it is the primary. Nothing was run." in question.screen()


def test_yes_in_front_does_not_answer(put: Put) -> None:
    question = put(shell="yes 'db-01 primary' | {} >/dev/null")
    outcome = question.answered("\r")
    assert outcome == outcome | {"accepted": False, "why": "nothing typed"}


def test_two_questions_wait_for_each_other(put: Put) -> None:
    question = put(shell="{0} & {0}; wait")
    question.wait_for_prompt()
    question.type("db-02 replica\r")
    question.wait_for("Nothing was run.")
    assert question.seen.count(PROMPT.encode()) == 1
    question.wait_for_prompt()
    question.type("db-01 primary\r")
    assert question.end()["accepted"]


def test_a_question_does_not_wait_for_ever_for_another(put: Put) -> None:
    question = put(shell="{0} & {0}; wait", patience=1)
    question.wait_for("another question stands on this terminal. Nothing was run.")
