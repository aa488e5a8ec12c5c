"""What a command pays for before it runs: the modules that are loaded when guardsh becomes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FRONT_DOOR = Path(__file__).resolve().parent.parent / "scripts" / "guardsh"

# Everything that may be loaded for a command that has nothing to do with Postgres, beyond what the interpreter loads
# for itself. A line here is paid for by every rm on the machine: measure (make bench) before adding one.
LIGHT = {
    "__future__",
    "errno",
    "guardsh",
    "guardsh.__main__",
    "guardsh.commands",
    "guardsh.fastpath",
    "guardsh.fastpath.files",
    "guardsh.fastpath.places",
    "guardsh.fastpath.rm",
    "guardsh.system",
    "guardsh.system.program",
}
# The front door as it is installed, started under another name; says what is loaded when it becomes the program,
# or ends.
STARTED_AS = """
import sys, atexit
report, door, *sys.argv = sys.argv[1:]

def tell(event="os.exec", arguments=()):
    if event == "os.exec":
        with open(report, "w") as file:
            file.write(" ".join(sys.modules))

sys.addaudithook(tell)
atexit.register(tell)
exec(compile(open(door).read(), door, "exec"))
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with unrelated files, and a data directory without a server."""
    (tmp_path / "note").touch()
    (tmp_path / "build" / "deep").mkdir(parents=True)
    (tmp_path / "old" / "global").mkdir(parents=True)
    (tmp_path / "old" / "log").mkdir()
    (tmp_path / "old" / "PG_VERSION").write_text("15\n")
    (tmp_path / "old" / "log" / "server.log").touch()
    return tmp_path


def loaded_by(*words: str, cwd: Path) -> set[str]:
    """The modules that guardsh loads, started as ``words[0]``, until it ends or becomes the real program."""
    own = subprocess.run(
        [sys.executable, "-c", "import atexit, sys; print(*sys.modules)"], capture_output=True, check=True
    )
    report = cwd / "modules"
    started = [sys.executable, "-c", STARTED_AS, str(report), str(FRONT_DOOR), *words]
    done = subprocess.run(started, cwd=cwd, capture_output=True, check=False, start_new_session=True)
    assert done.stderr == b""
    return set(report.read_text().split()) - set(own.stdout.decode().split())


@pytest.mark.parametrize(
    "words",
    [
        *(
            ("rm", "note"),
            ("rm", "-rf", "build"),
            ("rm", "-f", "absent"),
            ("guardsh", "run", "--", "cp", "note", "copy"),
        ),
        ("guardsh", "run", "--", "tar", "cf", "new.tar", "build"),
    ],
)
def test_an_unrelated_command_is_light(here: Path, words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words, cwd=here)
    assert "guardsh.fastpath" in loaded
    assert loaded - LIGHT == set()


def test_a_command_that_is_looked_at_and_passes_loads_nothing_heavy(here: Path) -> None:
    loaded = loaded_by("rm", "-f", "old/log/server.log", cwd=here)
    assert "guardsh.guard" in loaded
    assert loaded & {"click", "psycopg"} == set()


def test_a_verdict_about_a_stopped_server_loads_no_driver(here: Path) -> None:
    loaded = loaded_by("guardsh", "check", "--", "rm", "-rf", "old", cwd=here)
    assert "guardsh.policy.assess" in loaded
    assert "psycopg" not in loaded
