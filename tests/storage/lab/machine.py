"""A machine that lives for one program: user-mode-linux over this file system, read-only, with disks of its own."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.storage.lab.packages import Packages

INIT = Path(__file__).with_name("init")
_CHECKOUT = Path(__file__).parents[3]


def run(packages: Packages, module: str, *, disks: int, size: str = "96M", patience: float = 600.0) -> str:
    """Boot, run ``python -m MODULE OUT`` as root in the guest, power off; what it wrote to ``OUT/said``.

    The disks are /dev/ubda, /dev/ubdb …, blank, each of ``size``. AssertionError with the console's last lines where
    it wrote nothing.
    """
    with tempfile.TemporaryDirectory(prefix="guardsh-lab-") as work:
        _describe(Path(work), packages, module)
        console = _boot(Path(work), packages, _make_disks(Path(work), disks, size), patience)
        said = Path(work, "out", "said")
        assert said.exists(), f"the guest said nothing; its console:\n{console[-4000:]}"
        return said.read_text(encoding="utf-8")


def _make_disks(work: Path, count: int, size: str) -> list[str]:
    names = [chr(ord("a") + number) for number in range(count)]
    subprocess.run(["truncate", "-s", size, *(work / name for name in names)], check=True)
    return [f"ubd{name}={work / name}" for name in names]


def _describe(work: Path, packages: Packages, module: str) -> None:
    """What init reads: shell words, since user-mode-linux takes only a short command line."""
    (work / "out").mkdir()
    settings = {
        "OUT": work / "out",
        "MODULES": packages.modules,
        "TOOLS": packages.path,
        "LIBRARIES": packages.libraries,
        "PYTHON": sys.executable,
        "CHECKOUT": _CHECKOUT,
        "PROGRAM": module,
    }
    lines = (f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items())
    (work / "settings").write_text("".join(lines), encoding="utf-8")
    (work / "init").write_bytes(INIT.read_bytes())
    (work / "init").chmod(0o755)


def _boot(work: Path, packages: Packages, disks: list[str], patience: float) -> str:
    here = ("root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={work / 'init'}")
    own = (f"uml_dir={work / 'uml'}/", f"umid={work.name}")
    quiet = ("con=null", "con0=fd:0,fd:1", "quiet", "loglevel=1")
    libraries = f"LD_LIBRARY_PATH={packages.kernel_libraries}"
    done = subprocess.run(
        ["timeout", str(patience), "env", libraries, packages.kernel, "mem=768M", *here, *disks, *own, *quiet],
        cwd=packages.kernel_libraries,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode(errors="replace")
