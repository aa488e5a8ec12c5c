"""user-mode-linux of Debian's unstable distribution, for processors with more registers than the stable one's can keep.

Before Linux 6.13 it keeps at most 2696 bytes of a process's registers (HOST_FP_SIZE, arch/x86/um), and its first
process dies where there are more: with AMX. The newer kernel wants a newer C library, which is unpacked beside it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PACKAGES = ("user-mode-linux", "libc6")
_INTERPRETER = b"/lib64/ld-linux-x86-64.so.2"
_SOURCES = (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*"))
_MIRROR = re.compile(r"https?://[^\s\]]*/debian/?(?=\s|$)", re.MULTILINE)


def is_needed() -> bool:
    return " amx_tile " in Path("/proc/cpuinfo").read_text(encoding="utf-8")


def options(work: Path) -> list[str]:
    """What makes apt-get look there, from the mirror that this machine uses; its own lists are left alone.

    Raises OSError and subprocess.CalledProcessError where the mirror does not answer.
    """
    sources, lists = work / "sources.list", work / "lists"
    (lists / "partial").mkdir(parents=True)
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources.write_text(f"deb [signed-by={keys}] {_mirror()} sid main\n", encoding="utf-8")
    found = [f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null", f"Dir::State::Lists={lists}"]
    words = [word for each in found for word in ("-o", each)]
    update = ["apt-get", "update", "-qq", "-o", "APT::Sandbox::User=root", *words]
    subprocess.run(update, check=True, capture_output=True, timeout=120)
    return words


def prepare(kernel: Path) -> None:
    """Let the kernel take its C library from the directory that it is started in; no other program may."""
    program = kernel.read_bytes()
    kernel.write_bytes(program.replace(_INTERPRETER, b"./ld-linux-x86-64.so.2".ljust(len(_INTERPRETER), b"\0"), 1))


def _mirror() -> str:
    for file in _SOURCES:
        if file.is_file():
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
            if found := _MIRROR.search("\n".join(lines)):
                return found[0]
    raise FileNotFoundError("no mirror of Debian's in /etc/apt")
