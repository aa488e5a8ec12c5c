"""Which program runs: the one that would run if guardsh were not there, and never guardsh itself."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.fidelity.conftest import FRONT_DOOR, Probe

ECHO = "echo real $1"


def with_path(probe: Probe, *directories: str | Path) -> dict[bytes, bytes]:
    return {**probe.environment, b"PATH": b":".join(map(os.fsencode, directories))}


def another_installation(place: Path, body: str | None = None) -> Path:
    """What another virtual environment, or a shim, has under the name of rm."""
    place.mkdir()
    (place / "rm").write_text(body or FRONT_DOOR.read_text())
    (place / "rm").chmod(0o755)
    return place


def test_past_two_links(probe: Probe, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / "rm").symlink_to("../links/rm")
    env = with_path(probe, probe.links, second, probe.links, probe.tools, "/bin")
    assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


def test_past_a_hard_link_and_a_copy(probe: Probe, tmp_path: Path) -> None:
    env = with_path(probe, probe.links, another_installation(tmp_path / "other"), probe.tools, "/bin")
    assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


@pytest.mark.parametrize("body", ['exec guardsh run -- rm "$@"', 'exec /opt/bin/guardsh run -- "${0##*/}" "$@"'])
def test_past_a_shim(probe: Probe, tmp_path: Path, body: str) -> None:
    shims = another_installation(tmp_path / "shims", f"#!/bin/sh\n{body}\n")
    env = with_path(probe, shims, probe.links, probe.tools, "/bin")
    assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


def test_from_the_other_installation(probe: Probe, tmp_path: Path) -> None:
    other = another_installation(tmp_path / "other")
    env = with_path(probe, other, probe.links, probe.tools, "/bin")
    done = probe.start([other / "rm", probe.script(ECHO), "1"], b"rm", env=env)
    assert done.out == b"real 1\n"


def test_a_script_under_the_name_that_knows_nothing_of_guardsh(probe: Probe, tmp_path: Path) -> None:
    own = another_installation(tmp_path / "own", '#!/bin/sh\necho mine "$1"\n')
    env = with_path(probe, probe.links, own, probe.tools, "/bin")
    assert probe.guarded("", env=env).out.startswith(b"mine ")


@pytest.mark.parametrize("entry", ["", ".", "sub/..", "tools/../tools/.."])
def test_relative_and_empty_entries(probe: Probe, entry: str) -> None:
    """An empty one is the working directory, as for execvp(3)."""
    (probe.place / "sub").mkdir()
    (probe.place / "rm").symlink_to(probe.tools / "rm")
    for path in (f"{probe.links}:{entry}", f"{entry}:{probe.links}"):
        env = {**probe.environment, b"PATH": path.encode()}
        assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


def test_without_path(probe: Probe) -> None:
    env = probe.environment
    del env[b"PATH"]
    absent = str(probe.place / "absent")
    assert probe.start([probe.links / "rm", "-f", absent], b"rm", env=env).status == 0


def test_directories_and_unreadable_entries_are_passed(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "with-directory" / "rm").mkdir(parents=True)
    env = with_path(probe, probe.links, tmp_path / "with-directory", "/absent", "/dev/null", probe.tools, "/bin")
    assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


def test_not_found(probe: Probe) -> None:
    done = probe.guarded(ECHO, env=with_path(probe, probe.links))
    assert (done.status, done.out, done.err) == (127, b"", b"guardsh: 'rm': command not found\n")
    done = probe.run("./absent")
    assert (done.status, done.err) == (127, b"guardsh: './absent': no such file or directory\n")
    assert probe.run("").status == 127
    assert probe.run("no-such-program").status == 127


def test_not_executable(probe: Probe) -> None:
    (probe.place / "data").write_text("echo no\n")
    done = probe.run("./data")
    assert (done.status, done.out, done.err) == (126, b"", b"guardsh: './data': permission denied\n")
    assert probe.run("./tools").status == 126
    (probe.tools / "rm").unlink()
    (probe.tools / "rm").write_text("no\n")
    assert probe.guarded(ECHO, env=with_path(probe, probe.links, probe.tools)).status == 126


def test_the_first_executable_one_runs(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "rm").write_text("not executable\n")
    env = with_path(probe, probe.links, tmp_path / "first", probe.tools, "/bin")
    assert probe.guarded(ECHO, "1", env=env).out == b"real 1\n"


def test_a_script_without_an_interpreter_line(probe: Probe) -> None:
    (probe.place / "old").write_text('echo "$0" "$1"\n')
    (probe.place / "old").chmod(0o755)
    assert probe.run("./old", "a b").out == b"./old a b\n"


def test_commands_that_nobody_guards(probe: Probe) -> None:
    (probe.place / "file").touch()
    assert probe.run("ls", "file").out == b"file\n"
    assert probe.run("/bin/ls", "file").out == b"file\n"


def test_a_runbook_that_uses_guardsh_itself(probe: Probe) -> None:
    body = "#!/bin/sh\n# guardsh expect --role replica || exit; guardsh run -- rm -rf data\necho ran\n"
    (probe.tools / "restore-runbook").write_text(body)
    (probe.tools / "restore-runbook").chmod(0o755)
    assert probe.run("restore-runbook").out == b"ran\n"
    assert probe.run("tools/restore-runbook").out == b"ran\n"


def test_guardsh_itself(probe: Probe) -> None:
    env = with_path(probe, FRONT_DOOR.parent, "/bin")
    assert probe.run("guardsh", "--version", env=env).out.startswith(b"guardsh ")


def test_a_program_in_a_place_called_guardsh(probe: Probe) -> None:
    """A checkout's own virtual environment: every script in it names its interpreter."""
    place = probe.place / "guardsh"
    place.mkdir()
    (place / "python3").symlink_to(sys.executable)
    (place / "rm").write_text(f"#!{place}/python3\nprint('mine')\n")
    (place / "rm").chmod(0o755)
    assert probe.guarded("", env=with_path(probe, probe.links, place, "/bin")).out == b"mine\n"


def test_a_link_of_a_name_that_nobody_guards_does_not_find_itself(probe: Probe) -> None:
    (probe.links / "true").symlink_to(FRONT_DOOR)
    done = probe.start([probe.links / "true"], b"true")
    assert (done.status, done.out, done.err) == (0, b"", b"")
    assert shutil.which("true", path="/bin")
