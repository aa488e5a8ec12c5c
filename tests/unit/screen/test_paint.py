"""Which colours, and when none."""

from __future__ import annotations

import pytest

from guardsh.screen import palette
from guardsh.screen.paint import background, may_paint


@pytest.mark.parametrize(
    ("reply", "colour"),
    [
        ("\x1b]11;rgb:1/2/3\x07", "#112233"),
        ("\x1b]11;rgb:12/34/56\x07", "#123456"),
        ("\x1b]11;rgb:1212/3434/5656\x1b\\", "#123456"),
        ("\x1b]11;rgba:1212/3434/5656/ffff\x1b\\", "#123456"),
        ("\x1b[?62c", None),
        ("", None),
        ("\x1b]11;red\x07", None),
    ],
)
def test_replies(reply: str, colour: str | None) -> None:
    assert background(reply) == colour


def test_nothing_is_painted_where_it_is_not_wanted() -> None:
    assert may_paint({"TERM": "xterm"}, True)
    assert may_paint({"TERM": "xterm", "NO_COLOR": ""}, True)
    assert not may_paint({"TERM": "xterm"}, False)
    assert not may_paint({}, True)


@pytest.mark.parametrize("tint", [palette.PRIMARY, palette.REPLICA, palette.RESTORING, palette.UNKNOWN])
def test_text_can_be_read_on_every_tint(tint: palette.Tint) -> None:
    assert not palette.is_light(tint.dark)
    assert palette.is_light(tint.light)
