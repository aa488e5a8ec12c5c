"""Bad days of insured data directories, each for real in a mount namespace of its own."""

from __future__ import annotations

from typing import Any

from tests.insurance.test_insurance import play


def scenario(name: str) -> dict[str, Any]:
    return play("tests.insurance.bad_days", name)


def test_a_tablespace_that_comes_is_followed_and_one_that_goes_leaves_nothing() -> None:
    assert scenario("spaces") == {"healed": True, "links": 1, "rows": "1000", "trouble": ""}


def test_what_no_server_removes_is_put_back_though_nobody_was_told() -> None:
    assert scenario("untold") == {"heals": 1, "there": True, "rows": 10000}


def test_what_is_unpacked_over_a_running_server_does_not_take_its_files_names() -> None:
    assert scenario("replaced") == {"healed": True, "same": True, "aside": True, "differs": [], "rows": 10000}


def test_a_server_held_still_goes_on_though_all_were_killed_that_held_it() -> None:
    assert scenario("freed") == {"held": "T", "rows": "1"}


def test_two_instances_beside_each_other_one_named_by_a_link_and_restarted() -> None:
    said = scenario("neighbours")
    assert (said["said"], said["known"], said["heals"], said["rows"]) == ([0] * 3, True, [1, 1], ["10000"] * 3), said
    assert (said["still"], said["left"]) == ([True, []], False), said


def test_a_full_file_system_is_said_and_over_when_there_is_room() -> None:
    assert scenario("full") == {"counted": True, "rows": "0"}


def test_a_tablespace_that_cannot_be_written_is_said_to_be_uninsured() -> None:
    said = scenario("read_only")
    assert (said["status"], said["rows"]) == (0, "1000")
    assert "above/data is not insured: " in said["said"]


def test_what_an_orphan_deletes_in_a_container_is_not_its_postmasters_doing() -> None:
    assert scenario("contained") == {"known": True, "heals": 1, "rows": "1000"}
