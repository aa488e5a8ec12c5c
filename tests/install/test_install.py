"""Installed and uninstalled: nothing foreign is touched, and everything is as it was, to the byte."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from guardsh.operations import install_plan
from guardsh.operations.install_tree import NEW
from guardsh.system import state_place
from tests.install.conftest import FRONT_DOOR, Node, picture

SHIM = "/usr/local/bin/rm"
WAL_G = "/opt/wal-g/wal-g"
MANIFEST = "/var/lib/guardsh/manifest.json"


def test_a_dry_run_shows_what_is_done_then_and_does_nothing(node: Node) -> None:
    before = picture(node.root)
    shown = node.install("--dry-run", "--divert", WAL_G)
    assert picture(node.root) == before
    assert f"create {SHIM}" in shown and "add lines to /etc/bash.bashrc" in shown and f"divert {WAL_G}" in shown
    assert node.install("--divert", WAL_G) == shown


def test_uninstalled_it_is_as_it_was_to_the_byte(node: Node) -> None:
    before = picture(node.root)
    node.install("--divert", WAL_G)
    assert picture(node.root) != before
    node.uninstall()
    assert picture(node.root) == before


def test_installed_twice_is_installed_once(node: Node) -> None:
    node.install("--divert", WAL_G)
    once = picture(node.root)
    assert node.install() == []
    assert picture(node.root) == once


def test_the_manifest_is_readable_by_all_whatever_the_umask(node: Node) -> None:
    subprocess.run(["sh", "-c", f'umask 077; exec "{FRONT_DOOR}" install --root "{node.root}"'], check=True)
    assert node.file(MANIFEST).stat().st_mode & 0o777 == 0o644
    assert node.file(MANIFEST).parent.stat().st_mode & 0o777 == 0o755
    assert node.file(SHIM).stat().st_mode & 0o777 == 0o755


def test_an_upgrade_replaces_what_is_ours_and_removes_what_is_no_longer(node: Node) -> None:
    before = picture(node.root)
    node.install()
    written = json.loads(node.file(MANIFEST).read_text())
    older = node.put(SHIM, "#!/bin/sh\n# guardsh run, an older one\n", 0o755)
    gone = node.put("/usr/local/bin/formerly-guarded", older.read_text(), 0o755)
    rc = node.file("/etc/bash.bashrc")
    rc.write_text(rc.read_text().replace("init.bash", "old.bash"))
    for each in written["changes"]:
        if each["path"] == SHIM:
            each["ours"] = [_fingerprint(older)]
            written["changes"].append({**each, "path": "/usr/local/bin/formerly-guarded", "ours": [_fingerprint(gone)]})
        if each["path"] == "/etc/bash.bashrc":
            each["ours"] = [each["ours"][0].replace("init.bash", "old.bash")]
    node.file(MANIFEST).write_text(json.dumps(written))
    assert sorted(node.install()) == [
        "remove /usr/local/bin/formerly-guarded",
        "replace /usr/local/bin/rm",
        "replace lines in /etc/bash.bashrc",
    ]
    node.uninstall()
    assert picture(node.root) == before


def _fingerprint(path: Path) -> str:
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    return f"sha256 {digest}"


UNIT = f"/etc/systemd/system/{state_place.UNIT}"


def test_the_unit_starts_the_guardsh_that_installs(node: Node) -> None:
    node.install()
    [line] = [line for line in node.file(UNIT).read_text().splitlines() if line.startswith("ExecStart=")]
    assert line == f'ExecStart="{os.path.realpath(FRONT_DOOR)}" watch'
    assert node.file(state_place.ENABLED).resolve() == node.file(UNIT)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_understands_the_unit_wherever_guardsh_is(tmp_path: Path) -> None:
    program = tmp_path / "100%t of our $HOME" / "guardsh"
    program.parent.mkdir()
    unit = tmp_path / state_place.UNIT
    unit.write_text(install_plan.unit_text(str(program)))
    missing = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False).stderr
    assert f"Command {program} is not executable" in missing
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_without_systemd_there_is_no_unit(node: Node) -> None:
    node.install()
    node.file("/usr/lib/systemd/systemd").unlink()
    before = picture(node.root)
    insurance = f"/etc/systemd/system/{state_place.INSURANCE}"
    assert sorted(node.install()) == sorted(
        f"remove {path}" for path in (UNIT, state_place.ENABLED, insurance, state_place.INSURANCE_ENABLED)
    )
    node.uninstall()
    node.install()
    assert not node.file(UNIT).exists() and node.file(SHIM).exists()
    assert picture(node.root).keys() < before.keys()


def test_what_is_foreign_is_left_and_said(node: Node) -> None:
    theirs = node.put("/usr/local/bin/wal-g", "their wal-g", 0o755)
    done = node.guardsh("install")
    assert done.returncode == 1
    assert "left /usr/local/bin/wal-g: something else is there" in done.stdout
    assert theirs.read_text() == "their wal-g"
    assert node.file(SHIM).exists()
    node.uninstall()
    assert theirs.read_text() == "their wal-g"


def test_what_was_changed_since_is_left_and_said(node: Node) -> None:
    node.install()
    shim, rc = node.file(SHIM), node.file("/etc/bash.bashrc")
    shim.write_text("their own")
    rc.write_text(rc.read_text().replace("if [ -r", "if [ -e"))
    done = node.guardsh("uninstall")
    assert done.returncode == 1
    assert f"left {SHIM}: it has been changed since" in done.stdout
    assert "left /etc/bash.bashrc: the lines have been changed since" in done.stdout
    assert shim.read_text() == "their own"
    assert "guardsh" in rc.read_text()


def test_lines_around_ours_may_change(node: Node) -> None:
    node.install()
    rc = node.file("/etc/bash.bashrc")
    rc.write_text("first\n" + rc.read_text() + "last\n")
    node.uninstall()
    assert rc.read_text() == "first\n# no line break at the endlast\n"


def test_a_program_copied_onto_one_shim_changes_no_other(node: Node, tmp_path: Path) -> None:
    node.install()
    (tmp_path / "new").write_text("a new wal-g")
    subprocess.run(["cp", tmp_path / "new", node.file("/usr/local/bin/wal-g")], check=True)
    assert "prefilter" not in node.file("/usr/local/bin/wal-g").read_text()
    assert "__guardsh_program" in node.file(SHIM).read_text()


def test_an_ordinary_account_below_its_home(node: Node) -> None:
    home = node.file("/home/op")
    node.put("/home/op/.bashrc", "alias ll='ls -l'\n")
    before = picture(node.root)
    done = node.guardsh("install", "--user", HOME="/home/op")
    assert done.returncode == 0, done.stderr
    assert (home / ".local/bin/rm").exists()
    assert "/home/op/.local/lib/guardsh/init.bash" in (home / ".bashrc").read_text()
    assert not node.file("/etc/profile.d").exists()
    assert node.guardsh("uninstall", "--user", HOME="/home/op").returncode == 0
    assert picture(node.root) == before


def test_the_login_shield_of_a_group_comes_and_goes(node: Node) -> None:
    node.put("/etc/group", "root:x:0:\ndba:x:4710:root\n")
    node.put("/etc/zsh/zprofile", "# of the system\n")
    before = picture(node.root)
    node.install("--login-shield", "dba")
    once = picture(node.root)
    assert "__guardsh_gid=4710\n" in node.file("/usr/local/lib/guardsh/login.sh").read_text()
    assert node.install() == []  # an upgrade keeps it
    assert picture(node.root) == once
    node.put("/etc/group", "root:x:0:\ndba:x:4712:root\n")
    assert sorted(node.install()) == [f"replace /usr/local/lib/guardsh/login.{shell}" for shell in ("fish", "sh")]
    node.put("/etc/group", "root:x:0:\ndba:x:4710:root\n")
    node.install("--no-login-shield")
    assert not node.file("/usr/local/lib/guardsh/login.sh").exists()
    assert node.file("/etc/zsh/zprofile").read_text() == "# of the system\n"
    node.install("--login-shield", "dba")
    node.uninstall()
    assert picture(node.root) == before


def test_no_login_shield_for_a_group_that_is_not_there_or_for_one_account(node: Node) -> None:
    before = picture(node.root)
    done = node.guardsh("install", "--login-shield", "dba")
    assert done.returncode == 2
    assert "Error: there is no group 'dba'\nhint: as root: groupadd --system dba, " in done.stderr
    assert node.guardsh("install", "--user", "--login-shield", "root", HOME="/home/op").returncode == 2
    assert picture(node.root) == before


def test_only_guarded_programs_are_diverted(node: Node) -> None:
    node.put("/opt/tar", "tar", 0o755)
    assert node.guardsh("install", "--divert", "/opt/tar").returncode == 2


def test_what_goes_by_its_name_is_not_diverted(node: Node) -> None:
    node.put("/usr/bin/pg_wrapper", "wrapper", 0o755)
    node.file("/usr/bin/pg_ctl").symlink_to("pg_wrapper")
    done = node.guardsh("install", "--divert", "/usr/bin/pg_ctl")
    assert done.returncode == 1
    assert "left /usr/bin/pg_ctl: it leads to pg_wrapper" in done.stdout
    assert os.readlink(node.file("/usr/bin/pg_ctl")) == "pg_wrapper"


def test_what_was_put_in_the_place_of_a_diverted_program_is_left(node: Node) -> None:
    node.install("--divert", WAL_G)
    node.put(WAL_G, "a newer wal-g", 0o755)
    done = node.guardsh("uninstall")
    assert done.returncode == 1
    assert f"left {WAL_G}: it was replaced since it was diverted" in done.stdout
    assert node.file(WAL_G).read_text() == "a newer wal-g"


CALLS = ("rename", "link,linkat", "mkdir", "fsync", "unlink", "symlink", "rmdir")


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("what", ["install", "uninstall"])
def test_killed_at_any_point_it_is_finished_by_the_next(node: Node, what: str, call: str) -> None:
    before = picture(node.root)
    command = [str(FRONT_DOOR), what, "--root", str(node.root), *(["--divert", WAL_G] if what == "install" else [])]
    number = 1
    while True:
        if what == "uninstall":
            node.install("--divert", WAL_G)
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
        killed = subprocess.run(["strace", "-f", "-qq", *inject, *command], capture_output=True, check=False)
        assert node.file(WAL_G).exists(), "for a moment there was nothing to run"
        if number % 2:
            node.guardsh("install", "--divert", WAL_G)
            assert node.file(SHIM).exists()
        node.guardsh("uninstall")
        assert picture(node.root) == before, (call, number)
        if killed.returncode == 0:
            return
        assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), killed.stderr
        number += 3


def test_no_half_written_file_stays(node: Node) -> None:
    node.install()
    assert not list(node.root.rglob("*" + NEW))


def test_the_lines_in_rc_files_run_with_and_without_the_rest(node: Node) -> None:
    node.install()
    for rc, shell in (
        ("/etc/bash.bashrc", "bash"),
        ("/etc/zsh/zshrc", "zsh"),
        ("/etc/fish/conf.d/guardsh.fish", "fish"),
    ):
        if shutil.which(shell):
            done = subprocess.run([shell, node.file(rc)], capture_output=True, check=False)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    lines = node.file("/etc/bash.bashrc").read_text().splitlines()
    assert lines[0] == "# no line break at the end"
    assert lines[1].startswith("# guardsh")
