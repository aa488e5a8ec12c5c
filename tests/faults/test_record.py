"""The decision cannot be put on record, or only elsewhere: what was asked is asked, what was answered runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.operator import Operator, entries, incomplete_copy, needs_namespaces

pytestmark = needs_namespaces

NOT_WRITABLE = "mount -o remount,bind,ro /var/log; "
FULL = (
    "mount -t tmpfs -o size=4k tmpfs /var/log; mkdir /var/log/guardsh; head -c 4096 /dev/zero >/var/log/guardsh/full; "
)
NO_RUN = "mount -t tmpfs -o ro tmpfs /run; "  # no /run/guardsh, no journald


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return incomplete_copy(tmp_path)


@pytest.mark.parametrize("setup", [NOT_WRITABLE, FULL])
def test_the_next_place_takes_it(operator: Operator, copy: Path, setup: str) -> None:
    operator.setup = setup
    ended = operator.types("rm", "-rf", str(copy)).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)
    assert '"outcome": "accept"' in (operator.place / "run/guardsh/audit.jsonl").read_text()


@pytest.mark.parametrize("setup", [NOT_WRITABLE + NO_RUN, FULL + NO_RUN])
def test_no_place_takes_it(operator: Operator, copy: Path, setup: str) -> None:
    operator.setup = setup
    rejected = operator.types("rm", "-rf", str(copy)).answer("no")
    assert (rejected.status, copy.exists()) == (77, True)
    ended = operator.types("rm", "-rf", str(copy)).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)
    assert "guardsh: could not record the decision: /var/log/guardsh/audit.jsonl: " in ended.seen


def test_an_override_runs_where_one_place_takes_it(operator: Operator, copy: Path) -> None:
    operator.setup = NOT_WRITABLE
    override = ("guardsh", "run", "--override", "INC-42", "--")
    ended = operator.types(*override, "rm", "-rf", str(copy)).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)


def test_an_override_without_a_record_does_not_run(breaker: Operator) -> None:
    breaker.setup = FULL + NO_RUN
    breaker.stage.replica.stop()
    primary = breaker.stage.primary
    override = ("guardsh", "run", "--override", "INC-42", "--")
    ended = breaker.types(*override, "rm", "-rf", *entries(primary.directory)).answer(
        f"{breaker.host} primary only copy"
    )
    assert ended.status == 77
    assert ended.seen.endswith("an override must go on record, and no audit trail can be written; not run")
    assert primary.sql("select 1") == "1"
