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
    "guardsh.system",
    "guardsh.system.program",
}
# Loaded only where something needs them: 250 ms and 60 ms.
HEAVY = {"psycopg", "click"}

# The front door as it is installed, started under another name; says what is loaded when it becomes the program.
STARTED_AS = """
import sys

def tell(event, arguments):
    if event == "os.exec":
        sys.stdout.write(" ".join(sys.modules))
        sys.stdout.flush()

sys.addaudithook(tell)
door, *sys.argv = sys.argv[1:]
exec(compile(open(door).read(), door, "exec"))
"""


def python(code: str, *words: str | Path, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def loaded_by(*words: str, cwd: Path) -> set[str]:
    """The modules that guardsh loads, started as ``words[0]``, until it becomes the real program."""
    interpreters_own = set(python("import sys; print(*sys.modules)", cwd=cwd).split())
    return set(python(STARTED_AS, FRONT_DOOR, *words, cwd=cwd).split()) - interpreters_own


@pytest.mark.parametrize("words", [("rm", "note"), ("rm", "-rf", "build"), ("rm", "-f", "absent")])
def test_an_unrelated_command_is_light(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "note").touch()
    (tmp_path / "build" / "deep").mkdir(parents=True)
    loaded = loaded_by(*words, cwd=tmp_path)
    assert "guardsh.fastpath" in loaded
    assert loaded - LIGHT == set()
