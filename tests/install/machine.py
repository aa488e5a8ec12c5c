"""This machine with everything installed, in namespaces of its own: nothing of it is seen outside, or stays."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from guardsh.commands import SHIMMED
from tests.quiet_fish import QUIET_FISH

FRONT_DOOR = Path(sys.executable).with_name("guardsh")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1: a directory for what is written. The programs that this machine has in /usr/local/bin under a guarded name would
# be left alone, rightly; here they are out of the way.
_SETUP = """
set -e
place=$1 guardsh=$2 install=$3
mount -t tmpfs tmpfs "$place"
for directory in etc usr/local usr/lib usr/share opt var/lib var/log; do
    mkdir -p "$place/$directory/upper" "$place/$directory/work"
    mount -t overlay overlay -o lowerdir="/$directory,upperdir=$place/$directory/upper,workdir=$place/$directory/work" \
        "/$directory"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir "$place/python"
mount --bind {python} "$place/python"
mount -t tmpfs -o mode=700 tmpfs /root # whatever this account's shells do when they start is not ours to test
case {python} in /root/*) mkdir -p {python}; mount --bind "$place/python" {python} ;; esac # pyenv's
mkdir -m 1777 /run/lock
for name in {names}; do /bin/rm -f "/usr/local/bin/$name"; done
eval "$install"
cd /opt
"""

_PRIVATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
NAMESPACES = os.geteuid() == 0 and subprocess.run([*_PRIVATE, "true"], capture_output=True, check=False).returncode == 0
needs_namespaces = pytest.mark.skipif(not NAMESPACES, reason="needs root, and mount namespaces of its own")


@dataclass(frozen=True, slots=True)
class Machine:
    """Every script gets a fresh one. ``before`` runs before the installation."""

    place: Path
    before: str = ""

    def runs(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What a script does with everything installed."""
        return self._run(f"{self.before}\n'{FRONT_DOOR}' install >&2", script, arguments)

    def bare(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same without guardsh."""
        return self._run(self.before, script, arguments)

    def _run(self, install: str, script: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        setup = _SETUP.replace("{names}", " ".join(sorted(SHIMMED))).replace("{python}", sys.base_prefix)
        self.place.mkdir(exist_ok=True)
        words = ("script", str(self.place), str(FRONT_DOOR), install, *arguments)
        return subprocess.run(
            [*_PRIVATE, "sh", "-c", f"{{ {setup}\n}} >&2\nset +e\nexec 2>&1\n{script}", *words],
            env={
                "PATH": _PATH,
                "HOME": "/root",
                **QUIET_FISH,
                "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive",
                "GUARDSH_WATCH": "off",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            start_new_session=True,
        )
