"""The terminal in the role's colour while the question stands, and put back whatever ends it: bytes on the wire."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable

import pytest

from tests.shells.conftest import PROMPT, Put, Question

QUESTION = b"\x1b]11;?\x1b\\\x1b[c"
ATTRIBUTES = "\x1b[?62;22c"
DARK = "\x1b]11;rgb:0000/2b2b/3636\x1b\\" + ATTRIBUTES
LIGHT = "\x1b]11;rgb:fdfd/f6f6/e3e3\x07" + ATTRIBUTES
# urxvt ends its reply with a bare escape; the fence follows it
UNFINISHED = "\x1b]11;rgb:0000/0000/0000\x1b" + ATTRIBUTES

PAINTED_ON_DARK = b"\x1b]11;#480e0e\x1b\\"
PAINTED_ON_LIGHT = b"\x1b]11;#f3b1a4\x1b\\"
PAINTED_BLINDLY = b"\x1b]10;#d0d0d0\x1b\\\x1b]11;#480e0e\x1b\\"
BACK_BLINDLY = b"\x1b]111\x1b\\\x1b]110\x1b\\"


def back_to(colour: str) -> bytes:
    return f"\x1b]11;{colour}\x1b\\\x1b]111\x1b\\".encode()


def replied(question: Question, reply: str) -> None:
    question.wait_for("\x1b[c")
    question.type(reply)
    question.wait_for_prompt()


@pytest.mark.parametrize(
    ("reply", "painted", "back"),
    [
        (DARK, PAINTED_ON_DARK, back_to("#002b36")),
        (LIGHT, PAINTED_ON_LIGHT, back_to("#fdf6e3")),
        (UNFINISHED, PAINTED_ON_DARK, back_to("#000000")),
        (ATTRIBUTES, PAINTED_BLINDLY, BACK_BLINDLY),
    ],
    ids=["dark", "light", "unfinished", "not told"],
)
def test_the_colour_suits_the_terminal(put_painted: Put, reply: str, painted: bytes, back: bytes) -> None:
    question = put_painted()
    replied(question, reply)
    assert question.seen.index(QUESTION) < question.seen.index(b"db-01") < question.seen.index(painted)
    assert back not in question.seen
    question.type("db-01 primary\r")
    outcome = question.end()
    assert outcome == outcome | {"accepted": True, "modes_kept": True, "left_to_read": ""}
    assert question.seen.count(back) == 1


@pytest.mark.parametrize(("word", "tint"), [("replica", "#08359d"), ("recovering", "#4a3b01"), ("unknown", "#3b3b3e")])
def test_each_role_has_its_own(put_painted: Put, word: str, tint: str) -> None:
    question = put_painted(word=word)
    replied(question, DARK)
    assert f"\x1b]11;{tint}\x1b\\".encode() in question.seen


def test_no_reply_is_waited_for_above_a_second(put_painted: Put) -> None:
    question = put_painted()
    question.wait_for("It is running.")
    begin = time.monotonic()
    question.wait_for_prompt()
    assert 0.5 < time.monotonic() - begin < 3
    assert PAINTED_BLINDLY in question.seen


def test_a_reply_that_comes_too_late_is_no_part_of_the_answer(put_painted: Put) -> None:
    question = put_painted()
    question.wait_for_prompt()
    question.type("db-01 " + DARK + "primary\r")
    assert question.end()["answer"] == "db-01 primary"


def test_a_reply_is_not_echoed(put_painted: Put) -> None:
    question = put_painted()
    replied(question, DARK)
    assert b"rgb:" not in question.seen


@pytest.mark.parametrize(
    ("typed", "number"),
    [("\x03", None), ("\x1c", None), ("\x04", None), ("no\r", None)]
    + [("", number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)],
)
def test_colours_are_put_back(put_painted: Put, typed: str, number: signal.Signals | None) -> None:
    question = put_painted()
    replied(question, DARK)
    question.type(typed)
    if number is not None:
        question.signal(number)
    assert not question.end()["accepted"]
    assert question.seen.count(back_to("#002b36")) == 1


def test_ctrl_c_before_the_terminal_has_replied(put_painted: Put) -> None:
    question = put_painted()
    question.wait_for("It is running.")
    question.type("\x03")
    outcome = question.end()
    assert outcome == outcome | {"why": "interrupted", "modes_kept": True}
    assert PROMPT.encode() not in question.seen


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_colours_are_put_back_after_kill_9(put_painted: Put, kill: Callable[[int, int], None]) -> None:
    # The shell in between lives on: where the session leader itself is killed, the terminal is hung up.
    question = put_painted(shell="set -m; {}; sleep 0.5; echo over")
    replied(question, DARK)
    kill(question.pid, signal.SIGKILL)
    question.wait_for("over")
    assert question.seen.count(back_to("#002b36")) == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"NO_COLOR": "1"},
        {"GUARDSH_BACKGROUND": "off"},
        {"TERM": "dumb"},
        {"TERM": "linux"},
        {"TERM_PROGRAM": "Apple_Terminal"},
    ],
    ids=lambda environment: "=".join(*environment.items()),
)
def test_words_only(put_painted: Put, environment: dict[str, str]) -> None:
    question = put_painted(environment)
    assert question.answered("db-01 primary\r")["accepted"]
    assert b"\x1b]" not in question.seen
    assert b"PRIMARY" in question.seen


def test_policy_can_switch_painting_off(put_painted: Put) -> None:
    question = put_painted(paint=False)
    assert question.answered("db-01 primary\r")["accepted"]
    assert b"\x1b]" not in question.seen


def test_no_style_either_without_colour(put: Put) -> None:
    question = put()
    question.answered("db-01 primary\r")
    assert set(re.findall(rb"\x1b[^a-zA-Z]*[a-zA-Z]", question.seen)) == {b"\x1b[?2004h", b"\x1b[?2004l"}
