"""What patronictl is understood to do."""

from __future__ import annotations

import pytest

from guardsh.commands.patronictl import COMMANDS, PROGRAM
from tests.unit.commands import usage
from tests.unit.commands.reading import intents, reading

CASES = [
    ("patronictl -c /etc/patroni.yml reinit main db-02", "stop tree /"),
    ("patronictl reinit main db-02 --force --wait", "stop tree /"),
    ("patronictl --config-file=/etc/patroni.yml -k remove main", "stop tree /"),
    ("patronictl switchover main --leader db-01 --candidate db-02 --force", "stop tree /; promote tree /"),
    ("patronictl failover", "stop tree /; promote tree /"),
    ("patronictl restart main -r replica", "stop tree /"),
    ("patronictl pause --wait", "configure tree /"),
    ("patronictl demote-cluster main", "stop tree /; promote tree /"),
    ("patronictl list", "nothing"),
    ("patronictl topology remove", "nothing"),
    ("patronictl reload main db-01", "nothing"),
    ("patronictl resume", "nothing"),
    ("patronictl edit-config", "nothing"),
    ("patronictl -c reinit list", "nothing"),
    ("patronictl --help reinit", "nothing"),
    ("patronictl reinit --help", "nothing"),
    ("patronictl", "nothing"),
    ("patronictl --new x reinit main", "stop tree / ? unknown option --new"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_patronictl(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_what_a_member_loses_is_said() -> None:
    (intent,) = intents("patronictl reinit main db-02")
    assert (
        intent.action == "patronictl reinit would delete a member's data directory and clone it anew, such as that of"
    )


@pytest.mark.parametrize("verb", ["", *sorted(COMMANDS.keys() - {"demote-cluster", "promote-cluster"})])
def test_every_option_of_the_tool_is_known(verb: str) -> None:
    """Debian's patroni 3.0 here, which has no demote-cluster and promote-cluster yet (4.0)."""
    listed = usage.of_click(["patronictl", *([verb] if verb else [])])
    assert listed
    assert usage.unlike(COMMANDS[verb] if verb else PROGRAM, listed) == {}
