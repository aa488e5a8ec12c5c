"""The kernel and the tools of the lab: Debian's packages, downloaded once, unpacked into a cache, never installed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    *("user-mode-linux", "mdadm", "kmod", "libkmod2", "lvm2", "dmsetup", "libdevmapper1.02.1"),
    *("libdevmapper-event1.02.1", "liblvm2cmd2.03", "libaio1", "fdisk", "libfdisk1"),
)
_PATIENCE = 120.0  # seconds for the download of 45 MB


class NotHereError(Exception):
    """Why the lab cannot be had on this machine; its text is the reason for a skip."""


@dataclass(frozen=True, slots=True)
class Packages:
    """The unpacked packages, below one directory."""

    root: Path

    @property
    def kernel(self) -> Path:
        return self.root / "usr/bin/linux.uml"

    @property
    def modules(self) -> Path:
        return self.root / "usr/lib/uml/modules"

    @property
    def path(self) -> str:
        return ":".join(str(self.root / name) for name in ("sbin", "bin", "usr/sbin", "usr/bin"))

    @property
    def libraries(self) -> str:
        return ":".join(str(self.root / name) for name in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"))


def packages() -> Packages:
    """The packages from the cache, or from Debian.

    Raises:
        NotHereError: another architecture or distribution, or no network.
    """
    if platform.machine() != "x86_64":
        raise NotHereError("user-mode-linux is for x86-64 only")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guardsh-tests" / "user-mode-linux"
    if not (home / "usr/bin/linux.uml").exists():
        _unpack_into(home)
    return Packages(home)


def _unpack_into(home: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NotHereError("user-mode-linux comes from Debian's packages, and there is no apt-get here")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        downloaded, unpacked = Path(work, "downloaded"), Path(work, "unpacked")
        downloaded.mkdir()
        _download(downloaded)
        for package in downloaded.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
        modprobe = unpacked / "sbin/modprobe"  # a link to /bin/kmod, which is not here
        modprobe.unlink(missing_ok=True)
        modprobe.symlink_to("../bin/kmod")
        unpacked.rename(home)


def _download(directory: Path) -> None:
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *PACKAGES]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, check=False, timeout=_PATIENCE, env=os.environ
        )
    except subprocess.TimeoutExpired:
        raise NotHereError(f"could not download user-mode-linux: no answer in {_PATIENCE:.0f} s") from None
    if done.returncode:
        raise NotHereError(f"could not download user-mode-linux: {(done.stderr.strip().splitlines() or [''])[-1]}")
