"""A snapshot of a real thin volume of LVM under a running server, in a machine of its own."""

from __future__ import annotations

import json

import pytest

from tests.storage.lab import machine
from tests.storage.lab.packages import NotHereError, packages


@pytest.mark.slow
def test_a_running_primary_on_a_thin_volume_comes_back_with_every_row() -> None:
    try:
        kernel = packages()
    except NotHereError as error:
        pytest.skip(str(error))
    told = json.loads(machine.run(kernel, "tests.storage.lab.thin", disks=1, size="400M"))
    assert "error" not in told, told["error"]
    assert "a server runs in /run/lab/mnt/main" in told.pop("refused")
    assert sum("guardsh-" in line and "read-only" in line for line in told.pop("listed")) == 1
    assert told == {
        "found": True,
        "rows": "1000",
        "active": "",  # put back, it is not active any more
        "left": [],
        "failed": "",
        "notes": [],
        "origins": ["/run/lab/mnt/main"],
    }
