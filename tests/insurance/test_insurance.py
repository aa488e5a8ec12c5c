"""Insured data directories: accidents to a real primary that nobody notices, and all that must not be taken for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.insurance.stage import ACCIDENTS
from tests.postgres.lab import every_version


def _can_mount() -> bool:
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "true"], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="insuring takes root"),
    pytest.mark.skipif(not every_version(), reason="no PostgreSQL server programs on this machine"),
    pytest.mark.skipif(not _can_mount(), reason="no mount namespace can be made here"),
]


def play(*words: str, namespaces: Sequence[str] = ()) -> dict[str, Any]:
    """Run a stage in a mount namespace of its own, and in others; what it has to say."""
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", *namespaces, sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def scenario(name: str) -> dict[str, Any]:
    return play("tests.insurance.scenarios", name)


def test_no_client_notices_that_the_data_directory_of_its_primary_is_deleted() -> None:
    said = play("tests.insurance.stage", "each")
    assert [each["accident"] for each in said["moments"]] == list(ACCIDENTS)
    for each in said["moments"]:
        assert each["alive"], each
        assert [heal["healed"] for heal in each["heals"]] == ([] if each["accident"] == "mv DIR" else [True]), each
    assert said["same_postmaster"], said
    assert said["replica_equal"], said
    assert said["rows"] == said["rows_after_restart"] == said["acknowledged"] > 0


def test_what_a_server_deletes_and_people_rightly_do_is_followed() -> None:
    said = scenario("on_purpose")
    assert said == {"heals": [], "differs": [], "rows": 10000, "foreign": []}


def test_what_was_confirmed_is_not_healed_and_everything_else_is() -> None:
    assert scenario("confirmed") == {"allowed": [], "gone": True, "others": 1, "rows": 10000}


def test_an_insured_directory_can_be_moved_aside_and_comes_back() -> None:
    said = scenario("moved_aside")
    assert said["statuses"] == [0, 0, 0, 0], said
    assert (said["gone"], said["heard"], said["heals"]) == (True, [], 1), said
    assert (said["left"], said["farm"], said["rows"], said["shown"]) == ([], False, [10000, 10000], True), said


def test_what_the_account_of_the_server_has_confirmed_is_not_put_back() -> None:
    said = scenario("by_the_owner")
    assert (said["status"], said["allowed"], said["gone"], said["others"], said["rows"]) == (0, 0, True, 1, 10000), said


def test_what_a_server_is_made_to_run_is_not_the_server() -> None:
    said = scenario("through_server")
    assert (said["heals"], said["rows"]) == (1, 10000)
    assert said["flags"] == [["several", "deletion-healed"], ["several", "insurance-failing"]]


def test_a_directory_deleted_after_its_server_is_not_healed_and_can_be_put_back() -> None:
    said = scenario("dead")
    assert said["what"].startswith("data directory, PostgreSQL ")
    assert (said["heals"], said["left"], said["rows"], said["saved"]) == ([], [], 10000, 0), said
    assert said["asked"] == 77  # the last copy is not purged unasked


def test_a_server_that_dies_while_names_vanish_leaves_its_farm_as_it_was() -> None:
    assert scenario("dying") == {"heals": [], "rows": 10000}


def test_freeze_only_holds_the_server_still_and_keeps_what_was() -> None:
    said = scenario("frozen")
    assert (said["healed"], said["states"], said["rows"]) == (False, ["T"], 10000)
    assert "held still" in said["sentence"]


def test_a_keeper_that_is_behind_lets_nothing_go() -> None:
    assert scenario("behind") == {"healed": True, "rows": 10000}


def test_a_server_that_somebody_else_holds_still_stays_so() -> None:
    assert scenario("held_before") == {"healed": True, "states": ["T"], "rows": 10000}


def test_a_keeper_killed_while_the_server_is_held_still_lets_it_go_on_and_the_next_one_heals() -> None:
    said = scenario("killed")
    assert said == {"goes_on": True, "healed": True, "names": said["names"], "rows": 10000}
    assert said["names"] > 0


def test_a_keeper_that_was_killed_is_started_again() -> None:
    assert scenario("restarted") == {"another": True, "held": True, "kept": False}


def test_insure_by_hand_tells_its_coverage_and_leaves_nothing_behind() -> None:
    said = scenario("by_hand")
    (report,) = said["status"]
    assert said["on"][0] == 0
    assert f"{report['directory']}: " in said["listed"]
    assert report["files"] == report["names"] > 900
    assert "busy" in said["refused"]
    assert said["hidden"] == []
    assert said["planned"].startswith(f"insure --off {report['directory']}\n")
    assert said["off"] == [0, ""]
    assert (said["left"], said["mounts"], said["links"], said["kept"]) == (False, 0, 1, False)
    assert "is a file system of its own" in said["mount point"]
    assert "it has no global/pg_control" in said["no data directory"]


def test_installing_insures_every_instance_until_it_is_uninstalled() -> None:
    said = play("tests.insurance.scenarios", "installed", namespaces=("--pid", "--fork", "--mount-proc"))
    assert said["planned"], said
    assert said["on"] == [f"insured    {said['directory']}", "", [said["directory"]]], said
    assert said["off"] == [0, "", {}, 0], said
    assert (said["unit"][1], said["left"]) == (False, False), said


def test_a_tablespace_elsewhere_has_its_own_farm_or_is_said_to_be_uninsured() -> None:
    said = scenario("elsewhere")
    assert (said["heals"], said["rows"]) == (1, "1000")
    assert "cramped/data is not insured: " in said["trouble"]
    assert "no space left on device" in said["trouble"]
